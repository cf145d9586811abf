/**
 * Interpreters: the public class (PEP 734, "Interpreter Objects"; CPython: `concurrent.interpreters.Interpreter`).
 */
import { onAbort } from "../base/abort.js";
import { checkId, checkOptions, checkSignal, checkTimeout, show } from "../base/check.js";
import { registerReference } from "../codec/codec.js";
import { InterpreterError, InterpreterNotFoundError, NotShareableError } from "../base/errors.js";
import { describe } from "../guests/javascript/callable.js";
import { describeScript } from "../guests/javascript/script-text.js";
import { load } from "../memory/atomics.js";
import { clearBit, isEmptySet, setBit } from "../memory/bitset.js";
import {
  REF_INTERPRETER,
  S_HOLDERS,
  S_WHENCE,
  S_WORK,
  slotPointer,
  STATUS_BUSY,
  STATUS_NOT_FOUND,
  STATUS_SHUT,
  WHENCE_CREATED,
} from "../memory/layout.js";
import { collectCarried, request } from "../thread/supervisor-client.js";
import { type Code, codeOf } from "../wire/code.js";
import { runtime } from "../thread/current.js";
import { cancelWork } from "../kernel/mailbox.js";
import { Message, runningTime, WITH_SENDER } from "../wire/message.js";
import { takeTrace, useTrace } from "../thread/trace.js";
import { forgetMoves, movesOfCall } from "../transfer/move.js";
import { SupervisorHandover } from "../transfer/handover.js";
import { checkTransfer, detach } from "../transfer/transfer-list.js";
import { deadlock, goneOrRefused, Operation } from "./operation.js";
import type { PoolSetup } from "../worker/pool.js";
import { outputOf } from "./output.js";
import {
  reasonNumber,
  REQUEST_ABORT,
  REQUEST_COLLECT,
  REQUEST_TERMINATE,
  WORK_CALL,
  WORK_CLOSE,
  WORK_EXEC,
  WORK_PREPARE,
  WORK_SERVE,
} from "../wire/protocol.js";
import { idOf, isAlive, nameOf, slotOf } from "../kernel/registry.js";
import { isExecuting } from "../kernel/executions.js";
import type { Runtime } from "../thread/runtime.js";

/** Where an interpreter comes from (PEP 734 leaves it to `_interpreters.whence`). */
export type Whence = "runtime init" | "interpreters module" | "worker_threads" | "unknown";
const WHENCE: readonly Whence[] = ["unknown", "runtime init", "interpreters module", "worker_threads"];

/** Options of one operation in another interpreter. */
export interface CallOptions {
  /** Milliseconds that it may run (waiting in line does not count); then that interpreter is terminated. */
  timeout?: number;
  /** Takes the operation back while it waits in line; once it runs, terminates that interpreter. */
  signal?: AbortSignal;
  /** Buffers among the arguments to move instead of copy: they are detached here. */
  transfer?: readonly ArrayBuffer[];
}

export interface ExecOptions extends CallOptions {
  /** The name that the script has in stack traces; `<exec>` by default. It need not be that of a file. */
  filename?: string;
  /**
   * Where `import` and `require` look from: the path of a directory, or a file URL, which is taken as that of a module
   * (so `import.meta.url` is what the caller itself would use). The working directory by default.
   */
  base?: string | URL;
}

/** Calls with options: what `with` returns. */
export interface InterpreterView {
  exec(code: string, options?: ExecOptions): Promise<void>;
  execSync(code: string, options?: ExecOptions): void;
  call<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>>;
  callSync<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Awaited<R>;
}

