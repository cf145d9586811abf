/** Acquiring a lock of the kernel (kernel/mutex.ts) in both forms: what `Lock`, `RLock` and `Condition` have in common. */
import { releaseOf } from "../kernel/deadlock.js";
import {
  holdsMutex,
  lockMutex,
  lookForMutex,
  relockMutex,
  restoreDepth,
  takeAbandoned,
  takeDepth,
  tryMutex,
  unlockMutex,
} from "../kernel/mutex.js";
import { stopWaitingForSync } from "../kernel/sync-objects.js";
import type { Pointer } from "../memory/brands.js";
import { OK, Q_GETTERS } from "../memory/layout.js";
import { WaitQueue } from "../queue/wait-queue.js";
import type { Runtime } from "../thread/runtime.js";
import { RevocableWait } from "../thread/waits.js";
import { type Wait, waitedTooLong } from "./sync-object.js";

const waitsForMutex = { excludes: true, stop: stopWaitingForSync, look: lookForMutex };

export class Mutex {
  readonly rt: Runtime;
  readonly pointer: Pointer;
  readonly #waiting: WaitQueue;
  /** A verb phrase: "acquire lock 3". */
  readonly #what: string;
  readonly #attempt: () => number;
  /** As `#attempt`, but does not enlist. */
  readonly #now: () => number;

  /** One that is `reentrant` also succeeds where a task of this interpreter has acquired it meanwhile. */
  constructor(rt: Runtime, pointer: Pointer, what: string, reentrant: boolean) {
    this.#attempt = reentrant
      ? () => (relockMutex(rt.m, pointer) ? OK : lockMutex(rt.m, pointer))
      : () => lockMutex(rt.m, pointer);
    this.#now = reentrant
      ? () => (relockMutex(rt.m, pointer) ? OK : tryMutex(rt.m, pointer))
      : () => tryMutex(rt.m, pointer);
    this.rt = rt;
    this.pointer = pointer;
    this.#what = what;
    this.#waiting = new WaitQueue(rt, pointer, Q_GETTERS, waitsForMutex);
  }

  /** Takes the lock if it is free. Returns whether it was. */
  take(): boolean {
    return tryMutex(this.rt.m, this.pointer) === OK;
  }

  /** Waits for a lock that was not free. @throws TimeoutError; the signal's reason */
  async wait(timeout: number, signal: AbortSignal | undefined): Promise<void> {
    if (timeout === 0) throw waitedTooLong(this.#what, 0);
    const status = await this.#waiting.wait(timeout, signal, this.#attempt);
    if (status !== OK) throw waitedTooLong(this.#what, timeout);
  }

  /** As `wait`, but blocks this thread. @throws TimeoutError; InterpreterError (`ERR_INTERPRETER_DEADLOCK`) */
  waitSync(timeout: number): void {
    if (timeout === 0) throw waitedTooLong(this.#what, 0);
    const heldBefore = this.held();
    let status: number;
    try {
      status = this.#waiting.waitSync(timeout, this.#attempt, this.#endless());
    } catch (error) {
      // The call stack may have been exhausted a moment after the lock was taken, and no hold was returned that could be released.
      if (!heldBefore && this.held()) unlockMutex(this.rt.m, this.pointer);
      throw error;
    }
    if (status !== OK) throw waitedTooLong(this.#what, timeout);
  }

  /** One wait of a select for the lock; `outcome` makes what it returns. */
  waitOf<T>(outcome: () => T): Wait<T> {
    return {
      what: this.#what,
      line: this.#waiting,
      attempt: (wait) => (wait ? this.#attempt() : this.#now()),
      outcome,
      endless: () => this.#endless(),
    };
  }

  /** Whether this interpreter holds the lock. */
  held(): boolean {
    return holdsMutex(this.rt.m, this.pointer);
  }

  /** Releases the lock, which this interpreter holds, however often it was acquired. Returns how often again, for `resume`. */
  suspend(): number {
    const { m } = this.rt;
    const depth = takeDepth(m, this.pointer);
    unlockMutex(m, this.pointer);
    this.released();
    return depth;
  }

  /** Acquires the lock again after `suspend`. */
  async resume(depth: number): Promise<void> {
    if (!this.take()) await this.wait(Infinity, undefined);
    restoreDepth(this.rt.m, this.pointer, depth);
  }

  /** As `resume`, but blocks this thread. @throws InterpreterError (`ERR_INTERPRETER_DEADLOCK`) it is not acquired */
  resumeSync(depth: number): void {
    if (!this.take()) this.waitSync(Infinity);
    restoreDepth(this.rt.m, this.pointer, depth);
  }

  /** The id of an interpreter that died with the lock, which this one now holds, or -1. Only the first call returns it, so the caller must report it. */
  takeAbandoned(): number {
    return takeAbandoned(this.rt.m, this.pointer);
  }

  #endless(): RevocableWait {
    return new RevocableWait(this.rt, this.#what, releaseOf(this.pointer));
  }

  /** The lock was released: if it was granted to a task on this event loop, that one has it now. */
  released(): void {
    this.#waiting.poll();
  }
}
