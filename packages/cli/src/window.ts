/**
 * Runs one task per item of a source, a bounded number of them at a time, and emits their outcomes.
 *
 * An item counts against the window from the moment it is pulled until its outcome has been emitted, so memory
 * stays bounded for endless input, behind a slow first item, and behind a slow reader of the output: `emit` may
 * return a promise, and until it settles no further outcome is emitted and, once the window is full, no item is pulled.
 *
 * Invariants:
 * - `emit` is called for one outcome at a time and, if `ordered`, in the order of the items.
 * - With `stopOnFailure` the emitted outcomes are those of a run that took one item after the other: no task starts
 *   after a failure, items before the failed one still end and are emitted, items after it are cancelled.
 *   (Unordered, outcomes that came before the failure have also been emitted, whatever their position.)
 * - After an abort, finished outcomes are emitted, and running tasks are not awaited. If `ordered`, these are the outcomes
 *   before the first running task; with `gaps` all of them, still in order.
 */

/** A task in progress. `cancel` is called at most once, and only if its result is no longer needed. */
export interface Task<R> {
  readonly result: PromiseLike<R>;
  cancel(): void;
}

/** How an item ended. */
export type Outcome<I, R> =
  | { readonly item: I; readonly ok: true; readonly value: R }
  | { readonly item: I; readonly ok: false; readonly error: unknown };

export interface WindowOptions<I, R> {
  /** How many items may be in flight or waiting to be emitted. */
  readonly size: number;
  readonly ordered: boolean;
  readonly stopOnFailure: boolean;
  /** Whether a reader of the outcomes can do without some of them: each names its item. */
  readonly gaps?: boolean;
  /** Starts the task of an item. If it throws, the item fails. */
  start(item: I): Task<R>;
  emit(outcome: Outcome<I, R>): void | PromiseLike<void>;
  readonly signal?: AbortSignal;
  /** Bounds memory for large items: beyond `maxWeight` no item is pulled while the window holds `minSize` items. */
  readonly weight?: {
    ofItem(item: I): number;
    ofResult(value: R): number;
    readonly maxWeight: number;
    readonly minSize: number;
  };
}

interface Slot<I, R> {
  readonly index: number;
  readonly item: I;
  weight: number;
  task: Task<R> | undefined;
  outcome: Outcome<I, R> | undefined;
}

/** A wake-up for one waiter. A notification that comes before the wait is remembered. */
class Wakeup {
  #notified = false;
  #resolve: (() => void) | undefined;

  notify(): void {
    this.#notified = true;
    this.#resolve?.();
  }

  async wait(): Promise<void> {
    if (!this.#notified) await new Promise<void>((resolve) => (this.#resolve = resolve));
    this.#notified = false;
    this.#resolve = undefined;
  }
}

/** Resolves once the last outcome has been emitted; rejects if `source` or `emit` fails. */
export async function runWindow<I, R>(source: AsyncIterable<I>, options: WindowOptions<I, R>): Promise<void> {
  const { size, ordered, stopOnFailure, signal, weight } = options;
  const iterator = source[Symbol.asyncIterator]();
  // Items in flight or not yet emitted, in input order: a Set iterates in order of insertion.
  const slots = new Set<Slot<I, R>>();
  const settledInAnyOrder: Slot<I, R>[] = [];
  const room = new Wakeup();
  const changed = new Wakeup();
  let totalWeight = 0;
  let stopped = signal?.aborted ?? false;
  let exhausted = false;
  let sourceFailure: { readonly error: unknown } | undefined;
  // With stopOnFailure, the index of the first item that failed: items after it no longer matter.
  let limit = Infinity;

  const stop = (): void => {
    stopped = true;
    room.notify();
    changed.notify();
  };

  const settle = (slot: Slot<I, R>, outcome: Outcome<I, R>, added: number): void => {
    if (!slots.has(slot)) return;
    slot.outcome = outcome;
    slot.task = undefined;
    slot.weight += added;
    totalWeight += added;
    if (!ordered) settledInAnyOrder.push(slot);
    if (!outcome.ok && stopOnFailure) {
      limit = Math.min(limit, slot.index);
      for (const later of slots) if (later.index > limit) drop(later);
      stop();
    }
    changed.notify();
  };

  // Forgets a slot that will not be emitted. An unordered slot that has settled stays, and is emitted.
  const drop = (slot: Slot<I, R>): void => {
    if (slot.outcome !== undefined && !ordered) return;
    remove(slot);
    slot.task?.cancel();
    slot.task = undefined;
  };

  const remove = (slot: Slot<I, R>): void => {
    if (slots.delete(slot)) totalWeight -= slot.weight;
  };

  const launch = (index: number, item: I): void => {
    const slot: Slot<I, R> = {
      index,
      item,
      weight: weight?.ofItem(item) ?? 0,
      task: undefined,
      outcome: undefined,
    };
    slots.add(slot);
    totalWeight += slot.weight;
    const fail = (error: unknown): void => settle(slot, { item, ok: false, error }, 0);
    try {
      const task = options.start(item);
      slot.task = task;
      task.result.then(
        (value) => settle(slot, { item, ok: true, value }, weight?.ofResult(value) ?? 0),
        fail,
      );
    } catch (error) {
      fail(error);
    }
  };

  const isFull = (): boolean =>
    slots.size >= size ||
    (weight !== undefined && totalWeight >= weight.maxWeight && slots.size >= weight.minSize);

  const pull = async (): Promise<void> => {
    try {
      for (let index = 0; !stopped; index++) {
        while (isFull() && !stopped) await room.wait();
        if (stopped) break;
        const next = await iterator.next();
        if (next.done === true || stopped) break;
        launch(index, next.value);
      }
    } catch (error) {
      sourceFailure = { error };
    } finally {
      exhausted = true;
      changed.notify();
    }
  };

  const takeSettled = (): Slot<I, R> | undefined => {
    if (!ordered) return settledInAnyOrder.shift();
    for (const slot of slots) {
      if (slot.outcome !== undefined) return slot;
      if (options.gaps !== true || signal?.aborted !== true) break;
    }
    return undefined;
  };

  // After a failure, only the items before it are left in `slots`. The source need not have ended.
  const isOver = (): boolean =>
    signal?.aborted === true || (slots.size === 0 && (exhausted || limit !== Infinity));

  signal?.addEventListener("abort", stop);
  try {
    void pull();
    for (;;) {
      const slot = takeSettled();
      if (slot?.outcome !== undefined) {
        const emitted = options.emit(slot.outcome);
        if (emitted !== undefined) await emitted;
        remove(slot);
        room.notify();
      } else if (isOver()) {
        break;
      } else {
        await changed.wait();
      }
    }
    if (sourceFailure !== undefined && signal?.aborted !== true && limit === Infinity)
      throw sourceFailure.error;
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
    for (const slot of slots) drop(slot);
    // Not awaited: a source that is waiting for its next item replies only once that comes, which may be never.
    if (!exhausted) iterator.return?.().then(undefined, () => undefined);
  }
}
