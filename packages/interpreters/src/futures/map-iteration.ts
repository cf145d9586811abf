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
import { type Link, LinkedList } from "../base/linked-list.js";
import type { Trace } from "../thread/trace.js";
import { startTimer, stopTimer } from "../base/timer.js";
import { type ChunkSize, notCalled, type Parcel, type Results, resultsOf } from "./chunks.js";
import { isOfPool, nameItems } from "./failure.js";
import type { Future } from "./future.js";
import type { Room } from "./room.js";
import type { Pulled, Source } from "./source.js";
import { timeoutError } from "../base/limits.js";

/** Items on their way. */
export interface Sent {
  readonly future: Future<unknown>;
  /** The arguments of each call. */
  readonly lists: readonly unknown[][];
}

/** The group to which the tasks of an iteration belong. */
export interface MapOwner {
  /** Called with the error that the iteration is about to throw. */
  readonly onFailure: (error: unknown) => void;
  /** Aborts when the group is cancelled. The iteration then throws the reason, after the results of what was sent. */
  readonly signal: AbortSignal;
}

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
  /** Submits items, whose first has the index `first`: a single one as a plain task, or any number as a call batch (`chunk`). */
  readonly send: (items: readonly I[], first: number, chunk: boolean) => Sent;
  /** Submits a call batch again, from the arguments of its calls. */
  readonly sendLists: (lists: readonly unknown[][]) => Future<unknown>;
  /** Whether each item must be sent alone. */
  readonly single: boolean;
  /** The group to which the tasks belong, if any. */
  readonly group: MapOwner | undefined;
  /** A future that failed with an error. */
  readonly refused: (error: unknown) => Future<unknown>;
  readonly chunks: ChunkSize;
  /** The most items pulled and not yet consumed; by default it follows the size of the call batches. */
  readonly buffersize: number | undefined;
  readonly ordered: boolean;
  /** Whether to yield how each call ended, and to go on after one that failed. */
  readonly settled: boolean;
  /** Milliseconds, for the message. */
  readonly timeout: number;
  /** The time by which each result must be there, in milliseconds of `clock`. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

/** Parcels under way, by default, for each task that can run at a time: those in line hide the time of the way there and back. */
const CHUNKS_IN_PLACE = 4;

export class MapIteration<I> {
  readonly #plan: MapPlan<I>;
  /** Parcels that are submitted and not yet consumed, in the order of their items. */
  readonly #window = new LinkedList<Parcel>();
  /** Those of #window that are done, in the order in which they finished. Always empty if the results are ordered. */
  readonly #done: Parcel[] = [];
  /** How many submitted parcels are not done. */
  #underWay = 0;
  /** Items that are pulled and not yet submitted. */
  #gathered: I[] = [];
  /** The index of the first of these, or of the next item. */
  #first = 0;
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
  #current: Results<unknown> | undefined;
  #consumed = 0;
  /** The index of the item whose result is consumed next. */
  #index = 0;
  /** Ends the wait for room in the pool. Undefined while it does not wait for that. */
  #stopWaiting: (() => void) | undefined;
  /** Ends the wait of `#change`. Does nothing if the consumer does not wait. */
  #wake = (): void => {};

  constructor(plan: MapPlan<I>) {
    this.#plan = plan;
  }

