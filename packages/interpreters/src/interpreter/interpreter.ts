/**
 * Interpreters: the public class (PEP 734, "Interpreter Objects"; CPython: `concurrent.interpreters.Interpreter`).
 *
 * view.ts documents the operations that it has in common with its views, and interpreter-base.ts carries them out. sending.ts sends work,
 * ending.ts ends an interpreter, and target.ts checks whether one takes work.
 */
import { checkId, ownOptions } from "../base/check.js";
import { HandleTable } from "../base/handle-table.js";
import { CODEC_JAVASCRIPT, registerReference } from "../codec/codec.js";
import { isExecuting } from "../kernel/executions.js";
import { idOf, nameOf, slotOf } from "../kernel/registry.js";
import { load } from "../memory/atomics.js";
import { setBit } from "../memory/bitset.js";
import type { InterpreterId, Slot } from "../memory/brands.js";
import { REF_INTERPRETER, S_HOLDERS, S_THREAD, slotPointer } from "../memory/layout.js";
import { runtime } from "../thread/current.js";
import type { Code } from "../wire/code.js";
import type { PoolSetup } from "../worker/pool.js";
import { checkIterateOptions, type IterateOptions, NO_OPTIONS } from "./call-options.js";
import { endOf, type InterpreterEnd } from "./ended.js";
import { Ending } from "./ending.js";
import { unknownError } from "./gone.js";
import { giveBack, isHeld } from "./held-interpreters.js";
import { InterpreterBase } from "./interpreter-base.js";
import { outputOf } from "./output.js";
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
import { prepare } from "./work.js";

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
export class Interpreter extends InterpreterBase implements InterpreterView {
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
    let tag: number = CODEC_JAVASCRIPT;
    let name: string | undefined;
    // If it died while this handle was on its way, another interpreter may have its slot. Nearly all that die were created.
    let whence: Whence = "interpreters module";
    if (idOf(rt.m, slot) === id) {
      tag = tagOf(rt, slot);
      name = nameOf(rt.m, slot);
      whence = whenceOf(rt, slot);
      setBit(rt.m, slotPointer(slot) + S_HOLDERS, rt.m.slot);
    }
    const target: Target = { rt, slot, id: id as InterpreterId, whence, tag };
    super(target);
    this.id = id;
    this.whence = whence;
    this.name = name;
    this.#target = target;
    this.#ending = new Ending(target);
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
