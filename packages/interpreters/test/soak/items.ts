/** The items of a soak. An item's content follows from its producer, its number and the seed, so that any consumer can check it. */
import {
  createQueue,
  Queue,
  UNBOUND,
  UNBOUND_ERROR,
  UNBOUND_KEEP,
  UNBOUND_REMOVE,
  type UnboundItems,
} from "interpreters";

/** Queues in items hold one item: a number, or such a queue. */
type Inner = Queue<number | Queue, never>;
type Body = number | string | Uint8Array | SharedArrayBuffer | { deep: unknown[] } | Inner;
/** The producer, the number, and a body that makes the item small, large or a carrier of a queue. */
export type Item = readonly [producer: number, number: number, body: Body];
export type Items = Queue<Item, unknown>;

export const BEHAVIOURS: readonly UnboundItems[] = [UNBOUND, UNBOUND_ERROR, UNBOUND_REMOVE, UNBOUND_KEEP];
/** Items per block. All items of a block have one behaviour, and one `putMany` puts at most a block. */
export const BLOCK = 8;
const LARGEST = 4 << 20;

/** 32 bits that look random, and are the same for the same numbers (Murmur's finalizer). */
export function hash(seed: number, producer: number, number: number): number {
  let h = (seed ^ Math.imul(producer + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The behaviour that an item is put with; undefined if it is the queue's. */
export function behaviourOf(seed: number, producer: number, number: number): UnboundItems | undefined {
  const h = hash(seed, producer, -1 - Math.floor(number / BLOCK));
  return h % 4 === 0 ? BEHAVIOURS[(h >>> 8) % 4] : undefined;
}

export function makeItem(seed: number, producer: number, number: number): Item {
  const h = hash(seed, producer, number);
  const detail = h >>> 8;
  const kind = h % 256;
  let body: Body;
  if (kind === 0) body = bytes(1 + (detail % LARGEST), number);
  else if (kind < 16) body = bytes(1 + (detail % 70_000), number);
  else if (kind < 32) body = text(1 + (detail % 12_000), number);
  else if (kind < 40) body = carrier(number, detail % 2 === 0 ? 1 : 2);
  else if (kind < 48) body = sharedBytes(number);
  else if (kind < 64) body = { deep: [number, { number }, [new Map([[number, new Date(number)]])]] };
  else if (kind < 160) body = text(detail % 50, number);
  else body = number;
  return [producer, number, body];
}

/** Describes the flaw in an item's body; returns undefined if it has none. Empties the queue that the item carries. */
export function flawOf(seed: number, [producer, number, body]: Item): string | undefined {
  if (body instanceof Queue) return flawOfCarrier(body, number, hash(seed, producer, number) >>> 8);
  if (body instanceof SharedArrayBuffer) return flawOfShared(body, number);
  const expected = makeItem(seed, producer, number)[2];
  if (typeof expected !== typeof body) return `is a ${typeof body}`;
  if (body instanceof Uint8Array && expected instanceof Uint8Array) {
    return Buffer.compare(body, expected) === 0 ? undefined : `has other bytes (${body.length})`;
  }
  if (typeof body === "object") {
    const map = (body as { deep: [number, unknown, [Map<number, Date>]] }).deep[2][0];
    return map.get(number)?.getTime() === number ? undefined : "has other contents";
  }
  return body === expected ? undefined : `is another ${typeof body}`;
}

function bytes(length: number, number: number): Uint8Array {
  return new Uint8Array(length).fill(number);
}

/** Bytes that travel by reference, and outlive their producer. */
function sharedBytes(number: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(16);
  new Int32Array(buffer).fill(number);
  return buffer;
}

function flawOfShared(buffer: SharedArrayBuffer, number: number): string | undefined {
  if (buffer.byteLength !== 16) return `has ${buffer.byteLength} shared bytes`;
  return new Int32Array(buffer).every((word) => word === number) ? undefined : "has other shared bytes";
}

function text(length: number, number: number): string {
  return String.fromCharCode(97 + (number % 26)).repeat(length);
}

function carrier(number: number, depth: number): Inner {
  const inner: Inner = createQueue<number | Queue>(0, { unboundItems: UNBOUND_KEEP });
  inner.putNowait(depth > 1 ? (carrier(number, depth - 1) as unknown as Queue) : number);
  return inner;
}

function flawOfCarrier(outer: Inner, number: number, detail: number): string | undefined {
  if ((new Queue(outer.id) as unknown) !== outer) return "carries a queue that has two identities";
  let content = outer.getNowait();
  for (let depth = detail % 2 === 0 ? 1 : 2; depth > 1; depth--) {
    if (!(content instanceof Queue)) return "carries a queue without the other one in it";
    content = content.getNowait() as number;
  }
  if (!outer.empty()) return "carries a queue with more than was put into it";
  // Half of them are closed; the others are left to the garbage collector, or to the death of their holder.
  if (detail % 4 < 2) outer.close();
  return content === number ? undefined : "carries a queue with something else in it";
}