/** The one object for each interpreter in this thread. */
const known = new Map<number, WeakRef<Interpreter>>();
const collected = new FinalizationRegistry<{ id: number; slot: number }>(({ id, slot }) => {
  // As for queues: the handle is given back once, by whoever comes first.
  const entry = known.get(id);
  if (entry === undefined || entry.deref() !== undefined) return;
  known.delete(id);
  const rt = runtime();
  const { m } = rt;
  if (idOf(m, slot) !== id) return;
  clearBit(m, slotPointer(slot) + S_HOLDERS, m.slot);
  if (isEmptySet(m, slotPointer(slot) + S_HOLDERS) && whenceOf(rt, slot) === WHENCE_CREATED)
    request(rt, REQUEST_COLLECT);
});

/** Set for the one call of the constructor that binds to a known slot. */
let binding: { id: number; slot: number } | undefined;

let slotOfHandle: (interp: Interpreter) => number;
export let servePool: (
  interp: Interpreter,
  setup: PoolSetup,
  initializer: Code | undefined,
  settled: (error: unknown) => void,
) => void;

/**
 * An interpreter: a JavaScript world of its own (globals, modules, thread) in this process. Made by `create`;
 * `new Interpreter(id)` is the one object for an existing one.
 *
 * @throws TypeError, RangeError for what cannot be an id; InterpreterNotFoundError
 * @example
 * const interp = create();
 * await interp.call((a: number, b: number) => a + b, 1, 2); // 3
 * await interp.close();
 */
export class Interpreter implements InterpreterView {
  readonly #rt!: Runtime;
  readonly #slot!: number;
  /** What this thread last asked for to end it. */
  #end: EndOperation | undefined;
  readonly id!: number;
  readonly whence!: Whence;
  /** The name given to `create`. */
  readonly name: string | undefined;

  constructor(id: number) {
    const rt = runtime();
    const bound = binding;
    binding = undefined;
    checkId("an interpreter's id", id);
    const slot = bound?.slot ?? slotOf(rt.m, id);
    if (slot === -1) throw new InterpreterNotFoundError(`There is no interpreter ${id} (any more)`);
    if (bound === undefined) {
      const same = known.get(id)?.deref();
      if (same !== undefined) return same;
    }
    this.#rt = rt;
    this.#slot = slot;
    this.id = id;
    if (idOf(rt.m, slot) === id) {
      this.name = nameOf(rt.m, slot);
      this.whence = WHENCE[whenceOf(rt, slot)] ?? "unknown";
      setBit(rt.m, slotPointer(slot) + S_HOLDERS, rt.m.slot);
    } else {
      // It died while this handle was on its way, and the slot is nobody's or a stranger's. Only created ones do.
      this.name = undefined;
      this.whence = "interpreters module";
    }
    known.set(id, new WeakRef(this));
    collected.register(this, { id, slot });
    // The fields are read-only, also for JavaScript.
    Object.freeze(this);
  }

