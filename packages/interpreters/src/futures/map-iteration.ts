/**
 * One iteration of `map`: runs a function over a source with a bounded number of items under way.
 *
 *     source ──pull──▶ #gathered ──flush──▶ tasks, #window ──done, in turn──▶ #current ──▶ consumer
 *             └───────────── #held items: at most `buffersize` ─────────────┘
 *
 * It pulls while #held allows, also while the consumer waits for a result, so a slow asynchronous source delays no result
 * that is already there. A parcel is sent when it is full. One that is not full is sent too if nothing more can be pulled
 * now and a worker may be idle.
 *
 * When the iteration ends, however it ends, the source is closed and the tasks in line are cancelled.
 */
import { AsyncLocalStorage } from "../platform/async-context.js";
import { NativePromise, queueMicrotask } from "../platform/microtasks.js";
import { onAbort } from "../base/abort.js";
import { clock } from "../base/clock.js";
import type { Trace } from "../thread/trace.js";
import { startTimer, stopTimer } from "../base/timer.js";
import { type ChunkSize, type Parcel, type Results, resultsOf } from "./chunks.js";
import type { Future } from "./future.js";
import type { Room } from "./room.js";
import type { Pulled, Source } from "./source.js";
import { timeoutError } from "../base/limits.js";

/** The source, the function and the limits of an iteration. The caller has checked them. */
export interface MapPlan<I> {
  /** The name of the method, for messages. */
  readonly what: string;
  /** How many tasks can run at a time. */
  readonly places: number;
  /** The pool's room for tasks (`maxQueue`). A parcel is sent only if there is some. */
  readonly room: Room;
  /** Where the method was called, for the stacks of errors. */
  readonly trace: Trace;
  readonly source: Source<I>;
  /** Submits items: a single one as a plain task, or any number as a call batch (`chunk`). */
  readonly send: (items: readonly I[], chunk: boolean) => Future<unknown>;
  readonly chunks: ChunkSize;
  /** The most items pulled and not yet consumed; by default it follows the size of the call batches. */
  readonly buffersize: number | undefined;
  readonly ordered: boolean;
  /** Milliseconds, for the message. */
  readonly timeout: number;
  /** The time by which each result must be there, in milliseconds of `clock`. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

/** Parcels under way, by default, for each task that can run at a time: those in line hide the time of the way there and back. */
const CHUNKS_IN_PLACE = 4;

export class MapIteration<I, O> {
  readonly #plan: MapPlan<I>;
  /** Parcels that are submitted and not yet consumed, in the order of their items. */
  readonly #window = new Set<Parcel>();
  /** Those of #window that are done, in the order in which they finished. Always empty if the results are ordered. */
  readonly #done: Parcel[] = [];
  /** How many submitted parcels are not done. */
  #underWay = 0;
  /** Items that are pulled and not yet submitted. */
  #gathered: I[] = [];
  /** How many items are pulled and not yet consumed: those of #gathered, #window and the rest of #current. */
  #held = 0;
  /** Whether `source.next()` is under way. There is never more than one. */
  #pulling = false;
  /** Whether the source ended or threw. Then it is closed already, and must not be asked again. */
  #exhausted = false;
  /** Whether the iteration has ended. An item that arrives later has no consumer and is dropped. */
  #over = false;
  /** The first failure of the source or of sending. Thrown after all results that precede it. Nothing is pulled any more. */
  #failure: { readonly error: unknown } | undefined;
  /** The first of deadline and signal. Thrown before any further result. */
  #stop: { readonly error: unknown } | undefined;
  /** The results that are being consumed, and how many of them are. */
  #current: Results<O> | undefined;
  #consumed = 0;
  /** Ends the wait for room in the pool. Undefined while it does not wait for that. */
  #stopWaiting: (() => void) | undefined;
  /** Ends the wait of `#change`. Does nothing if the consumer does not wait. */
  #wake = (): void => {};

  constructor(plan: MapPlan<I>) {
    this.#plan = plan;
  }

