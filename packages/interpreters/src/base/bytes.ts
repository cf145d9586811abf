/** Bulk operations on bytes, in the fastest form that the runtime has. */

import { FILL_FROM } from "../platform/raw-bytes.js";

/** A method of `Buffer` that works on every Uint8Array. */
const { fill } = Buffer.prototype;

/**
 * Copies `length` bytes of `from`, beginning at `start`, to `to`, beginning at `at`. The two must not overlap.
 *
 * If either is shared memory, V8 copies word by word with relaxed atomics (`set`, `slice`, and `Buffer.copy` up to Node 20):
 * 32 µs for a megabyte. No other thread writes these bytes during the copy, so memcpy is enough, and the only way to it is
 * filling a buffer with another one of the same length: 14 µs.
 */
export function copyBytes(from: Uint8Array, start: number, to: Uint8Array, at: number, length: number): void {
  const part = length === from.length ? from : new Uint8Array(from.buffer, from.byteOffset + start, length);
  if (length < FILL_FROM) to.set(part, at);
  else fill.call(to, part, at, at + length);
}

const SMALL = 1024;

/** Returns bytes with arbitrary contents, all of which the caller must overwrite. Zeroing a megabyte takes as long as copying one. */
export function uninitialized(size: number): Uint8Array<ArrayBuffer> {
  if (size < SMALL) return new Uint8Array(size);
  if (size >= LARGE && ++largeOnes === OFTEN) keepLargeBlocks();
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}

/** Bytes from which the C library maps a block of its own for a buffer, until it has adapted (`keepLargeBlocks`). */
const LARGE = 1 << 17;
/** A thread that has made this many large buffers makes them regularly. */
const OFTEN = 16;
let largeOnes = 0;

/**
 * The garbage collector frees large buffers many at a time, and glibc returns that memory to the system at once, which must
 * then fault in every page of the next buffers: tasks that return 1 MB take 450 µs each instead of 180. glibc keeps the
 * memory once it has seen larger blocks come and go (mallopt(3), M_MMAP_THRESHOLD: "dynamic"), up to twice the size of the
 * largest block that was freed. So this function drops one of the largest blocks that count. It is never written to, so it
 * takes no memory.
 */
function keepLargeBlocks(): void {
  if (process.platform !== "linux") return;
  try {
    Buffer.allocUnsafeSlow((1 << 25) - (1 << 16));
  } catch {
    // The address space is limited: leave the allocator as it is.
  }
}