  /** Whether it is executing something for somebody. Interpreters that `create` did not make always are. */
  isRunning(): boolean {
    this.#checkAlive("look at");
    return this.whence !== "interpreters module" || isExecuting(this.#rt.m, this.#slot);
  }

  /**
   * Binds values as globals of its `__main__`, for later `exec` and `call`.
   *
   * @throws NotShareableError a value cannot travel
   */
  async prepareMain(namespace: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#prepare(namespace, false).promise();
  }

  prepareMainSync(namespace: Readonly<Record<string, unknown>>): void {
    this.#prepare(namespace, true).block();
  }

  /**
   * Runs a script in its `__main__`, as a REPL does: what it declares at the top level (`var`, `let`, `const`, `function`,
   * `class`, `import`) is a global for later scripts and for functions that are called there, and may be declared again.
   * Top-level `await`, `import` in all forms, `require`, `import.meta` and TypeScript (types are erased) work. There is no
   * return value (CPython: `Interpreter.exec`).
   *
   * A name that hides a global of Node's (`fetch`, `URL`) hides it for all code of that interpreter; the language's own, and
   * `process` and `Buffer`, cannot be hidden by another value.
   *
   * A constant is read by way of a getter: where that is done millions of times, copy it into a local variable.
   *
   * @throws ExecutionFailed an exception left the script, or it has a syntax error; InterpreterDiedError;
   * InterpreterNotFoundError
   * @example
   * await using interp = create();
   * await interp.exec("const os = await import('node:os'); let cores: number = os.availableParallelism();");
   * await interp.exec("let half = cores / 2", { filename: "half.ts" });
   */
  async exec(code: string, options: ExecOptions = {}): Promise<void> {
    await this.#exec(code, options, false).promise();
  }

  execSync(code: string, options: ExecOptions = {}): void {
    this.#exec(code, options, true).block();
  }

  /**
   * Calls a function there and returns its (awaited) result. The function must be stateless, a function of a module
   * (`fromModule`), or a builtin; arguments and result are copied, see `isShareable`.
   *
   * @throws NotShareableError the function, an argument or the result cannot travel; ExecutionFailed the function threw;
   * InterpreterDiedError; InterpreterNotFoundError
   */
  call<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>> {
    return this.#callWith({}, fn, args);
  }

  callSync<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Awaited<R> {
    return this.#call<Awaited<R>>({}, fn, args, true).block();
  }

  /** Operations with a time limit, a signal, or buffers to move. */
  with(options: CallOptions): InterpreterView {
    checkCallOptions("with", options, CALL_OPTIONS);
    return {
      exec: async (code, more) => this.#exec(code, { ...options, ...more }, false).promise(),
      execSync: (code, more) => this.#exec(code, { ...options, ...more }, true).block(),
      call: (fn, ...args) => this.#callWith(options, fn, args),
      callSync: (fn, ...args) => this.#call<never>(options, fn, args, true).block(),
    };
  }

  /**
   * Ends the interpreter. While work runs or waits there it throws (`ERR_INTERPRETER_RUNNING`) and stops nothing; with
   * `wait` that work ends first, and new work is refused meanwhile.
   */
  async close(options: { wait?: boolean } = {}): Promise<void> {
    await this.#close(options, false).promise();
    await outputOf(this.id);
  }

  closeSync(options: { wait?: boolean } = {}): void {
    this.#close(options, true).block();
  }

  /** Stops the interpreter at once, whatever it does. */
  async terminate(): Promise<void> {
    await this.#terminate().promise();
    await outputOf(this.id);
  }

  terminateSync(): void {
    this.#terminate().block();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.close({ wait: true });
    } catch (error) {
      // What is disposed of may be gone already.
      if (!this.#isGone()) throw error;
    }
  }

  [Symbol.dispose](): void {
    try {
      this.closeSync({ wait: true });
    } catch (error) {
      if (!this.#isGone()) throw error;
    }
  }

  get [Symbol.toStringTag](): string {
    return `Interpreter ${this.id}`;
  }

  static {
    slotOfHandle = (interp) => interp.#slot;
    // Has it take further work from a pool's queues. Answered like any other work, and heard of without a promise: that
    // it boots keeps no process alive.
    servePool = (interp, setup, initializer, settled) => {
      const { id = 0, pointer = 0 } = initializer ?? {};
      const operation = interp.#start<void>(WORK_SERVE, "set up", {}, setup, "setup", false, id, pointer);
      operation.keep = initializer;
      operation.whenSettled(settled);
    };
  }

  #prepare(namespace: Readonly<Record<string, unknown>>, blocking: boolean): Operation<void> {
    if (typeof namespace !== "object" || namespace === null) {
      throw new TypeError(`prepareMain: the namespace must be an object, found ${show(namespace)}`);
    }
    return this.#start(WORK_PREPARE, "prepare", {}, { ...namespace }, "namespace", blocking);
  }

  #exec(code: string, options: ExecOptions, blocking: boolean): Operation<void> {
    if (typeof code !== "string") throw new TypeError(`exec: the code must be a string, found ${show(code)}`);
    checkCallOptions("exec", options, [...CALL_OPTIONS, "filename", "base"]);
    const script = describeScript(code, options.filename, options.base);
    return this.#start(WORK_EXEC, "execute a script in", options, script, "script", blocking);
  }

