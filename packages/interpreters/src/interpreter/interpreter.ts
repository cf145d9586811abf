/**
 * Interpreters: the public class (PEP 734, "Interpreter Objects"; CPython: `concurrent.interpreters.Interpreter`).
 *
 * sending.ts sends work, ending.ts ends an interpreter, and target.ts checks whether one takes work.
 */
import type { Iterated, KnownArgs, Loose, OverloadArgs, OverloadResult, TypingArgs } from "../base/calls.js";
import { checkId, ownOptions } from "../base/check.js";
import { HandleTable } from "../base/handle-table.js";
import { CODEC_JAVASCRIPT, registerReference } from "../codec/codec.js";
import type { ModuleClass } from "../guests/javascript/callable.js";
import { isExecuting } from "../kernel/executions.js";
import { idOf, nameOf, slotOf } from "../kernel/registry.js";
import { load } from "../memory/atomics.js";
import { setBit } from "../memory/bitset.js";
import type { InterpreterId, Slot } from "../memory/brands.js";
import { REF_INTERPRETER, S_HOLDERS, S_THREAD, slotPointer } from "../memory/layout.js";
import { runtime } from "../thread/current.js";
import type { Code } from "../wire/code.js";
import type { PoolSetup } from "../worker/pool.js";
import { checkIterateOptions, type ExecOptions, type IterateOptions, NO_OPTIONS } from "./call-options.js";
import { endOf, type InterpreterEnd } from "./ended.js";
import { Ending } from "./ending.js";
import { unknownError } from "./gone.js";
import { giveBack, isHeld } from "./held-interpreters.js";
import {
  iterate,
  iterateSync,
  type Iteration,
  type IterationOf,
  type SyncIteration,
  type SyncIterationOf,
} from "./iteration.js";
import { outputOf } from "./output.js";
import { construct, proxyOf } from "./remote-object.js";
import type { ConstructorArgs, InstanceOf, RemoteObject } from "./remote-types.js";
import { send, SERVE } from "./sending.js";
import {
  checkAlive,
  type InterpreterHandle,
  isGone,
  tagOf,
  type Target,
  type Whence,
  whenceOf,
} from "./target.js";
import { type InterpreterView, viewOf } from "./view.js";
import { call, exec, iterating, prepare } from "./work.js";

export type { CallOptions, ExecOptions, IterateOptions } from "./call-options.js";
export type { InterpreterEnd } from "./ended.js";
export type { Whence } from "./target.js";
export type { InterpreterView } from "./view.js";

const handles = new HandleTable<Interpreter, InterpreterHandle>(({ id, slot }) => {
  if (!isHeld(id)) giveBack(id, slot);
});
export const hasInterpreterObject = (id: number): boolean => handles.has(id);

/** Set for the one constructor call that binds to a known slot. */
let binding: InterpreterHandle | undefined;

let slotOfHandle: (interp: Interpreter) => Slot;
export let servePool: (
  interp: Interpreter,
  setup: PoolSetup,
  initializer: Code | undefined,
  settled: (error: unknown) => void,
) => void;

/**
 * An interpreter: a world of its own (globals, modules, thread) in this process. `create` makes one; `new Interpreter(id)`
 * returns the one object for an existing one (PEP 734, "Interpreter Objects"; CPython: `Interpreter`).
 *
 * - Work sent to a busy interpreter waits its turn, first in, first out.
 * - Every operation has one outcome, whatever becomes of the interpreter.
 * - An idle interpreter does not keep the process alive; a pending operation does.
 * - When the last handle in the process to a created interpreter is collected, it is closed.
 *
 * An interpreter that `create` did not make (the main one, and threads that joined) is listed and can use queues, but takes no work:
 * operations on it throw InterpreterError (`ERR_INTERPRETER_FOREIGN`). So do operations on the current one
 * (`ERR_INTERPRETER_CURRENT`), and operations of any thread on an interpreter whose guest language it does not know
 * (`ERR_INTERPRETER_LANGUAGE`).
 *
 * @throws TypeError, RangeError `id` cannot be an id; InterpreterNotFoundError no interpreter has it
 * @example
 * const interp = create();
 * await interp.call((a: number, b: number) => a + b, 1, 2); // 3
 * await interp.close();
 */
