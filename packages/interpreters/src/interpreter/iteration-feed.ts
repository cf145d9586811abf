/**
 * The consuming side of `iterate`. The items come through a hidden queue of limited size, which the generator's interpreter fills
 * (worker/feeder.ts), and the end as the reply to the work item:
 *
 *     next() ──first──▶ send the work item ──▶ take a batch of items, or wait for one ──▶ item by item
 *     the work item is settled (reply, or a death) ──▶ shut the queue down ──▶ the items in it, then the outcome
 *     return(), an aborted signal, the garbage collector ──▶ shut the queue down, drop its items ──▶ the generator ends at its `yield`
 *
 * Of `buffersize` items one half may lie in the queue and the other in the batch, so the generator is never further ahead than that,
 * and each side is woken once for many items.
 *
 * An aborted signal leaves the generator time to come to its `yield`, and then for its `finally`; after that it has its interpreter stopped:
 *
 *     runs ──FOR_YIELD──▶ stop          waits at its `yield` (nothing of it runs): no limit, until its thread gets to it
 *       └─────────▶ closes the queue at its `yield` ──FOR_FINALLY──▶ stop
 *
 * The queue is released when the work item is settled, and nothing here waits at the queue any more.
 */
import { onAbort } from "../base/abort.js";
import { checkCount } from "../base/check.js";
import { clock } from "../base/clock.js";
import { startTimer } from "../base/timer.js";
import { replyOf } from "../kernel/deadlock.js";
import { createQueue, shutdownQueue } from "../kernel/queue-lifetime.js";
import { isAtYield, queueIdOf, seemsToHaveRecord } from "../kernel/queue-state.js";
import type { Pointer, QueueId, Slot } from "../memory/brands.js";
import { OK, Q_GETTERS, STATUS_EMPTY, UNBOUND_ITEM_KEEP } from "../memory/layout.js";
import { NativePromise } from "../platform/microtasks.js";
import { BriefLook } from "../queue/brief-look.js";
import { Taker } from "../queue/items.js";
import { WaitQueue } from "../queue/wait-queue.js";
import type { Runtime } from "../thread/runtime.js";
import type { Endless, Wait } from "../thread/sleeper.js";
import { collectCarried, releaseHandle } from "../thread/supervisor-client.js";
import { deadlockError } from "../thread/deadlock.js";
import { memoryFull } from "../wire/status-error.js";

/** The default of `buffersize`. */
const BUFFERSIZE = 128;
/** The most items that `Taker.many` takes. */
const MOST_AT_ONCE = 1024;
/** Milliseconds for a generator to come to its `yield` when its signal aborts, and then for its `finally`. */
const FOR_YIELD = 50;
const FOR_FINALLY = 2000;
/**
 * In how many parts a generator is given that time. Each part begins when this thread has seen the end of the last one: while the whole process stands
 * still (Ctrl-Z, a debugger, a frozen container), the generator does not run either, so that costs it one part only.
 */
const PARTS = 5;

/** The work item of an iteration. */
export interface Producer {
  /** Whether its outcome is known. */
  readonly settled: boolean;
  /** Its outcome. @throws the error that it failed with */
  outcome(): unknown;
  /** Takes it back if it waits in line: it fails with `error` then. Returns false if it has begun. */
  withdraw(error: unknown): boolean;
  /** Has its interpreter stopped, if it runs. */
  stop(): void;
  /** Its limit for waiting in line has passed: takes it back, unless it has begun. */
  waitedTooLong(): void;
}

/** How an iteration sends its work item. */
export interface Iterating {
  readonly rt: Runtime;
  readonly buffersize: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Whether a pending `next` keeps the process alive. Default: true. */
  readonly ref?: boolean | undefined;
  readonly waitTimeout: number | undefined;
  /** To find deadlocks: the slot of the one interpreter that may run it, and a verb phrase that says what this thread does. */
  readonly from?: { readonly slot: Slot; readonly what: string };
  /**
   * Sends the work item, with the queue's id as its last argument, and calls `settled` as soon as its outcome is known.
   *
   * @throws what keeps it from being sent
   */
  send(queue: QueueId, settled: () => void): Producer;
}

/** @throws TypeError, RangeError a bad `buffersize` */
export function checkBuffersize(buffersize: unknown): void {
  if (buffersize === undefined || buffersize === Infinity) return;
  checkCount("with: buffersize", buffersize, 1);
}

