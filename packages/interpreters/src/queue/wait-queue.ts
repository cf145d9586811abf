/**
 * The waiters of this thread for one queue, in one direction (to get, or to put), on the event loop and blocking; or for one synchronization
 * object, which is a queue to this file (kernel/sync-objects.ts).
 *
 * They share this interpreter's one bit in the queue's set of waiters, and are served in the order in which they came. When the last
 * one leaves, it clears the bit; if a ring came too late for it, `stopWaiting` passes the ring on to another interpreter.
 */
import type { SharedMemory } from "../memory/atomics.js";
import type { Pointer } from "../memory/brands.js";
import { Q_GETTERS, type Q_PUTTERS, STATUS_EMPTY, STATUS_FULL } from "../memory/layout.js";
import { onAbort } from "../base/abort.js";
import { Entry, leaveLine, Line } from "../base/line.js";
import type { Runtime } from "../thread/runtime.js";
import type { Wait } from "../thread/sleeper.js";
import { lookForRecord } from "../kernel/queues.js";
import { isWaiting, stopWaiting } from "../kernel/waiters.js";
import { startTimer, stopTimer } from "../base/timer.js";

/** Tries to put or get, and returns a status. A failed try must set this interpreter's bit. */
type Attempt = () => number;

/** One waiter on the event loop. */
export abstract class Waiter extends Entry {
  /** Whether it keeps the process alive. */
  readonly ref: boolean = true;

  /**
   * Tries once, in the waiter's turn. Returns true if it waits no more; otherwise it must have set the bit. It stands in no line meanwhile,
   * because decoding an item may run user code, which may poll.
   */
  abstract attempt(): boolean;
}

/** The differences for waiters of a synchronization object. */
export interface SyncWaiting {
  /**
   * Whether one waiter gets what others then must wait for, as with a lock. A task on this event loop could not release it while this thread is
   * blocked, perhaps for one of those others. So it does not stand in line meanwhile.
   */
  readonly excludes: boolean;
  /** Leaves the list, and passes on what was granted and not taken. */
  stop(m: SharedMemory, pointer: Pointer, list: typeof Q_GETTERS | typeof Q_PUTTERS): void;
  /** Looks for a moment, without enlisting, and returns whether there is something to take. */
  look(m: SharedMemory, pointer: Pointer): boolean;
}

const QUEUE_WAITING: SyncWaiting = { excludes: false, stop: stopWaiting, look: lookForRecord };

export class WaitQueue {
  readonly #rt: Runtime;
  readonly #pointer: Pointer;
  readonly #list: typeof Q_GETTERS | typeof Q_PUTTERS;
  /** The status of a failed try: STATUS_EMPTY or STATUS_FULL. */
  readonly #notYet: number;
  readonly #line = new Line<Waiter>();
  /** Of a synchronization object. */
  readonly #sync: SyncWaiting | undefined;
  readonly #endless: Wait | undefined;
  /** How many blocking waits of this thread are under way here. */
  #blocking = 0;

  /** `endless`: what a blocking wait here waits for, unless it says something else, or can be ended in another way. */
  constructor(
    rt: Runtime,
    pointer: Pointer,
    list: typeof Q_GETTERS | typeof Q_PUTTERS,
    sync?: SyncWaiting,
    endless?: Wait,
  ) {
    this.#rt = rt;
    this.#endless = endless;
    this.#sync = sync;
    this.#pointer = pointer;
    this.#list = list;
    this.#notYet = list === Q_GETTERS ? STATUS_EMPTY : STATUS_FULL;
  }

