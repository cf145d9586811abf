/**
 * The one door to the shared memory. No other file touches it with `Atomics` or indexes a view of it. (base/derived-texts.ts has a memory of its
 * own, a cache that nothing depends on.)
 *
 * A *pointer* is an index into the 32-bit words of the shared memory (byte address / 4), so that all 4 GiB
 * are small integers. 0 is no pointer.
 *
 * The interleaving tests replace this file by a twin in which every function is one step of a scheduler
 * (test/interleaving). That is why everything above it is written as plain functions over integers.
 */

import { copyBytes } from "../base/bytes.js";
import type { Pointer, Slot } from "./brands.js";
import { S_FENCED } from "./layout/slots.js";
import type { WasmMemory } from "./webassembly.js";

/**
 * V8 puts any function of up to 27 bytes of bytecode in the place of its calls, and a larger one only if its caller has not grown too much. So `cas`, `acquire` and
 * `publish`, which each put and get calls several times, look up no property of `Atomics` and do not ask for the processor.
 */
const { compareExchange } = Atomics;

/** A thread's view of the shared memory. One per thread; only `memory` is the same for all. */
export interface SharedMemory {
  readonly memory: WasmMemory;
  /** Views over the part of the memory that this thread has mapped so far; `refresh` replaces them when the memory has grown. */
  i32: Int32Array;
  u8: Buffer;
  /** This thread's slot in the registry, and the pointer to it. The slot is the owner written into locks. */
  slot: Slot;
  me: Pointer;
  /** How many locks this thread holds or is about to take: the index of its next free intent. */
  depth: number;
  /** How often to pause while a lock is taken, before sleeping (lock.ts). 0 where spinning cannot help: on one core, or under a test scheduler. */
  spins: number;
  /** Milliseconds to wait for a lock; see `LockBusy`. Infinity for all but the supervisor. */
  patience: number;
  /** Milliseconds after which a thread that waits for a lock suspects that its holder poisoned it. Infinity under a test scheduler. */
  trust: number;
  /**
   * Ends this thread, which is condemned, where the runtime may fail to (kernel/fence.ts). Throws if that takes until the thread is back at its event
   * loop. Undefined where the runtime ends every thread that it was asked to end.
   */
  leave: (() => never) | undefined;
  /** Pointer to the record that this thread put last (`append`); another record may lie there by now. */
  lastPut: Pointer;
  /** How many records and batches this thread has put, and how many it had put when it last looked for a record (`lookForRecord`). */
  puts: number;
  putsBefore: number;
  /** How many free pages this thread must leave to others, see `page-allocator.ts`. */
  reserve: number;
}

export function load(m: SharedMemory, p: number): number {
  return Atomics.load(m.i32, p);
}

export function store(m: SharedMemory, p: number, value: number): void {
  Atomics.store(m.i32, p, value);
}

/** Compares and swaps; returns the previous value. */
export function cas(m: SharedMemory, p: number, expected: number, value: number): number {
  return compareExchange(m.i32, p, expected, value);
}

export function exchange(m: SharedMemory, p: number, value: number): number {
  return Atomics.exchange(m.i32, p, value);
}

/** Adds; returns the previous value, as `exchange`, `or` and `and` do. */
export function add(m: SharedMemory, p: number, value: number): number {
  return Atomics.add(m.i32, p, value);
}

export function or(m: SharedMemory, p: number, bits: number): number {
  return Atomics.or(m.i32, p, bits);
}

export function and(m: SharedMemory, p: number, bits: number): number {
  return Atomics.and(m.i32, p, bits);
}

/** Reads plainly: for words that a lock protects or that only this thread touches. `set` is its counterpart. */
export function get(m: SharedMemory, p: number): number {
  return m.i32[p];
}

/**
 * Reads plainly a word that other threads may be changing. The caller must confirm what it saw, under a lock or by a compare-and-swap.
 * It sees at least what was published before this thread last observed that publication atomically, through its doorbell or a lock. An
 * atomic load would be a call into the engine and take ten times as long.
 */
export function peek(m: SharedMemory, p: number): number {
  return m.i32[p];
}

/**
 * Whether a plain store publishes all stores before it, and a plain load that sees it sees those, too: on these processors (total store
 * order). Elsewhere only atomic ones do. V8 emits the accesses in program order.
 */
const ORDERED = process.arch === "x64" || process.arch === "ia32";

/** Stores a word that other threads read without this one's lock (`acquire`), after all that was written before. */
export const publish = ORDERED ? set : store;

/** Reads a word that another thread publishes, and whatever that thread wrote before is visible, too. */
export const acquire = ORDERED ? get : load;

export function set(m: SharedMemory, p: number, value: number): void {
  m.i32[p] = value;
}