/** The part that both forms share. The garbage collector ends it when the iterator that the user has is gone, so it must not refer to that. */
export class Feed {
  readonly #how: Iterating;
  /** The hidden queue, or 0 before the work item is sent and after the queue is released. */
  #queue: Pointer = 0;
  #getting: WaitQueue | undefined;
  #taker: Taker<unknown> | undefined;
  #producer: Producer | undefined;
  /** The most items of a batch. */
  #most = 1;
  #batch: unknown[] = [];
  /** Where in the batch the next item is. */
  #at = 0;
  readonly #brief = new BriefLook();
  #begun = false;
  /** Set when no item is wanted any more. */
  #over = false;
  /** What `fill` must still throw, once the batch is empty. */
  #failure: { readonly error: unknown } | undefined;
  /** How many calls wait at the queue. */
  #waiting = 0;
  /** When the work item has waited in line for as long as it may (`clock`). */
  #waitsUntil = Infinity;
  #stopListening: (() => void) | undefined;
  readonly #whenSettled: (() => void)[] = [];

  constructor(how: Iterating) {
    this.#how = how;
  }

  get hasItem(): boolean {
    return this.#at < this.#batch.length;
  }

  /** Takes the next item of the batch. It may be large, so only the consumer may keep it reachable. */
  takeItem(): unknown {
    const at = this.#at++;
    const item = this.#batch[at];
    this.#batch[at] = undefined;
    return item;
  }