  /** Bad input is an error at once, and of the promise for those who wait for one. */
  async #callWith<A extends unknown[], R>(
    options: CallOptions,
    fn: (...args: A) => R,
    args: A,
  ): Promise<Awaited<R>> {
    return this.#call<Awaited<R>>(options, fn, args, false).promise();
  }

  #call<T>(options: CallOptions, fn: Function, args: unknown[], blocking: boolean): Operation<T> {
    const code = codeOf(this.#rt.m, fn, describe);
    const verb = "call a function in";
    const operation = this.#start<T>(WORK_CALL, verb, options, args, "args", blocking, code.id, code.pointer);
    operation.keep = code;
    return operation;
  }

  #start<T>(
    kind: number,
    verb: string,
    options: CallOptions,
    value: unknown,
    root: string,
    blocking: boolean,
    a = 0,
    b = 0,
  ): Operation<T> {
    const what = `${verb} interpreter ${this.id}`;
    this.#checkTarget(what, blocking);
    const { signal } = options;
    const args = kind === WORK_CALL ? (value as unknown[]) : undefined;
    const transfer = args && movesOfCall(args, options.transfer);
    signal?.throwIfAborted();
    const timeout = runningTime(options.timeout);
    // Calls of one function share a trace; `a` is its code.
    const trace = takeTrace(a === 0 ? kind : a);
    const message = Message.take(this.#rt.m);
    const handover = SupervisorHandover.of(this.#rt, transfer);
    try {
      const operation = new Operation<T>(this.#rt, this.id, what, trace);
      try {
        message.header(operation.sequence, kind, a, b, 0, timeout);
        if (args !== undefined) message.list(args, root, handover);
        else message.value(value, root);
        if (transfer !== undefined) checkTransfer(transfer);
        if (blocking) operation.announce(this.#slot);
        const { m, id: sender } = this.#rt;
        const status = message.intoMailbox(this.#slot, S_WORK, this.id, sender, WITH_SENDER);
        operation.place = m.lastPut;
        operation.sent(status);
      } catch (error) {
        this.#rt.forget(operation.sequence);
        if (error instanceof NotShareableError) useTrace(error, trace);
        throw error;
      }
      // Only now that it is on its way, so that a refusal leaves everything as it was.
      handover?.handOver();
      operation.channel = handover?.takeChannel();
      if (transfer !== undefined) detach(transfer, handover);
      if (args !== undefined) forgetMoves(args);
      if (signal !== undefined) this.#stopOnAbort(operation, signal);
      return operation;
    } finally {
      handover?.done();
      message.discard();
    }
  }

  #stopOnAbort(operation: Operation<unknown>, signal: AbortSignal): void {
    operation.signal = signal;
    const rt = this.#rt;
    const stopListening = onAbort(signal, () => {
      if (operation.settled) return;
      if (cancelWork(rt.m, this.#slot, this.id, rt.id, operation.sequence, operation.place)) {
        rt.forget(operation.sequence);
        collectCarried(rt, slotPointer(this.#slot) + S_WORK);
        operation.reject(signal.reason);
      } else request(rt, REQUEST_ABORT, this.id, reasonNumber("aborted"), operation.sequence);
    });
    operation.whenSettled(stopListening);
  }

  #close(options: { wait?: boolean }, blocking: boolean): Operation<void> {
    checkOptions("close", options, ["wait"]);
    const wait = options.wait === true;
    const what = `close interpreter ${this.id}`;
    const joined = this.#joinEnd(what);
    if (joined !== undefined) return joined;
    const { id } = this.#rt;
    const operation = new EndOperation(this.#rt, this.id, what);
    // With `wait`, its work may be waiting for this interpreter, as in a call.
    if (blocking && wait) operation.announce(this.#slot);
    const message = Message.take(this.#rt.m).header(operation.sequence, WORK_CLOSE);
    const status = message.intoMailboxAsLast(this.#slot, this.id, wait, id);
    message.discard();
    if (status === STATUS_BUSY) {
      this.#rt.forget(operation.sequence);
      throw new InterpreterError(
        `Cannot ${what}: it is running. Wait for its work first, or use close({ wait: true }), or terminate().`,
        { code: "ERR_INTERPRETER_RUNNING" },
      );
    }
    // It is closing already, which is all that is asked for.
    if (status !== STATUS_SHUT) operation.sent(status);
    this.#end = operation;
    return operation;
  }

  #terminate(): Operation<void> {
    const what = `terminate interpreter ${this.id}`;
    const joined = this.#joinEnd(what);
    if (joined !== undefined) return joined;
    const operation = new EndOperation(this.#rt, this.id, what);
    request(this.#rt, REQUEST_TERMINATE, this.id, reasonNumber("terminated"));
    this.#end = operation;
    return operation;
  }

  /**
   * Checks that it may be ended. Where it is gone, but this thread asked for that and has not heard of it yet, it is no
   * error to ask again: the notice that will settle the first operation settles the one returned here.
   */
  #joinEnd(what: string): Operation<void> | undefined {
    if (this.#end?.settled === false && this.#isGone()) return new EndOperation(this.#rt, this.id, what);
    this.#checkTarget(what, false);
    return undefined;
  }

  #isGone(): boolean {
    return idOf(this.#rt.m, this.#slot) !== this.id || !isAlive(this.#rt.m, this.#slot);
  }

  #checkAlive(what: string): void {
    if (this.#isGone())
      throw new InterpreterNotFoundError(`Cannot ${what} interpreter ${this.id}: it is gone`);
  }

  #checkTarget(what: string, blocking: boolean): void {
    if (this.#isGone()) throw goneOrRefused(this.#rt, STATUS_NOT_FOUND, this.id, what);
    const current = this.id === this.#rt.id;
    if (current && blocking && this.whence === "interpreters module") throw deadlock(what, this.id);
    if (current) {
      throw new InterpreterError(`Cannot ${what}: it is the current interpreter`, {
        code: "ERR_INTERPRETER_CURRENT",
      });
    }
    if (this.whence !== "interpreters module") {
      throw new InterpreterError(
        `Cannot ${what}: interpreters.create() did not make it (whence: ${this.whence})`,
        {
          code: "ERR_INTERPRETER_FOREIGN",
        },
      );
    }
  }
}

/** Waits for an interpreter's end, however it comes about. */
class EndOperation extends Operation<void> {
  override died(): void {
    this.resolve(undefined);
  }
}

/** The one object for it in this thread. */
export function bind(id: number, slot: number): Interpreter {
  const same = known.get(id)?.deref();
  if (same !== undefined) return same;
  binding = { id, slot };
  return new Interpreter(id);
}

function whenceOf(rt: Runtime, slot: number): number {
  return load(rt.m, slotPointer(slot) + S_WHENCE);
}

const CALL_OPTIONS = ["timeout", "signal", "transfer"];

function checkCallOptions(what: string, options: CallOptions, known: readonly string[]): void {
  checkOptions(what, options, known);
  const { timeout, signal, transfer } = options;
  checkTimeout(timeout);
  checkSignal(signal);
  if (transfer !== undefined) checkTransfer(transfer);
}

// A dead interpreter's handle still travels, as CPython's does: it only says which one it was.
registerReference<Interpreter>({
  kind: REF_INTERPRETER,
  is: (value): value is Interpreter => value instanceof Interpreter,
  toReference: (interp) => [slotOfHandle(interp), interp.id],
  fromReference: (slot, id) => bind(id, slot),
});