export class Interpreter implements InterpreterView {
  readonly #target!: Target;
  readonly #ending!: Ending;
  #ended: Promise<InterpreterEnd> | undefined;
  /** Ids count up from 0, the main interpreter, and are never used again (PEP 734: `id`). */
  readonly id!: number;
  /** Where the interpreter comes from (CPython: `whence`). */
  readonly whence!: Whence;
  /** The name given to `create`, if any. */
  readonly name: string | undefined;

  constructor(id: number) {
    const rt = runtime();
    const bound = binding;
    binding = undefined;
    checkId("an interpreter's id", id);
    const slot = bound?.slot ?? slotOf(rt.m, id as InterpreterId);
    if (slot === -1) throw unknownError(rt, id as InterpreterId);
    if (bound === undefined) {
      const same = handles.get(id);
      if (same !== undefined) return same;
    }
    this.id = id;
    let tag: number = CODEC_JAVASCRIPT;
    if (idOf(rt.m, slot) === id) {
      tag = tagOf(rt, slot);
      this.name = nameOf(rt.m, slot);
      this.whence = whenceOf(rt, slot);
      setBit(rt.m, slotPointer(slot) + S_HOLDERS, rt.m.slot);
    } else {
      // It died while this handle was on its way, and another interpreter may have its slot. Nearly all that die were created.
      this.name = undefined;
      this.whence = "interpreters module";
    }
    this.#target = { rt, slot, id: id as InterpreterId, whence: this.whence, tag };
    this.#ending = new Ending(this.#target);
    handles.add(this, { id: id as InterpreterId, slot });
    // The fields are read-only, also for JavaScript.
    Object.freeze(this);
  }