  /** Yields the results. Call it once. */
  async *results(): AsyncGenerator<O, void, undefined> {
    const { signal } = this.#plan;
    signal?.throwIfAborted();
    const stopListening = signal && onAbort(signal, () => this.#stopWith(signal.reason));
    let failed = false;
    try {
      for (;;) {
        this.#pull();
        this.#checkStop();
        if (this.#hasResult()) yield this.#takeResult();
        else if (this.#expectsResult()) await this.#change();
        else if (this.#failure !== undefined) throw this.#failure.error;
        else return;
      }
    } catch (error) {
      failed = true;
      throw error;
    } finally {
      stopListening?.();
      await this.#close(failed);
    }
  }

  /** Pulls items until `buffersize` are held or the source makes it wait, and sends what is gathered if that is due. */
  #pull(): void {
    const { chunks, places } = this.#plan;
    while (this.#gathered.length < chunks.size && this.#mayPull()) this.#pullOne();
    if (this.#gathered.length === 0) return;
    if (this.#gathered.length >= chunks.size || this.#exhausted || this.#underWay < places) this.#flush();
  }

  #mayPull(): boolean {
    return !this.#exhausted && this.#failure === undefined && !this.#pulling && this.#hasRoom();
  }

  #hasRoom(): boolean {
    const { buffersize, chunks, places } = this.#plan;
    return this.#held < (buffersize ?? CHUNKS_IN_PLACE * places * chunks.size);
  }

  #pullOne(): void {
    this.#pulling = true;
    let pulled: Pulled<I> | Promise<Pulled<I>>;
    try {
      pulled = this.#plan.source.pull();
    } catch (error) {
      this.#sourceFailed(error);
      return;
    }
    if (pulled === undefined || "item" in pulled) this.#accept(pulled);
    else pulled.then(this.#accept, this.#sourceFailed);
  }

  /** The source gave an item, or ended. */
  readonly #accept = (pulled: Pulled<I>): void => {
    this.#pulling = false;
    if (this.#over) return;
    if (pulled === undefined) this.#exhausted = true;
    else {
      this.#gathered.push(pulled.item);
      this.#held++;
      if (this.#gathered.length >= this.#plan.chunks.size) this.#flush();
    }
    this.#wake();
  };

  readonly #sourceFailed = (error: unknown): void => {
    this.#pulling = false;
    this.#exhausted = true;
    this.#failure ??= { error };
    this.#wake();
  };

  /** Sends the gathered items, or waits for room. If one of them cannot travel, those before it are still sent. */
  #flush(): void {
    if (this.#stopWaiting !== undefined) return;
    if (this.#plan.room.free) this.#sendGathered();
    else this.#stopWaiting = this.#plan.room.wait(AsyncLocalStorage.bind(this.#onRoom));
  }

  /** Not at once: a task of another caller is just being settled, and sending calls getters of the user. */
  readonly #onRoom = (): void =>
    queueMicrotask(() => {
      this.#stopWaiting = undefined;
      if (this.#over) return;
      this.#sendGathered();
      this.#wake();
    });

  #sendGathered(): void {
    const items = this.#gathered;
    this.#gathered = [];
    try {
      this.#sendAll(items);
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  #sendAll(items: I[]): void {
    try {
      this.#send(items, !this.#plan.chunks.single);
    } catch (error) {
      if (items.length === 1) throw error;
      // One of them cannot travel: the loop sends those before it, and throws at that one.
      for (const item of items) this.#send([item], false);
    }
  }

  #send(items: I[], chunk: boolean): void {
    const parcel: Parcel = { future: this.#plan.send(items, chunk), chunk, size: items.length };
    // Its failure is reported in its turn, and is no unhandled rejection until then.
    parcel.future.abandon();
    this.#window.add(parcel);
    this.#underWay++;
    parcel.future.addDoneListener(() => this.#parcelDone(parcel));
  }

  #parcelDone(parcel: Parcel): void {
    const { chunks, ordered } = this.#plan;
    this.#underWay--;
    chunks.learn(parcel);
    if (!ordered) this.#done.push(parcel);
    this.#wake();
  }

  /** Throws if the deadline has passed or the signal has aborted. */
  #checkStop(): void {
    if (clock() > this.#plan.deadline) this.#timeUp();
    if (this.#stop !== undefined) throw this.#stop.error;
  }

  readonly #timeUp = (): void => {
    const { what, timeout } = this.#plan;
    this.#stopWith(timeoutError(`${what}: the results were not there within ${timeout} ms`));
  };

  #stopWith(error: unknown): void {
    this.#stop ??= { error };
    this.#wake();
  }

  /**
   * Whether #current has a result to consume; moves on to the next parcel that is done if necessary.
   *
   * @throws what a call threw, after the results that precede it
   */
  #hasResult(): boolean {
    for (;;) {
      const current = this.#current;
      if (current !== undefined && this.#consumed < current.values.length) return true;
      if (current?.failure !== undefined) throw current.failure.error;
      const parcel = this.#nextDone();
      if (parcel === undefined) return false;
      this.#window.delete(parcel);
      this.#current = resultsOf<O>(parcel, this.#plan.trace);
      this.#consumed = 0;
    }
  }

  /** The next parcel in turn, if it is done. */
  #nextDone(): Parcel | undefined {
    if (!this.#plan.ordered) return this.#done.shift();
    const [oldest] = this.#window;
    return oldest?.future.done() ? oldest : undefined;
  }

  /** Takes a result out of #current. It may be large, so only the consumer may keep it reachable. */
  #takeResult(): O {
    const { values } = this.#current as Results<O>;
    const at = this.#consumed++;
    const value = values[at];
    delete values[at];
    this.#held--;
    return value;
  }

  /** Whether results may still come: of tasks under way, or of items to pull. */
  #expectsResult(): boolean {
    if (this.#window.size > 0) return true;
    return this.#failure === undefined && (!this.#exhausted || this.#gathered.length > 0);
  }

  /** Waits until a parcel is done, the source has given something, or the iteration must stop. */
  #change(): Promise<void> {
    // A timer keeps the process alive, so it runs only while the consumer waits here.
    const timer = startTimer(this.#plan.deadline - clock(), this.#timeUp);
    return new NativePromise((resolve) => {
      this.#wake = () => {
        stopTimer(timer);
        resolve();
      };
    });
  }

  /**
   * Cancels the tasks in line and closes the source. As with `for await`, an exception of that does not take the place of one
   * that ended the iteration (`failed`).
   */
  async #close(failed: boolean): Promise<void> {
    this.#over = true;
    this.#stopWaiting?.();
    for (const { future } of this.#window) future.cancel();
    if (this.#exhausted) return;
    // While `next()` is under way, the end of `return()` may never come: do not wait for it.
    const waits = !this.#pulling;
    const closing = this.#closeSource(failed || !waits);
    if (waits) await closing;
  }

  async #closeSource(quietly: boolean): Promise<void> {
    try {
      await this.#plan.source.close();
    } catch (error) {
      if (!quietly) throw error;
    }
  }
}
