/** One operation on another interpreter, from its sending to its one outcome, in both forms: as a promise, or blocking. */
import { type ExceptionInfo, ExecutionFailed } from "../base/errors.js";
import { timeoutError } from "../base/limits.js";
import { hideOwnFrames, isError, stackOf } from "../base/stacks.js";
import type { Received } from "../kernel/receive.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import { OK } from "../memory/layout.js";
import { type ResultChannel, readResult } from "../transfer/handover.js";
import { REPLY_FAILURE, REPLY_INTERRUPTED, REPLY_VALUE } from "../wire/protocol.js";
import { ReplyWait } from "../thread/waits.js";
import { type Trace, useTrace } from "../thread/trace.js";
import { type Death, diedError, interruptedWork, type Share } from "../thread/death.js";
import type { Pending, Runtime } from "../thread/runtime.js";
import type { Code } from "../wire/code.js";
import { goneOrRefused } from "./gone.js";

export { died } from "./gone.js";

export class Operation<out T> implements Pending {
  readonly target: InterpreterId;
  readonly sequence: number;
  /** A verb phrase for messages: "call resize in interpreter 3". */
  readonly what: string;
  /** Pointer to its record in the target's mailbox. */
  place: Pointer = 0;
  /** The signal that withdraws it, or stops it once it runs. */
  signal: AbortSignal | undefined;
  /** How long it may run, in milliseconds; 0 means no limit. */
  timeout = 0;
  /** How long it may wait in line, in milliseconds. */
  waitTimeout = Infinity;
  /** How long this thread waits for its outcome, in milliseconds. */
  resultTimeout = Infinity;
  /** Whether its promise keeps the process alive. */
  ref = true;
  /** Takes it back while it waits in line. Returns false if it has begun. */
  withdraw: (() => boolean) | undefined;
  /** The channel on which large buffers of the result arrive. */
  channel: ResultChannel | undefined;
  /** Keeps an object reachable until the operation is settled. */
  keep: unknown;
  /** Of a call. */
  code: Code | undefined;
  readonly #rt: Runtime;
  readonly #trace: Trace | undefined;
  #outcome: "pending" | "fulfilled" | "rejected" = "pending";
  /** Whether this thread has stopped waiting, and the reply is still to come. */
  #left = false;
  #value: unknown;
  #resolve: ((value: never) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  /** Of a blocking form. */
  #wait: ReplyWait | undefined;
  #onSettled: ((error: unknown) => void) | undefined;

  constructor(rt: Runtime, target: InterpreterId, what: string, trace?: Trace) {
    this.#rt = rt;
    this.target = target;
    this.what = what;
    this.#trace = trace;
    this.sequence = rt.expect(this);
  }

  get settled(): boolean {
    return this.#outcome !== "pending";
  }