  /**
   * Returns undefined if one that comes now may try at once. Earlier waiters come first: while there are any, its status is that of a failed try.
   * If it `blocks`, they must not be served a lock here: they could not release it while this thread is blocked.
   */
  first(blocks = false): number | undefined {
    if (!blocks || this.#sync === undefined) this.poll();
    return this.#line.first === undefined ? undefined : this.#notYet;
  }

  /** Whether `status` is that of a failed try. */
  failed(status: number): boolean {
    return status === this.#notYet;
  }

  /** Whether `status` is that of a failed try, and there is time to wait. */
  mustWait(status: number, timeout: number): boolean {
    return status === this.#notYet && timeout !== 0;
  }

  /**
   * Tries (`attempt(false)`), and waits if that fails (`attempt(true)`). Puts and gets of single items spell this out, and so allocate
   * neither a closure nor a second promise where the first try succeeds.
   */
  until(
    timeout: number,
    signal: AbortSignal | undefined,
    attempt: (wait: boolean) => number,
    ref?: boolean,
  ): number | Promise<number> {
    // The caller has checked it before it encoded a value, which runs user code.
    signal?.throwIfAborted();
    const status = this.first() ?? attempt(false);
    return this.mustWait(status, timeout) ? this.wait(timeout, signal, () => attempt(true), ref) : status;
  }

  /** As `until`, but blocks this thread. */
  untilSync(timeout: number, attempt: (wait: boolean) => number): number {
    const status = attempt(false);
    return this.mustWait(status, timeout) ? this.waitSync(timeout, () => attempt(true)) : status;
  }

  /**
   * Waits on the event loop until an attempt returns another status than STATUS_EMPTY or STATUS_FULL, or until the time limit. Returns
   * the last status. For one that may not try yet, or has tried in vain. Without `ref`, it does not keep the process alive.
   */
  async wait(
    timeout: number,
    signal: AbortSignal | undefined,
    attempt: Attempt,
    ref = true,
  ): Promise<number> {
    let status = this.#notYet;
    const done = (): boolean => {
      status = attempt();
      return status !== this.#notYet;
    };
    await this.#wait(timeout, signal, done, ref);
    return status;
  }

  /**
   * As `wait`, but blocks this thread. `on` says for what it waits, if that may never end without a `timeout`. The wait is also over when `ended` returns true,
   * which is asked whenever something has come.
   *
   * @throws what `on.refuse` does
   */
  waitSync(timeout: number, attempt: Attempt, on?: Wait, ended?: () => boolean): number {
    let status = this.#notYet;
    if (this.look()) {
      status = attempt();
      if (status !== this.#notYet) return status;
    }
    let enlisted = false;
    this.beginBlocking();
    try {
      this.#rt.blockUntil(
        () => {
          if (ended?.() === true) return true;
          if (!enlisted || !isWaiting(this.#rt.m, this.#pointer, this.#list)) {
            enlisted = true;
            status = attempt();
            if (status !== this.#notYet) return true;
          }
          return false;
        },
        timeout,
        timeout === Infinity ? (on ?? (ended === undefined ? this.#endless : undefined)) : undefined,
      );
    } finally {
      this.endBlocking(true);
    }
    return status;
  }

  /** Looks for a moment whether it is worth trying before this thread enlists and sleeps. */
  look(): boolean {
    return this.#list === Q_GETTERS && (this.#sync ?? QUEUE_WAITING).look(this.#rt.m, this.#pointer);
  }

  /** A blocking operation of this thread begins to wait here. */
  beginBlocking(): void {
    this.#blocking++;
  }

  /**
   * Whether a select that blocks should try: no waiter of this thread stands before it, and it has not enlisted yet or was rung since. (The
   * waiters on the event loop get no lock while this thread blocks for it.)
   */
  mayTry(enlisted: boolean): boolean {
    if (this.#line.first !== undefined && this.#sync === undefined) return false;
    return !(enlisted && isWaiting(this.#rt.m, this.#pointer, this.#list));
  }

  /** A blocking operation is done. If it enlisted, it may have set or used up the bit that all waiters share. */
  endBlocking(enlisted: boolean): void {
    this.#blocking--;
    if (!enlisted) this.poll();
    else if (this.#line.first === undefined || this.#standsAside) this.#stop();
    else this.#serve();
  }

  /** Whether those on the event loop wait until this thread is blocked no more. */
  get #standsAside(): boolean {
    return this.#sync?.excludes === true && this.#rt.isBlocked;
  }

  readonly #onBlock = (blocked: boolean): void => {
    if (blocked) this.#stop();
    else this.#serve();
  };

  /** Serves the waiters if a ring has cleared the bit. */
  readonly poll = (): void => {
    // A lock that this thread is blocked for must not go to a task on its event loop, which could not release it.
    if (this.#standsAside || (this.#blocking > 0 && this.#sync !== undefined)) return;
    if (this.#line.first !== undefined && !isWaiting(this.#rt.m, this.#pointer, this.#list)) this.#serve();
  };

  /** The waiter stands last in line from now on. The first one tries at once. */
  join(waiter: Waiter): void {
    const alone = this.#line.first === undefined;
    this.#line.push(waiter);
    if (waiter.ref) this.#rt.ref();
    else this.#rt.listen();
    if (!alone) return;
    this.#rt.addPoller(this.poll);
    if (this.#sync?.excludes === true) this.#rt.blockListeners.add(this.#onBlock);
    if (!this.#standsAside) this.#serve();
  }

  /** Takes a waiter out of the line, if it still stands there. */
  leave(waiter: Waiter): void {
    if (!leaveLine(waiter)) return;
    this.#unref(waiter);
    this.#rest();
  }

  #unref({ ref }: Waiter): void {
    if (ref) this.#rt.unref();
    else this.#rt.stopListening();
  }

  #wait(
    timeout: number,
    signal: AbortSignal | undefined,
    attempt: () => boolean,
    ref: boolean,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = new PromisedWaiter(ref, attempt, resolve, reject, () => {
        stopTimer(timer);
        stopListening?.();
      });
      const onTimeout = (): void => {
        // The item or the room may have come in time, while this event loop was busy.
        this.poll();
        if (waiter.settle()) resolve();
        this.leave(waiter);
      };
      const timer = startTimer(timeout, onTimeout);
      if (!ref) timer?.unref();
      const stopListening =
        signal &&
        onAbort(signal, () => {
          if (waiter.settle()) reject(signal.reason);
          this.leave(waiter);
        });
      this.join(waiter);
    });
  }

  /** Tries for each waiter in turn, until one must go on waiting. */
  #serve(): void {
    for (let waiter = this.#line.first; waiter !== undefined; waiter = this.#line.first) {
      leaveLine(waiter);
      let over = true;
      try {
        over = waiter.attempt();
      } finally {
        if (over) this.#unref(waiter);
        else this.#line.unshift(waiter);
      }
      if (!over) break;
    }
    this.#rest();
  }

  #rest(): void {
    if (this.#line.first !== undefined) return;
    this.#rt.removePoller(this.poll);
    this.#rt.blockListeners.delete(this.#onBlock);
    this.#stop();
  }

  #stop(): void {
    const { stop } = this.#sync ?? QUEUE_WAITING;
    stop(this.#rt.m, this.#pointer, this.#list);
  }
}

/** Settles a promise, once. */
class PromisedWaiter extends Waiter {
  override readonly ref: boolean;
  readonly #try: () => boolean;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  readonly #end: () => void;
  #settled = false;
  /** While it tries, neither its time limit nor its signal, which a decoder may abort, may take the item from it. */
  #trying = false;

  constructor(
    ref: boolean,
    attempt: () => boolean,
    resolve: () => void,
    reject: (error: unknown) => void,
    end: () => void,
  ) {
    super();
    this.ref = ref;
    this.#try = attempt;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#end = end;
  }

  override attempt(): boolean {
    this.#trying = true;
    try {
      if (!this.#try()) return false;
      this.#resolve();
    } catch (error) {
      this.#reject(error);
    } finally {
      this.#trying = false;
    }
    this.settle();
    return true;
  }

  /** Returns whether the caller may settle the promise. */
  settle(): boolean {
    if (this.#settled || this.#trying) return false;
    this.#settled = true;
    this.#end();
    return true;
  }
}
