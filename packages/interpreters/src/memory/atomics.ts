/**
 * The one door to shared memory. No other file touches `Atomics` or indexes a shared view.
 *
 * A *pointer* is an index into the 32-bit words of the shared memory (byte address / 4), so that all 4 GiB
 * are small integers. 0 is no pointer.
 *
 * The interleaving tests replace this file by one whose every function is a step of a scheduler
 * (test/interleaving), which is why everything above it is written as plain functions over integers.
 */

import { copyBytes } from "../base/bytes.js";
import type { WasmMemory } from "./webassembly.js";

/** A thread's view of the shared memory. One per thread; only `memory` is the same object for all. */
export interface SharedMemory {
  readonly memory: WasmMemory;
  /** Views over the part of the memory this thread has seen so far. Replaced when it grows, see `memory.ts`. */
  i32: Int32Array;
  u8: Buffer;
  /** This thread's slot in the registry, and the pointer to it. The slot is the owner written into locks. */
  slot: number;
  me: number;
  /** How many locks this thread holds or is about to take: the next free entry of its intents. */
  depth: number;
  /** How often to try again before sleeping. 0 where spinning cannot help: one core, or a test scheduler. */
  spins: number;
  /** Milliseconds to wait for a lock; see `LockBusy`. Infinity for all but the supervisor. */
  patience: number;
  /** Where the record lies, or lay, that this thread put last (`append`). */
  lastPut: number;
  /** Pages this thread must leave for others: see `pages.ts`. */
  reserve: number;
}

export function load(m: SharedMemory, p: number): number {
  return Atomics.load(m.i32, p);
}

export function store(m: SharedMemory, p: number, value: number): void {
  Atomics.store(m.i32, p, value);
}

/** Compare and swap; returns what was there before. */
export function cas(m: SharedMemory, p: number, expected: number, value: number): number {
  return Atomics.compareExchange(m.i32, p, expected, value);
}

export function exchange(m: SharedMemory, p: number, value: number): number {
  return Atomics.exchange(m.i32, p, value);
}

/** Adds and returns what was there before, as `or` and `and` do. */
export function add(m: SharedMemory, p: number, value: number): number {
  return Atomics.add(m.i32, p, value);
}

export function or(m: SharedMemory, p: number, bits: number): number {
  return Atomics.or(m.i32, p, bits);
}

export function and(m: SharedMemory, p: number, bits: number): number {
  return Atomics.and(m.i32, p, bits);
}

/** Plain access, for words that a lock protects or that only this thread touches. */
export function get(m: SharedMemory, p: number): number {
  return m.i32[p];
}

/**
 * A look at a word that others may be changing, where what was seen is confirmed under a lock or by a compare-and-swap. It sees
 * at least what was published before this thread last read a word atomically which told of that: its doorbell, a lock. An
 * atomic load would be a call into the engine, and take ten times as long.
 */
export function peek(m: SharedMemory, p: number): number {
  return m.i32[p];
}

export function set(m: SharedMemory, p: number, value: number): void {
  m.i32[p] = value;
}

/** Copies `length` bytes of `from` into the memory, `offset` bytes behind the pointer `p`. */
export function writeBytes(
  m: SharedMemory,
  p: number,
  offset: number,
  from: Buffer,
  start: number,
  length: number,
): void {
  const at = p * 4 + offset;
  // A short copy is cheaper byte by byte than through the view that `subarray` would make.
  if (length <= 48) {
    const u8 = m.u8;
    for (let i = 0; i < length; i++) u8[at + i] = from[start + i];
  } else {
    copyBytes(from, start, m.u8, at, length);
  }
}

/** Copies `length` bytes out of the memory into `to`. */
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

/** Sleeps until notified, unless the word is no longer `expected`. `timeout` in milliseconds. */
export function wait(m: SharedMemory, p: number, expected: number, timeout: number): void {
  Atomics.wait(m.i32, p, expected, timeout);
}

/** Blocks the thread, whatever happens, for so many milliseconds. */
export function nap(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Like `wait` on the event loop; undefined when the word is no longer `expected`. */
export function waitAsync(m: SharedMemory, p: number, expected: number): Promise<unknown> | undefined {
  const result = Atomics.waitAsync(m.i32, p, expected);
  return result.async ? result.value : undefined;
}

/** Wakes up to `count` sleepers, blocked threads and waiting event loops alike. */
export function notify(m: SharedMemory, p: number, count: number): void {
  Atomics.notify(m.i32, p, count);
}

/** Makes the processor yield to its hyper-thread, where the engine has that instruction; a step otherwise. */
export function pause(m: SharedMemory): void {
  // A load keeps the loop from being a pure busy loop; `Atomics.pause` is too new for the oldest Node.
  Atomics.load(m.i32, 0);
}

/** Grows the memory by `delta` WebAssembly pages (64 KiB); false where it cannot. */
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

/** Bytes that the memory has by now, for everybody. */
export function byteLength(m: SharedMemory): number {
  return currentBuffer(m).byteLength;
}

/**
 * All of the memory. V8 tells other threads of a growth by interrupting them, and until it comes to that `buffer` is
 * what it was: what a thread read a moment ago may point behind its end (168 of 60 000 growths in a test made for it).
 * Growing by nothing has V8 look at once. `WasmMemoryObject::Grow`, `BackingStore::BroadcastSharedWasmMemoryGrow`.
 */
function currentBuffer({ memory }: SharedMemory): SharedArrayBuffer {
  memory.grow?.(0);
  return memory.buffer;
}

/** Makes new views when `p` is beyond those that this thread has: somebody else grew the memory. */
export function ensureMapped(m: SharedMemory, p: number): void {
  if (p >= m.i32.length) refresh(m);
}

export function refresh(m: SharedMemory): void {
  const buffer = currentBuffer(m);
  m.i32 = new Int32Array(buffer);
  m.u8 = Buffer.from(buffer as unknown as ArrayBuffer);
}
