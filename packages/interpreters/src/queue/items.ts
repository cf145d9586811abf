/** Items on their way: values as messages and batches, and records that were taken as values. */
import { show } from "../base/check.js";
import { ItemInterpreterDestroyed, QueueShutDown } from "../base/errors.js";
import { take, takeMany } from "../kernel/queues.js";
import { makeReceived, makeReceivedMany, type Received } from "../kernel/receive.js";
import type { SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Pointer } from "../memory/brands.js";
import { OK, R_SIZE, RECORD_ERROR, RECORD_UNBOUND } from "../memory/layout.js";
import type { Runtime } from "../thread/runtime.js";
import { SupervisorHandover } from "../transfer/handover.js";
import { Moves } from "../transfer/moves.js";
import { Batch } from "../wire/batch.js";
import { Message, readPlain, readValue } from "../wire/message.js";
import type { PutOptions } from "./options.js";
import { UNBOUND, unboundNumber } from "./unbound.js";

/** Room for `Taker.many`, made when it is first used. */
let many = makeReceivedMany(0);
const MOST_AT_ONCE = 1024;

/** Encodes an item. The caller must discard the message. @throws NotShareableError; TypeError a bad option */
export function encodeItem(
  m: SharedMemory,
  value: unknown,
  { unboundItems }: PutOptions,
  moves: ItemMoves | undefined,
): Message {
  if (unboundItems !== undefined) unboundNumber(unboundItems);
  const message = Message.take(m);
  try {
    message.value(value, "value", false, moves);
    moves?.check();
    return message;
  } catch (error) {
    discardItem(message, moves);
    throw error;
  }
}

/** The buffers that move with an item. */
export type ItemMoves = Moves<SupervisorHandover, Runtime>;

/** Returns the moves of the item's buffers, or undefined if it cannot have any. */
export function movesOf(rt: Runtime, value: unknown, { transfer }: PutOptions): ItemMoves | undefined {
  if (transfer === undefined && (typeof value !== "object" || value === null)) return undefined;
  return new Moves(rt, transfer, SupervisorHandover.of);
}

/** Puts an item of this interpreter, and with it what moves: once the item is in the queue, its buffers leave this thread. Returns a status. */
export function putItem(
  { id }: Runtime,
  queue: Pointer,
  message: Message,
  wait: boolean,
  unbound: number,
  moves: ItemMoves | undefined,
): number {
  const status = message.intoQueue(queue, wait, id, unbound);
  if (status === OK) {
    moves?.handover?.handOver();
    moves?.sent();
  }
  return status;
}

/** Gives back what `encodeItem` made, whether the item was put or not. */
export function discardItem(message: Message, moves: ItemMoves | undefined): void {
  message.discard();
  moves?.done();
}

/**
 * Encodes several items of `sender`. The caller must discard the batch. Some of them may be put and others not, so their buffers cannot move.
 *
 * @throws as `encodeItem`
 */
export function encodeItems(values: Iterable<unknown>, sender: InterpreterId, unbound: number): Batch {
  if (typeof (values as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] !== "function") {
    throw new TypeError(`putMany: values must be iterable, found ${show(values)}`);
  }
  return new Batch(values, sender, unbound);
}

/** The record that was taken last. Decode it at once: the next waiter takes its item into the same place. */
const received = makeReceived();

/** A get that waits: `attempt` returns a status, and keeps the item if there was one. */
interface WaitingGet<T> {
  attempt: () => number;
  item?: T;
}

/** Takes the items of one queue. */
export class Taker<T> {
  readonly #rt: Runtime;
  readonly #pointer: Pointer;
  readonly #id: number;

  constructor(rt: Runtime, pointer: Pointer, id: number) {
    this.#rt = rt;
    this.#pointer = pointer;
    this.#id = id;
  }

  /** Takes the next record. Returns a status; if that is OK, `item` must follow. `wait` as for the kernel's `take`. */
  attempt(wait: boolean): number {
    return take(this.#rt.m, this.#pointer, wait, received);
  }

  /** The item in the record that was taken. @throws ItemInterpreterDestroyed; what decoding throws */
  item(): T {
    return itemOf(this.#rt.m, this.#id, received) as T;
  }

  waiting(): WaitingGet<T> {
    const get: WaitingGet<T> = {
      attempt: () => {
        const status = this.attempt(true);
        if (status === OK) get.item = this.item();
        return status;
      },
    };
    return get;
  }

  /** Takes up to `max` items and appends them to `items`. Returns a status. @throws as `item`, with the other items as `items` */
  many(items: T[], max: number, wait: boolean): number {
    const most = Math.min(max, MOST_AT_ONCE);
    if (many.records.length < most) many = makeReceivedMany(most);
    const count = takeMany(this.#rt.m, this.#pointer, wait, many, most);
    if (count <= 0) return count;
    const { records, batches, space } = many;
    let failure: unknown;
    for (let i = 0, n = 0; i < count;) {
      // A batch, or one record by itself.
      const batch = n < batches.length && batches[n] === i;
      const end = batch ? i + batches[n + 1] : i + 1;
      for (let at = batch ? batches[n + 2] : 0; i < end; i++) {
        try {
          items.push((batch ? readPlain(space, at) : itemOf(this.#rt.m, this.#id, records[i])) as T);
        } catch (error) {
          failure ??= error;
        }
        if (batch) at += space.words[at + R_SIZE];
      }
      if (batch) n += 3;
    }
    if (failure === undefined) return OK;
    // All of them were taken, so the caller must get the others with the error.
    if (count > 1) Object.defineProperty(failure, "items", { value: items });
    throw failure;
  }
}

/** The item in a record that was taken from queue `id`. @throws ItemInterpreterDestroyed; what decoding throws */
function itemOf(m: SharedMemory, id: number, from: Received): unknown {
  if (from.state === RECORD_UNBOUND) return UNBOUND;
  if (from.state === RECORD_ERROR) {
    throw new ItemInterpreterDestroyed(
      `Cannot get from queue ${id}: the next item is gone with interpreter ${from.sender}, which put it (UNBOUND_ERROR)`,
    );
  }
  return readValue(m, from, 0);
}

/** Gets item by item until the queue is shut down and empty. */
export async function* untilShutDown<T>(queue: { get(): Promise<T> }): AsyncGenerator<T, void, undefined> {
  for (;;) {
    let item: T;
    try {
      item = await queue.get();
    } catch (error) {
      if (error instanceof QueueShutDown) return;
      throw error;
    }
    yield item;
  }
}