/** Copies `length` bytes of `from`, from `start` on, to `offset` bytes after the pointer `p`. */
export function writeBytes(
  m: SharedMemory,
  p: number,
  offset: number,
  from: Buffer,
  start: number,
  length: number,
): void {
  const at = p * 4 + offset;
  // A short copy is cheaper byte by byte than through the view that `subarray` would create.
  if (length <= 48) {
    const u8 = m.u8;
    for (let i = 0; i < length; i++) u8[at + i] = from[start + i];
  } else {
    copyBytes(from, start, m.u8, at, length);
  }
}

/** Copies `length` bytes, from `offset` bytes after the pointer `p` on, to `to`. */
export function readBytes(
  m: SharedMemory,
  p: number,
  offset: number,
  to: Buffer,
  start: number,
  length: number,
): void {
  const at = p * 4 + offset;
  if (length <= 48) {
    const u8 = m.u8;
    for (let i = 0; i < length; i++) to[start + i] = u8[at + i];
  } else {
    copyBytes(m.u8, at, to, start, length);
  }
}

/** Copies `count` words of `from`, from index `start` on, to the pointer `p`: for short payloads, a quarter of the steps of `writeBytes`. */
export function writeWords(m: SharedMemory, p: number, from: Int32Array, start: number, count: number): void {
  const { i32 } = m;
  for (let i = 0; i < count; i++) i32[p + i] = from[start + i];
}

/** Copies `count` words from the pointer `p` on to `to`. */
export function readWords(m: SharedMemory, p: number, to: Int32Array, start: number, count: number): void {
  const { i32 } = m;
  for (let i = 0; i < count; i++) to[start + i] = i32[p + i];
}

/** Blocks the thread until it is notified or `timeout` milliseconds have passed. Returns at once if the word is not `expected`. */
export function wait(m: SharedMemory, p: number, expected: number, timeout: number): void {
  if (m.leave === undefined) Atomics.wait(m.i32, p, expected, timeout);
  else waitOrLeave(m, p, expected, timeout);
}

/** Milliseconds after which a condemned thread that can end itself no longer waits for the runtime to do so. */
const LEAVE_AFTER = 500;

/**
 * A thread that is condemned must not block for ever, wherever it waits: not for what it will not be given, nor for a lock that it holds itself
 * because its end has unwound it.
 */
function waitOrLeave(m: SharedMemory, p: number, expected: number, timeout: number): void {
  for (let left = timeout; ; left -= LEAVE_AFTER) {
    if (Atomics.wait(m.i32, p, expected, Math.min(left, LEAVE_AFTER)) !== "timed-out") return;
    if (Atomics.load(m.i32, m.me + S_FENCED) !== 0) m.leave?.();
    if (left <= LEAVE_AFTER) return;
  }
}

/** Blocks the thread for `milliseconds`; nothing wakes it earlier. */
export function nap(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** As `wait`, on the event loop. Returns undefined if the word is not `expected`. */
export function waitAsync(m: SharedMemory, p: number, expected: number): Promise<unknown> | undefined {
  const result = Atomics.waitAsync(m.i32, p, expected);
  return result.async ? result.value : undefined;
}

/** Wakes up to `count` sleepers, both blocked threads and event loops. Returns how many there were to wake. */
export function notify(m: SharedMemory, p: number, count: number): number {
  return Atomics.notify(m.i32, p, count);
}

/** Spends a moment in a spin loop. */
export function pause(m: SharedMemory): void {
  // A load keeps the loop from being a pure busy loop; `Atomics.pause` is too new for the oldest Node.
  Atomics.load(m.i32, 0);
}

/** Grows the memory by `delta` WebAssembly pages (64 KiB). Returns false if it cannot grow. */
export function grow(m: SharedMemory, delta: number): boolean {
  if (m.memory.grow === undefined) return false;
  try {
    m.memory.grow(delta);
  } catch {
    return false;
  }
  refresh(m);
  return true;
}

/** Current size of the memory in bytes, whichever thread grew it. */
export function byteLength(m: SharedMemory): number {
  return currentBuffer(m).byteLength;
}

/**
 * A buffer over all of the memory. V8 announces a growth to other threads by an interrupt; until a thread handles it, its `buffer` keeps
 * the old size, and a pointer that the thread read a moment ago may lie beyond its end (168 of 60 000 growths in a test made for it).
 * Growing by 0 makes V8 look at once. `WasmMemoryObject::Grow`, `BackingStore::BroadcastSharedWasmMemoryGrow`.
 */
function currentBuffer({ memory }: SharedMemory): SharedArrayBuffer {
  memory.grow?.(0);
  return memory.buffer;
}

/** Maps the memory at least up to `p`: creates new views if another thread grew the memory beyond those of this thread. */
export function ensureMapped(m: SharedMemory, p: number): void {
  if (p >= m.i32.length) refresh(m);
}

/** Creates views over all of the memory. */
export function refresh(m: SharedMemory): void {
  const buffer = currentBuffer(m);
  m.i32 = new Int32Array(buffer);
  m.u8 = Buffer.from(buffer as unknown as ArrayBuffer);
}