  /**
   * Whether it is executing work (PEP 734 and CPython: `is_running`). Always true of interpreters that `create` did not make.
   *
   * @throws InterpreterNotFoundError it is gone
   * @example
   * await using interp = create();
   * await interp.exec("");
   * interp.isRunning(); // false
   */
  isRunning(): boolean {
    checkAlive(this.#target, "look at");
    return this.whence !== "interpreters module" || isExecuting(this.#target.rt.m, this.#target.slot);
  }

  /**
   * Node's id of its thread, which is `threadId` of `node:worker_threads` there. Undefined while it boots, and when it is gone. (CPython has no
   * counterpart.)
   *
   * @example
   * await using interp = create();
   * const threadId = await interp.call(() => process.getBuiltinModule("node:worker_threads").threadId);
   * console.log(interp.threadId === threadId); // true
   */
  get threadId(): number | undefined {
    const { rt, slot } = this.#target;
    const thread = load(rt.m, slotPointer(slot) + S_THREAD);
    return thread < 0 || isGone(this.#target) ? undefined : thread;
  }

  /**
   * Resolves when the interpreter has ended, however it did, also if it was idle. Never rejects, and does not keep the process alive. (CPython
   * has no counterpart.)
   *
   * @throws InterpreterNotFoundError it had ended when this thread got its handle, and so long ago that nothing is known of it
   * @example
   * const interp = create();
   * interp.call(() => process.exit(3)).catch(() => {});
   * const { reason, exitCode } = await interp.ended;
   * console.log(reason, exitCode); // exit 3
   */
  get ended(): Promise<InterpreterEnd> {
    return (this.#ended ??= endOf(this.#target));
  }

  /**
   * Binds values as globals of its `__main__`, for later `exec` and `call` (PEP 734 and CPython: `prepare_main`).
   *
   * @param namespace the names and their values, which are copied; see `isShareable`
   * @throws TypeError `namespace` is not an object; NotShareableError a value cannot travel; ExecutionFailed a name cannot be bound;
   * InterpreterDiedError; InterpreterNotFoundError; InterpreterError (the codes are listed there). All as a rejection.
   * @example
   * await using interp = create();
   * await interp.prepareMain({ greeting: "hello" });
   * await interp.exec("console.log(greeting)");
   */
  async prepareMain(namespace: Readonly<Record<string, unknown>>): Promise<void> {
    await prepare(this.#target, namespace, false).promise();
  }

  /**
   * Like `prepareMain`, but blocks this thread.
   *
   * @throws as `prepareMain`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`), see `callSync`
   * @example
   * using interp = create();
   * interp.prepareMainSync({ greeting: "hello" });
   */
  prepareMainSync(namespace: Readonly<Record<string, unknown>>): void {
    prepare(this.#target, namespace, true).block();
  }

  /**
   * Runs a script in its `__main__`, as a REPL does: names declared at the top level (`var`, `let`, `const`, `function`,
   * `class`, `import`) are globals for later scripts and for functions called there, and may be declared again.
   * Top-level `await`, `import` in all forms, `require`, `import.meta` and TypeScript (types are erased) work. A script has no
   * return value (PEP 734 and CPython: `Interpreter.exec`).
   *
   * A name that hides a Node global (`fetch`, `URL`) hides it for all code of that interpreter; the language's own globals, and
   * `process` and `Buffer`, cannot be hidden by another value. A constant is read through a getter: code that reads one
   * millions of times should copy it into a local variable.
   *
   * @param code the script
   * @param options `filename`, `base` and `breakOnSigint`, and those of `with`
   * @throws TypeError, RangeError a bad argument; ExecutionFailed an exception left the script, or it has a syntax error;
   * InterpreterDiedError; InterpreterNotFoundError; InterpreterError (the codes are listed there); the reason of the signal. All as a
   * rejection.
   * @example
   * await using interp = create();
   * await interp.exec("const os = await import('node:os'); let cores: number = os.availableParallelism();");
   * await interp.exec("let half = cores / 2", { filename: "half.ts" });
   */
  async exec(code: string, options: ExecOptions = {}): Promise<void> {
    await exec(this.#target, code, ownOptions(options), false).promise();
  }

  /**
   * Like `exec`, but blocks this thread.
   *
   * @throws as `exec`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`), see `callSync`
   * @example
   * using interp = create();
   * interp.execSync("let count = 0");
   */
  execSync(code: string, options: ExecOptions = {}): void {
    exec(this.#target, code, ownOptions(options), true).block();
  }

  /**
   * Calls a function there and returns its (awaited) result (PEP 734 and CPython: `call`).
   *
   * @param fn a stateless function, a function of a module (`fromModule`), or a builtin such as `Math.hypot`. Its code travels once per
   * interpreter. `this` is undefined. Of an overloaded one, the first of its last six signatures that takes the arguments counts.
   * @param args its arguments. They and the result are copied, except buffers that are moved (`move`); see `isShareable`.
   * @throws NotShareableError the function, an argument or the result cannot travel; ExecutionFailed the function threw;
   * InterpreterDiedError; InterpreterNotFoundError; InterpreterError (the codes are listed there). All as a rejection.
   * @example
   * await using interp = create();
   * await interp.call((word: string) => word.toUpperCase(), "hello"); // HELLO
   */
  call<F, A extends OverloadArgs<F>>(fn: F, ...args: A): Promise<Awaited<OverloadResult<F, A>>>;
  call<A extends unknown[], R>(fn: (...args: A) => R, ...args: KnownArgs<A, R>): Promise<Awaited<R>>;
  call<A extends unknown[], F extends (...args: A) => Loose>(
    fn: F,
    ...args: TypingArgs<A, F>
  ): Promise<Awaited<ReturnType<F>>>;
  call<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>>;
  async call(fn: Function, ...args: unknown[]): Promise<never> {
    return call(this.#target, NO_OPTIONS, fn, args, false).promise();
  }

  /**
   * Like `call`, but blocks this thread. Its event loop stands still meanwhile, so only use it where that does no harm.
   *
   * @throws as `call`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`) the interpreter is this one, or waits for it, directly or through
   * others: blocking would never end
   * @example
   * using interp = create();
   * interp.callSync(Math.hypot, 3, 4); // 5
   */
  callSync<F, A extends OverloadArgs<F>>(fn: F, ...args: A): Awaited<OverloadResult<F, A>>;
  callSync<A extends unknown[], R>(fn: (...args: A) => R, ...args: KnownArgs<A, R>): Awaited<R>;
  callSync<A extends unknown[], F extends (...args: A) => Loose>(
    fn: F,
    ...args: TypingArgs<A, F>
  ): Awaited<ReturnType<F>>;
  callSync<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Awaited<R>;
  callSync(fn: Function, ...args: unknown[]): never {
    return call(this.#target, NO_OPTIONS, fn, args, true).block();
  }

  /**
   * Makes an object there, which stays there, and returns a typed proxy of it: its methods return promises (`method.sync(…)` blocks), run in
   * their order, and fail as calls do. See `RemoteObject`, and `RemoteAccess` for its properties. (CPython has no counterpart.)
   *
   * The object ends with `await using`, which calls its own dispose method, or is dropped when the proxy is collected. It cannot be sent on.
   *
   * @param cls a class of a module (`fromModule`)
   * @param args the arguments of its constructor, which are copied; see `call`
   * @throws as `call`; TypeError `cls` is not a class of a module. The methods of the proxy: as `call`, but InterpreterDiedError if the
   * interpreter is gone; InterpreterError (`ERR_OBJECT_ENDED`). All as a rejection.
   * @example
   * const { URL } = fromModule<typeof import("node:url")>("node:url");
   * await using interp = create();
   * await using url = await interp.construct(URL, "https://example.org/a");
   * await url.get("pathname"); // /a
   */
  construct<C>(cls: ModuleClass<C>, ...args: ConstructorArgs<C>): Promise<RemoteObject<InstanceOf<C>>>;
  async construct(cls: unknown, ...args: unknown[]): Promise<object> {
    return proxyOf(
      this.#target,
      this,
      cls,
      await construct(this.#target, NO_OPTIONS, cls, args, false).promise(),
    );
  }

  /**
   * Like `construct`, but blocks this thread.
   *
   * @throws as `construct`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`), see `callSync`
   * @example
   * const { URLSearchParams } = fromModule<typeof import("node:url")>("node:url");
   * using interp = create();
   * using params = interp.constructSync(URLSearchParams, "a=1");
   * params.has.sync("a"); // true
   */
  constructSync<C>(cls: ModuleClass<C>, ...args: ConstructorArgs<C>): RemoteObject<InstanceOf<C>>;
  constructSync(cls: unknown, ...args: unknown[]): object {
    return proxyOf(this.#target, this, cls, construct(this.#target, NO_OPTIONS, cls, args, true).block());
  }

  /**
   * Runs a generator there and iterates over its items: of a generator or async generator, or of a function that returns an iterable,
   * an async iterable or an iterator. The generator runs ahead of the loop by up to `buffersize` items (`with`) and then waits at its
   * `yield`, while the interpreter does other work. Nothing runs before the first item is asked for; leaving the loop runs the
   * generator's `finally` there.
   *
   * @param fn as for `call`, and generator functions
   * @param args its arguments, which are copied when the first item is asked for; see `call`
   * @throws NotShareableError the function cannot travel. The iteration throws, after the items that precede it: ExecutionFailed the
   * generator threw; NotShareableError an argument or an item cannot travel; TypeError the result is not iterable;
   * InterpreterDiedError; InterpreterNotFoundError; InterpreterError (the codes are listed there); a TimeoutError DOMException.
   * When its signal aborts, it throws the signal's reason at once.
   * @example
   * await using interp = create();
   * function* squares(n: number) {
   *   for (let i = 1; i <= n; i++) yield i * i;
   * }
   * for await (const square of interp.iterate(squares, 3)) console.log(square);
   */
  iterate<F, A extends OverloadArgs<F>>(fn: F, ...args: A): IterationOf<OverloadResult<F, A>>;
  iterate<A extends unknown[], R extends Iterated>(
    fn: (...args: A) => R,
    ...args: KnownArgs<A, R>
  ): IterationOf<R>;
  iterate<A extends unknown[], F extends (...args: A) => Loose>(
    fn: F,
    ...args: TypingArgs<A, F>
  ): IterationOf<ReturnType<F>>;
  iterate<A extends unknown[], R extends Iterated>(fn: (...args: A) => R, ...args: A): IterationOf<R>;
  iterate(fn: Function, ...args: unknown[]): Iteration<never, never> {
    return iterate(iterating(this.#target, NO_OPTIONS, fn, args, false), this);
  }

  /**
   * Like `iterate`, but blocks this thread while it waits for an item.
   *
   * @throws as `iterate`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`), see `callSync`
   * @example
   * using interp = create();
   * for (const part of interp.iterateSync((text: string) => text.split(" "), "a b")) console.log(part);
   */
  iterateSync<F, A extends OverloadArgs<F>>(fn: F, ...args: A): SyncIterationOf<OverloadResult<F, A>>;
  iterateSync<A extends unknown[], R extends Iterated>(
    fn: (...args: A) => R,
    ...args: KnownArgs<A, R>
  ): SyncIterationOf<R>;
  iterateSync<A extends unknown[], F extends (...args: A) => Loose>(
    fn: F,
    ...args: TypingArgs<A, F>
  ): SyncIterationOf<ReturnType<F>>;
  iterateSync<A extends unknown[], R extends Iterated>(fn: (...args: A) => R, ...args: A): SyncIterationOf<R>;
  iterateSync(fn: Function, ...args: unknown[]): SyncIteration<never, never> {
    return iterateSync(iterating(this.#target, NO_OPTIONS, fn, args, true), this);
  }

  /**
   * A view of this interpreter whose operations have a time limit, a signal, or buffers to move.
   *
   * @param options `timeout`, `resultTimeout`, `signal`, `transfer` and others; see `IterateOptions`
   * @throws TypeError, RangeError a bad option
   * @example
   * await using interp = create();
   * const endless = interp.with({ timeout: 50 }).call(() => {
   *   for (;;);
   * });
   * await endless.catch((error) => console.log(error.name)); // TimeoutError
   */
  with(options: IterateOptions): InterpreterView {
    const given = ownOptions(options);
    checkIterateOptions("with", given);
    return viewOf(this.#target, given, this);
  }

  /**
   * Ends the interpreter (PEP 734 and CPython: `close`). If work runs or waits there, it stops nothing and fails. Resolves when the
   * interpreter is gone and its sinks have taken all of its output.
   *
   * @param options `wait: true` lets that work end first and refuses new work meanwhile. Default: false.
   * @throws InterpreterError: it has work (`ERR_INTERPRETER_RUNNING`), is the current one, or `create` did not make it;
   * InterpreterNotFoundError it is gone. All as a rejection.
   * @example
   * const interp = create();
   * const call = interp.call((n: number) => n + 1, 1);
   * await interp.close({ wait: true });
   * await call; // 2
   */
  async close(options: { wait?: boolean | undefined } = {}): Promise<void> {
    await this.#ending.close(options, false).promise();
    await outputOf(this.id);
  }

  /**
   * Like `close`, but blocks this thread and does not wait for sinks.
   *
   * @throws as `close`; with `wait`, InterpreterError (`ERR_INTERPRETER_DEADLOCK`), see `callSync`
   * @example
   * const interp = create();
   * interp.closeSync();
   */
  closeSync(options: { wait?: boolean | undefined } = {}): void {
    this.#ending.close(options, true).block();
  }

  /**
   * Stops the interpreter at once, whatever it does, an endless loop included. Pending operations on it fail with an
   * InterpreterDiedError (`reason: "terminated"`). Resolves when the interpreter is gone. (CPython has no counterpart.)
   *
   * @throws InterpreterNotFoundError it is gone; InterpreterError it is the current one, or `create` did not make it. All as a rejection.
   * @example
   * const interp = create();
   * const endless = interp.exec("for (;;);").catch((reason) => reason);
   * await interp.terminate();
   * const error = await endless;
   * console.log(error.reason); // terminated
   */
  async terminate(): Promise<void> {
    await this.#ending.terminate().promise();
    await outputOf(this.id);
  }

  /**
   * Like `terminate`, but blocks this thread until the interpreter is gone.
   *
   * @throws as `terminate`
   * @example
   * const interp = create();
   * interp.terminateSync();
   */
  terminateSync(): void {
    this.#ending.terminate().block();
  }

  /** `await using`: closes the interpreter with `wait`. No error if it is gone already. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close({ wait: true }).catch((error: unknown) => this.#ending.allowGone(error));
  }

  /** `using`: like the asynchronous form, but blocks this thread. */
  [Symbol.dispose](): void {
    try {
      this.closeSync({ wait: true });
    } catch (error) {
      this.#ending.allowGone(error);
    }
  }

  get [Symbol.toStringTag](): string {
    return `Interpreter ${this.id}`;
  }

  static {
    slotOfHandle = (interp) => interp.#target.slot;
    // Has the interpreter take tasks from a pool's queues. The reply comes as for any other work. No promise waits for it, because a
    // booting worker must not keep the process alive.
    servePool = (interp, setup, initializer, settled) => {
      send<void>(interp.#target, SERVE, NO_OPTIONS, setup, false, initializer).whenSettled(settled);
    };
  }
}

/** Returns this thread's one object for the interpreter. */
export function bind(id: InterpreterId, slot: Slot): Interpreter {
  const same = handles.get(id);
  if (same !== undefined) return same;
  binding = { id, slot };
  return new Interpreter(id);
}

// The handle of a dead interpreter still travels, as in CPython: it only says which one it was.
registerReference<Interpreter>({
  kind: REF_INTERPRETER,
  is: (value): value is Interpreter => value instanceof Interpreter,
  toReference: (interp) => [slotOfHandle(interp), interp.id],
  fromReference: (slot, id) => bind(id as InterpreterId, slot as Slot),
});