  /** Yields the results. Call it once. */
  async *results(): AsyncGenerator<unknown, void, undefined> {
    const { signal, group } = this.#plan;
    const stopListening = [
      signal && onAbort(signal, () => this.#stopWith(signal.reason)),
      group && onAbort(group.signal, () => this.#sendNoMore(group.signal.reason)),
    ];
    let failed = false;
    try {
      signal?.throwIfAborted();
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
      group?.onFailure(error);
      throw error;
    } finally {
      for (const stop of stopListening) stop?.();
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

  /** The group was cancelled: the source must not keep the iteration waiting. */
  #sendNoMore(error: unknown): void {
    this.#gathered = [];
    this.#failure ??= { error };
    this.#wake();
  }

  /** Sends the gathered items, or waits for room. If one of them cannot travel, those before it are still sent. */
  #flush(): void {
    if (this.#stopWaiting !== undefined) return;
    if (this.#plan.room.keep()) this.#sendGathered();
    else this.#stopWaiting = this.#plan.room.wait(AsyncLocalStorage.bind(this.#onRoom));
  }

  /** Not at once: a task of another caller is just being settled, and sending calls getters of the user. */
  readonly #onRoom = (): void =>
    queueMicrotask(() => {
      this.#stopWaiting = undefined;
      if (this.#over || this.#gathered.length === 0) return;
      this.#sendGathered();
      this.#wake();
    });

  #sendGathered(): void {
    const items = this.#gathered;
    const first = this.#first;
    this.#gathered = [];
    this.#first += items.length;
    if (this.#plan.single) {
      this.#sendSingly(items, first);
      return;
    }
    try {
      this.#send(items, first, !this.#plan.chunks.single);
    } catch (error) {
      // One of them cannot travel. Those before it are still sent.
      if (items.length === 1) this.#notSent(error, first);
      else this.#sendSingly(items, first);
    }
  }

  #sendSingly(items: I[], first: number): void {
    for (let i = 0; i < items.length && this.#failure === undefined; i++) {
      try {
        this.#send([items[i]], first + i, false);
      } catch (error) {
        this.#notSent(error, first + i);
      }
    }
  }

  #send(items: I[], first: number, chunk: boolean): void {
    const { send, settled } = this.#plan;
    const size = items.length;
    const { future, lists } = send(items, first, chunk);
    this.#add({ future, chunk, first, size, lists: settled && size > 1 ? lists : undefined });
  }

  /** An item could not be sent: it failed, and with it the iteration unless `settled`. */
  #notSent(error: unknown, index: number): void {
    const { refused, settled, what } = this.#plan;
    if (settled && !isOfPool(error)) {
      this.#add({ future: refused(error), chunk: false, first: index, size: 1 });
      return;
    }
    if (!isOfPool(error)) nameItems(error, { what, first: index, size: 1 });
    this.#failure ??= { error };
  }

  /** Takes a parcel into the window, as the last one by default. */
  #add(parcel: Parcel, after: Link<Parcel> | undefined = this.#window.last): void {
    // Its failure is reported in its turn, and is no unhandled rejection until then.
    parcel.future.abandon();
    parcel.link = this.#window.addAfter(parcel, after);
    this.#underWay++;
    parcel.future.addDoneListener(() => this.#parcelDone(parcel));
  }

  #parcelDone(parcel: Parcel): void {
    const { chunks, ordered } = this.#plan;
    this.#underWay--;
    chunks.learn(parcel);
    this.#sendRest(parcel);
    if (!ordered) this.#done.push(parcel);
    this.#wake();
  }

  /** If a call of a call batch failed, sends those after it, which take their turn right after it. */
  #sendRest(parcel: Parcel): void {
    const { lists, first, size } = parcel;
    parcel.lists = undefined;
    const rest = lists === undefined || this.#over ? 0 : notCalled(parcel);
    if (rest === 0 || lists === undefined) return;
    const left = lists.slice(-rest);
    try {
      const future = this.#plan.sendLists(left);
      // In front, if the parcel itself has been taken out of the window.
      this.#add({ future, chunk: true, first: first + size - rest, size: rest, lists: left }, parcel.link);
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  /** Throws if the deadline has passed or the signal has aborted. */
  #checkStop(): void {
    if (clock() > this.#plan.deadline) this.#timeUp();
    if (this.#stop !== undefined) throw this.#stop.error;
  }

  readonly #timeUp = (): void => {
    const { what, timeout, ordered } = this.#plan;
    const missing = ordered ? `the result of item ${this.#index} was` : "all results were";
    const error = timeoutError(`${what}: ${missing} not there within ${timeout} ms`);
    if (ordered) nameItems(error, { what, first: this.#index, size: 1 });
    this.#stopWith(error);
  };

  #stopWith(error: unknown): void {
    this.#stop ??= { error };
    this.#wake();
  }

  /**
   * Whether #current has a result to consume; moves on to the next parcel that is done if necessary.
   *
   * @throws what a call threw, after the results that precede it, unless `settled`
   */
  #hasResult(): boolean {
    const { what, trace, settled } = this.#plan;
    for (;;) {
      const current = this.#current;
      if (current !== undefined && this.#consumed < current.values.length) return true;
      if (current?.failure !== undefined) {
        if (!settled) throw current.failure.error;
        if (this.#consumed < current.values.length + current.failure.lost) return true;
      }
      const parcel = this.#nextDone();
      if (parcel === undefined) return false;
      this.#window.remove(parcel.link!);
      this.#sendRest(parcel);
      this.#current = resultsOf(parcel, what, trace);
      this.#consumed = 0;
      this.#index = parcel.first;
    }
  }

  /** The next parcel in turn, if it is done. */
  #nextDone(): Parcel | undefined {
    if (!this.#plan.ordered) return this.#done.shift();
    const oldest = this.#window.first;
    return oldest?.future.done() ? oldest : undefined;
  }

  /** Takes a result out of #current. It may be large, so only the consumer may keep it reachable. */
  #takeResult(): unknown {
    const { values, failure } = this.#current as Results<unknown>;
    const at = this.#consumed++;
    const index = this.#index++;
    this.#held--;
    if (at >= values.length) return { index, status: "rejected", reason: failure?.error };
    const value = values[at];
    delete values[at];
    return this.#plan.settled ? { index, status: "fulfilled", value } : value;
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
    this.#window.forEach(({ future }) => future.cancel());
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