  /** Fills the empty batch. Resolves to the end if no more items come. @throws what the iteration failed with */
  async fill(): Promise<IteratorReturnResult<unknown> | undefined> {
    const { getting, attempt } = this.#begin();
    if (getting === undefined) return this.#end();
    this.#waiting++;
    try {
      const status = await getting.until(Infinity, undefined, attempt, this.#how.ref);
      if (status === OK && this.hasItem) return undefined;
    } catch (error) {
      this.#unreadable(error);
      if (this.hasItem) return undefined;
    } finally {
      this.#waiting--;
    }
    return this.#end();
  }

  /** As `fill`, but blocks this thread. */
  fillSync(): IteratorReturnResult<unknown> | undefined {
    const { getting, attempt } = this.#begin();
    if (getting === undefined) return this.#end();
    this.#waiting++;
    try {
      let status = attempt(false);
      if (status === STATUS_EMPTY) {
        // No timer runs meanwhile.
        const limited = this.#waitsUntil !== Infinity;
        if (limited) status = getting.waitSync(Math.max(0, this.#waitsUntil - clock()), () => attempt(true));
        if (status === STATUS_EMPTY) {
          if (limited) this.#producer?.waitedTooLong();
          this.#waitsUntil = Infinity;
          status = getting.waitSync(Infinity, () => attempt(true), this.#endless());
        }
      }
      if (status === OK) return undefined;
    } catch (error) {
      if (this.#over) throw error;
      this.#unreadable(error);
      if (this.hasItem) return undefined;
    } finally {
      this.#waiting--;
    }
    return this.#end();
  }

  /** No item is wanted any more. Resolves when the generator has ended. @throws what its `finally` threw; InterpreterDiedError */
  async leave(): Promise<void> {
    const producer = this.stop();
    if (producer === undefined) return;
    const { rt } = this.#how;
    rt.ref();
    await new NativePromise<void>((resolve) => this.#whenSettled.push(resolve));
    rt.unref();
    producer.outcome();
  }

  /** As `leave`, but blocks this thread. */
  leaveSync(): void {
    const producer = this.stop();
    if (producer === undefined) return;
    this.#how.rt.blockUntil(() => producer.settled, Infinity, this.#endless());
    producer.outcome();
  }

  /** No item is wanted any more. Returns the work item if its end is still to come. */
  stop(): Producer | undefined {
    const producer = this.#producer;
    this.#begun = true;
    if (this.#over || producer === undefined) {
      this.#over = true;
      return undefined;
    }
    this.#drop();
    // In line, no code of it has run.
    return producer.settled || producer.withdraw(undefined) ? undefined : producer;
  }

  /** A wait for the generator's interpreter. If it would never end, the iteration ends with an error. */
  #endless(): Wait | undefined {
    const { rt, from } = this.#how;
    if (from === undefined) return undefined;
    const refuse = (found: Endless): never => {
      this.stop();
      throw deadlockError(rt, from.what, found);
    };
    return { on: replyOf(from.slot), refuse };
  }

  /** Sends the work item, the first time. Returns how to fill the batch, or nothing if no more items can come. */
  #begin(): { getting: WaitQueue | undefined; attempt: (wait: boolean) => number } {
    if (!this.#begun) this.#send();
    const [getting, taker] = [this.#getting, this.#taker];
    if (this.#over || getting === undefined || taker === undefined) return NOTHING;
    const batch: unknown[] = [];
    this.#batch = batch;
    this.#at = 0;
    const { rt } = this.#how;
    const attempt = (wait: boolean): number => {
      const status = taker.many(batch, this.#most, wait);
      if (status !== STATUS_EMPTY) {
        if (wait) this.#brief.waited();
        return status;
      }
      if (wait || !this.#brief.look(rt.m, this.#queue, seemsToHaveRecord)) return status;
      return taker.many(batch, this.#most, wait);
    };
    return { getting, attempt };
  }

  #send(): void {
    this.#begun = true;
    const { rt, buffersize = BUFFERSIZE, signal, waitTimeout = Infinity, send } = this.#how;
    try {
      signal?.throwIfAborted();
      this.#most = 1 + (Math.min(buffersize, MOST_AT_ONCE) >> 1);
      const maxsize = buffersize === Infinity ? 0 : buffersize - this.#most + 1;
      this.#queue = createQueue(rt.m, maxsize, UNBOUND_ITEM_KEEP, true);
      if (this.#queue === 0) throw memoryFull("iterate");
      const id = queueIdOf(rt.m, this.#queue);
      this.#getting = new WaitQueue(rt, this.#queue, Q_GETTERS);
      this.#taker = new Taker(rt, this.#queue, id);
      this.#waitsUntil = clock() + waitTimeout;
      const producer = send(id, () => this.#settled());
      this.#producer = producer;
      if (producer.settled) this.#settled();
      if (signal !== undefined) this.#stopListening = onAbort(signal, () => this.#abort(signal));
    } catch (error) {
      this.#failure = { error };
      this.#drop();
    }
  }

  /** The work item's outcome is known. No item comes after those in the queue. */
  #settled(): void {
    if (this.#queue !== 0) shutdownQueue(this.#how.rt.m, this.#queue, false);
    for (const resolve of this.#whenSettled.splice(0)) resolve();
    this.#release();
  }

  #abort({ reason }: AbortSignal): void {
    const producer = this.#producer;
    if (this.#over || producer === undefined) return;
    this.#failure = { error: reason };
    this.#drop();
    if (producer.settled || producer.withdraw(reason)) return;
    this.#stopLater(producer);
  }

  /** Has the generator's interpreter stopped, unless the generator comes to its `yield` in time, and ends there: then its interpreter lives on. */
  #stopLater(producer: Producer): void {
    const { m } = this.#how.rt;
    let patience = FOR_YIELD;
    let parts = PARTS;
    const look = (): void => {
      if (producer.settled) return;
      const ends = queueIdOf(m, this.#queue) === -1;
      if (ends && patience !== FOR_FINALLY) [patience, parts] = [FOR_FINALLY, PARTS];
      else if (!ends && isAtYield(m, this.#queue)) parts = PARTS;
      else parts--;
      if (parts === 0) producer.stop();
      else startTimer(patience / PARTS, look)?.unref();
    };
    startTimer(patience / PARTS, look)?.unref();
  }

  /** An item cannot be read here. Those that were taken with it are in the batch. */
  #unreadable(error: unknown): void {
    this.#failure ??= { error };
    if (this.#queue !== 0) this.#shutDown();
  }

  /** Drops all items, and has none put any more. */
  #drop(): void {
    this.#over = true;
    this.#batch = [];
    this.#at = 0;
    if (this.#queue !== 0) this.#shutDown();
    this.#release();
  }

  #shutDown(): void {
    const { rt } = this.#how;
    shutdownQueue(rt.m, this.#queue, true);
    collectCarried(rt, this.#queue);
  }

  /** The end of the iteration. @throws what it failed with */
  #end(): IteratorReturnResult<unknown> {
    const [failure, wasOver] = [this.#failure, this.#over];
    this.#failure = undefined;
    this.#over = true;
    this.#release();
    if (failure !== undefined) throw failure.error;
    // The queue was shut down because the outcome is known.
    return { done: true, value: wasOver ? undefined : this.#producer?.outcome() };
  }

  /** Releases the queue once neither side needs it. */
  #release(): void {
    if (!this.#over) return;
    this.#stopListening?.();
    this.#stopListening = undefined;
    if (this.#queue === 0 || this.#waiting > 0 || this.#producer?.settled === false) return;
    releaseHandle(this.#how.rt, this.#queue, false);
    this.#queue = 0;
    this.#getting = undefined;
  }
}

const NOTHING = { getting: undefined, attempt: (): number => STATUS_EMPTY };
