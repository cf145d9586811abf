/** Items on their way: values as messages and batches, and records that were taken as values. */
import { show } from "../base/check.js";
import { ItemInterpreterDestroyed } from "../base/errors.js";
import { takeMany } from "../kernel/queues.js";
import { makeReceivedMany, type Received } from "../kernel/receive.js";
import type { SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Pointer } from "../memory/brands.js";
import { OK, RECORD_ERROR, RECORD_UNBOUND } from "../memory/layout.js";
import type { Runtime } from "../thread/runtime.js";
import { SupervisorHandover } from "../transfer/handover.js";
import { forgetMoves, movesOf, movesOfCall } from "../transfer/move.js";
import { detach, type Movable } from "../transfer/transfer-list.js";
import { Batch } from "../wire/batch.js";
import { Message, readValue } from "../wire/message.js";
import type { PutOptions } from "./options.js";
import { UNBOUND, unboundNumber } from "./unbound.js";

/** Room for `takeItems`, made when it is first used. */
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
    message.value(value, "value", false, moves?.handover);
    moves?.handover?.check();
    return message;
  } catch (error) {
    discardItem(message, moves);
    throw error;
  }
}

/** The buffers that are moved with an item. */
export class ItemMoves {
  /** Returns undefined if nothing is moved with the item, as is the rule. */
  static of(rt: Runtime, value: unknown, { transfer }: PutOptions): ItemMoves | undefined {
    if (transfer === undefined && movesOf(value) === undefined) return undefined;
    const buffers = movesOfCall([value], transfer);
    return buffers && new ItemMoves(rt, value, buffers);
  }

  /** The large buffers, which are handed over; small ones are copied, and detached. Undefined without any. */
  readonly handover: SupervisorHandover | undefined;
  readonly #value: unknown;
  readonly #buffers: readonly Movable[];

  private constructor(rt: Runtime, value: unknown, buffers: readonly Movable[]) {
    this.#value = value;
    this.#buffers = buffers;
    this.handover = SupervisorHandover.of(rt, buffers);
  }

  /** The item is in the queue: its buffers leave this thread. */
  sent(): void {
    this.handover?.handOver();
    detach(this.#buffers, this.handover);
    forgetMoves([this.#value]);
  }

  /** The item was put, or never will be. */
  done(): void {
    this.handover?.done();
  }
}

/** Gives back what `encodeItem` made, whether the item was put or not. */
export function discardItem(message: Message, moves: ItemMoves | undefined): void {
  message.discard();
  moves?.done();
}

/** Encodes several items of `sender`. The caller must discard the batch. @throws as `encodeItem` */
export function encodeItems(values: Iterable<unknown>, sender: InterpreterId, unbound: number): Batch {
  if (typeof (values as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] !== "function") {
    throw new TypeError(`putMany: values must be iterable, found ${show(values)}`);
  }
  return new Batch(values, sender, unbound, checkCopied);
}

/** `putMany` may end with some of its items put and others not, so it cannot move buffers. */
function checkCopied(value: unknown): void {
  if (movesOf(value) === undefined) return;
  throw new TypeError("putMany copies its items: put an item whose buffers move() names by put()");
}

/** The item in a record that was taken from queue `id`. @throws ItemInterpreterDestroyed; what decoding throws */
export function itemOf(m: SharedMemory, id: number, from: Received): unknown {
  if (from.state === RECORD_UNBOUND) return UNBOUND;
  if (from.state === RECORD_ERROR) {
    throw new ItemInterpreterDestroyed(
      `Cannot get from queue ${id}: the next item is gone with interpreter ${from.sender}, which put it (UNBOUND_ERROR)`,
    );
  }
  return readValue(m, from, 0);
}

/** Takes up to `max` items from queue `id` at `pointer` and appends them to `items`. Returns a status. */
export function takeItems(
  m: SharedMemory,
  pointer: Pointer,
  id: number,
  items: unknown[],
  max: number,
  wait: boolean,
): number {
  const most = Math.min(max, MOST_AT_ONCE);
  if (many.records.length < most) many = makeReceivedMany(most);
  const count = takeMany(m, pointer, wait, many, most);
  if (count <= 0) return count;
  let failure: unknown;
  for (let i = 0; i < count; i++) {
    try {
      items.push(itemOf(m, id, many.records[i]));
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure === undefined) return OK;
  // All of them were taken, so the caller must get the others with the error.
  if (count > 1) Object.defineProperty(failure, "items", { value: items });
  throw failure;
}
