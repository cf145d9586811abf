/** Queues for guests that hold them by their ids, and whose items stay encoded: integers in, a status out (core.ts). */
import { interruption } from "../kernel/executions.js";
import type { OutgoingRecord } from "../kernel/outgoing.js";
import { payloadBytes } from "../kernel/outgoing.js";
import { closeQueue, createQueue, findQueue, queueIds } from "../kernel/queue-lifetime.js";
import { queueIdOf, sizeOf } from "../kernel/queue-state.js";
import { awaitRecord, awaitRoom, put, take } from "../kernel/queues.js";
import type { Received } from "../kernel/receive.js";
import { copyPayload, makeBlob, needsBlob } from "../kernel/records.js";
import { get } from "../memory/atomics.js";
import type { Pointer, QueueId } from "../memory/brands.js";
import { C_MAXSIZE, OK, Q_UNBOUND, S_EXECUTION, STATUS_NO_MEMORY } from "../memory/layout.js";
import { freePages } from "../memory/page-allocator.js";
import type { Space } from "../memory/space.js";
import { runtime } from "../thread/current.js";
import { collectCarried, releaseHandle, releaseHandleNow } from "../thread/supervisor-client.js";
import { handles, type HeldQueue, heldQueues, makeWaits } from "./held-queues.js";
import { type Queue, waitsOf } from "./queue.js";

let watched: Uint8Array | undefined;

/** From now on a signal number in `byte` interrupts the waits of this thread. */
export function watchInterrupts(byte: Uint8Array): void {
  watched = byte;
}

/** Whether the work that this thread executes must be interrupted. */
export function isInterrupted(): boolean {
  if (watched !== undefined && watched[0] !== 0) return true;
  const { m } = runtime();
  return interruption(m, (m.me + S_EXECUTION) as Pointer) !== 0;
}

function orInterrupted(ended: (() => boolean) | undefined): () => boolean {
  return ended === undefined ? isInterrupted : () => ended() || isInterrupted();
}

/** Makes a queue, which is not held by anything yet: call `hold` next. Returns its id, or STATUS_NO_MEMORY. `unbound`: a number of layout.ts. */
export function make(maxsize: number, unbound: number): number {
  const { m } = runtime();
  const pointer = createQueue(m, maxsize, unbound, false);
  if (pointer === 0) return STATUS_NO_MEMORY;
  const id = queueIdOf(m, pointer);
  heldQueues.set(id, { id, pointer, count: 0, ...makeWaits(runtime(), pointer) });
  return id;
}

/** Holds queue `id` once more. Returns undefined if none has that id. */
export function hold(id: number): HeldQueue | undefined {
  const rt = runtime();
  let held = heldQueues.get(id);
  if (held === undefined) {
    const pointer = findQueue(rt.m, id as QueueId);
    if (pointer === 0) return undefined;
    const object = handles.get(id) as Queue | undefined;
    const waits = object === undefined ? makeWaits(rt, pointer) : waitsOf(object);
    held = { id: id as QueueId, pointer, count: 0, getting: waits.getting, putting: waits.putting };
    heldQueues.set(id, held);
  } else if (queueIdOf(rt.m, held.pointer) !== id) return undefined;
  held.count++;
  return held;
}

/** The queue with that id, if the guest holds it. */
export function held(id: number): HeldQueue | undefined {
  return heldQueues.get(id);
}

/** Gives back one handle. With the last one in the process, and no record that carries the queue, the queue is freed before this returns. */
export function release(queue: HeldQueue): void {
  if (--queue.count > 0) return;
  heldQueues.delete(queue.id);
  // Otherwise the object gives the handle back when it is collected.
  if (!handles.has(queue.id)) releaseHandleNow(runtime(), queue.pointer);
}

/**
 * Gives back the handle that this thread got by taking a record that carries the queue, unless the guest holds the queue, or an object of this
 * thread does.
 */