  settle(status: number, received: Received): void {
    let value: unknown;
    try {
      value = readResult(this.#rt.m, received, this.channel);
      if (status === REPLY_FAILURE) value = this.#failure(value);
      else if (status !== REPLY_VALUE && isError(value)) useTrace(value, this.#trace);
    } catch (error) {
      // A script there may have replaced the builtins that replies are made with. Only its caller gets that error.
      this.reject(error);
      return;
    }
    if (status === REPLY_VALUE) this.resolve(value);
    else if (status === REPLY_INTERRUPTED) this.died(interruptedWork(received.sender, value), "at fault");
    else this.reject(value);
  }

  #failure(value: unknown): ExecutionFailed {
    const [excinfo, cause] = value as [ExceptionInfo, unknown];
    hideOwnFrames(cause);
    const failure = new ExecutionFailed(this.target, excinfo, cause);
    failure.useCallerFrames(stackOf(this.#trace));
    return failure;
  }

  died(death: Death, share: Share): void {
    const { signal } = this;
    // It was stopped for its own signal, or is being stopped or withdrawn: another death was only quicker.
    if (signal?.aborted === true) {
      this.reject(signal.reason);
      return;
    }
    const error = diedError(death, this.what);
    useTrace(error, this.#trace);
    if (share === "at fault" && death.reason === "timeout") {
      this.reject(timeoutError(`Cannot ${this.what}: it took longer than ${this.timeout} ms`, error));
    } else this.reject(error);
  }

  resolve(value: unknown): void {
    if (this.#dropped()) return;
    this.#settleAs("fulfilled", value);
    this.#resolve?.(value as never);
  }

  reject(error: unknown): void {
    if (this.#dropped()) return;
    this.#settleAs("rejected", error);
    this.#reject?.(error);
  }

  /**
   * This thread will block until the interpreter in `slot` replies. Call it before sending, so that a refused operation is not executed.
   * `withdraw` takes the operation back, unless it has begun. `looks`: whether to look for a circle at once: not if this thread waits for a limited time, nor for a callback, which runs whatever
   * its owner waits for.
   *
   * @throws InterpreterError (`ERR_INTERPRETER_DEADLOCK`)
   */
  announce(slot: Slot, withdraw?: () => boolean, looks = true): void {
    const refuse = (error: unknown): boolean => {
      if (withdraw?.() !== true) return false;
      this.reject(error);
      return true;
    };
    try {
      const wait = new ReplyWait(this.#rt, this.what, slot, refuse);
      if (looks) wait.begin();
      this.#wait = wait;
    } catch (error) {
      this.#rt.forget(this.sequence);
      throw error;
    }
  }

  #endWait(): void {
    this.#wait?.end();
    this.#wait = undefined;
  }

  /** Checks the status that `send` returned. If the operation was not sent, it is not pending, and this throws its error. */
  sent(status: number): this {
    if (status === OK) return this;
    this.abandon();
    throw goneOrRefused(this.#rt, status, this.target, this.what);
  }

  /** The operation was not sent: it is not pending. */
  abandon(): void {
    this.#rt.forget(this.sequence);
    this.#endWait();
  }

  /** The limit for waiting in line has passed: withdraws the operation, unless it has begun. */
  waitedTooLong(): void {
    if (this.settled || this.withdraw?.() !== true) return;
    this.reject(timeoutError(`Cannot ${this.what}: it waited in line for ${this.waitTimeout} ms`));
  }

  /**
   * The limit for the result has passed: withdraws the operation, or lets it go on. It stays pending for its reply, which this thread must read: objects that
   * came with it are let go of.
   */
  leave(): void {
    if (this.settled) return;
    const error = timeoutError(
      `Cannot ${this.what}: its result did not come within ${this.resultTimeout} ms (resultTimeout)`,
    );
    if (this.withdraw?.() !== true) this.#left = true;
    this.#settleAs("rejected", error);
    this.#reject?.(error);
  }

  /** Whether the outcome that has come is of no interest any more. */
  #dropped(): boolean {
    if (this.#left) this.channel?.close();
    return this.#left;
  }

  /** Calls back when the operation is settled, with the error if it failed. After those that were registered before. */
  whenSettled(callback: (error: unknown) => void): void {
    const before = this.#onSettled;
    this.#onSettled = (error) => {
      before?.(error);
      callback(error);
    };
  }

  /** The outcome, once the operation is settled. @throws the error that it failed with */
  outcome(): T {
    if (this.#outcome === "rejected") throw this.#value;
    return this.#value as T;
  }

  failure(): unknown {
    return this.#outcome === "rejected" ? this.#value : undefined;
  }

  /** The outcome as a promise, which keeps the event loop alive. Call it at most once. */
  promise(): Promise<T> {
    if (this.ref) this.#rt.ref();
    else this.#rt.listen();
    return new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Blocks this thread until the operation is settled. Returns its result, or throws its error. */
  block(): T {
    try {
      const { waitTimeout, resultTimeout } = this;
      const ended = (timeout: number): boolean =>
        this.#rt.blockUntil(() => this.settled, timeout, timeout === Infinity ? this.#wait : undefined);
      if (waitTimeout < resultTimeout && !ended(waitTimeout)) {
        this.waitedTooLong();
        // If it has begun, its time limit counts from here on.
        if (!ended(resultTimeout - waitTimeout)) this.leave();
      } else if (!ended(resultTimeout)) this.leave();
    } finally {
      this.#endWait();
    }
    return this.outcome();
  }

  #settleAs(outcome: "fulfilled" | "rejected", value: unknown): void {
    this.#outcome = outcome;
    this.#value = value;
    if (!this.#left) this.channel?.close();
    this.#onSettled?.(outcome === "rejected" ? value : undefined);
    if (this.#resolve === undefined) return;
    if (this.ref) this.#rt.unref();
    else this.#rt.stopListening();
  }
}