export function releaseCarried(pointer: number, id: number): void {
  if (!heldQueues.has(id) && !handles.has(id)) releaseHandle(runtime(), pointer as Pointer, false);
}

/** Closes the queue for every interpreter. Returns OK or STATUS_NOT_FOUND. */
export function close(queue: HeldQueue): number {
  const rt = runtime();
  const status = closeQueue(rt.m, queue.pointer);
  if (status === OK) collectCarried(rt, queue.pointer);
  return status;
}

/** The ids of all queues. */
export function ids(): number[] {
  const { m } = runtime();
  let found = new Int32Array(64);
  let count = queueIds(m, found);
  while (count > found.length) {
    found = new Int32Array(count * 2);
    count = queueIds(m, found);
  }
  return [...found.subarray(0, count)].sort((a, b) => a - b);
}

/** Whether the queue was not closed. */
export function isOpen({ pointer, id }: HeldQueue): boolean {
  return queueIdOf(runtime().m, pointer) === id;
}

export function count({ pointer }: HeldQueue): number {
  return sizeOf(runtime().m, pointer);
}

export function maxsize({ pointer }: HeldQueue): number {
  return get(runtime().m, pointer + C_MAXSIZE);
}

/** The default fate of items whose interpreter is destroyed, as a number of layout.ts. */
export function unbound({ pointer }: HeldQueue): number {
  return get(runtime().m, pointer + Q_UNBOUND);
}

/** Puts a record if there is room. Returns a status as the kernel's `put` does. The record's bytes are copied. */
export function putRecord({ pointer }: HeldQueue, record: OutgoingRecord): number {
  const { m, id } = runtime();
  record.sender = id;
  if (needsBlob(payloadBytes(record))) {
    record.blob = makeBlob(m, record);
    if (record.blob === 0) return STATUS_NO_MEMORY;
  }
  const status = put(m, pointer, false, record);
  if (status !== OK && record.blob !== 0) freePages(m, record.blob);
  record.blob = 0;
  return status;
}

/**
 * Takes the next record into `into`, which must have room for INLINE_BYTES bytes; if its `blob` is not 0, call `unload` next. The thread then
 * holds the queues that the record carries: call `releaseCarried` for each. Returns a status as the kernel's `take` does.
 */
export function takeRecord({ pointer }: HeldQueue, into: Received): number {
  return take(runtime().m, pointer, false, into);
}

/** Copies a large payload, of `into.length` bytes, to byte `start` of a space, and frees its pages. */
export function unload(into: Received, space: Pick<Space, "bytes" | "words">, start: number): void {
  const { m } = runtime();
  copyPayload(m, into.blob, space, start, into.length);
  freePages(m, into.blob);
  into.blob = 0;
}

/**
 * Blocks until there may be a record to take, or the queue ends, or the time limit (milliseconds), or `ended` returns true, which is asked
 * whenever something has come for this thread, or its work must be interrupted. Returns the last status.
 */
export function waitForRecord(
  { pointer, getting }: HeldQueue,
  timeout: number,
  ended?: () => boolean,
): number {
  return getting.waitSync(timeout, () => awaitRecord(runtime().m, pointer), undefined, orInterrupted(ended));
}

/** Blocks until there may be room for a record, as `waitForRecord` does. */
export function waitForRoom({ pointer, putting }: HeldQueue, timeout: number, ended?: () => boolean): number {
  return putting.waitSync(timeout, () => awaitRoom(runtime().m, pointer), undefined, orInterrupted(ended));
}

/** As `waitForRecord`, on the event loop. */
export function recordComes({ pointer, getting }: HeldQueue, timeout: number): Promise<number> {
  return getting.wait(timeout, undefined, () => awaitRecord(runtime().m, pointer));
}

/** As `waitForRoom`, on the event loop. */
export function roomComes({ pointer, putting }: HeldQueue, timeout: number): Promise<number> {
  return putting.wait(timeout, undefined, () => awaitRoom(runtime().m, pointer));
}
