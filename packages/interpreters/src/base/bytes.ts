/** Bytes in bulk, as fast as the runtime has it. */

/** Methods every `Buffer` has, of use on every Uint8Array. */
const { fill } = Buffer.prototype;

/** From here on a copy by `fill` is worth the view it takes. */
const BULK = 1024;

/**
 * Copies `length` bytes of `from`, from `start` on, to `to`, from `at` on; the two must not overlap.
 *
 * Where one of them is shared memory, V8 copies word by word with relaxed atomics (`set`, `slice`, and `Buffer.copy` up to
 * Node 20): 32 µs for a megabyte. Nobody reads here what another thread is writing, so that memcpy will do, and the one
 * door to it is filling a buffer with another one of the same length: 14 µs.
 */
export function copyBytes(from: Uint8Array, start: number, to: Uint8Array, at: number, length: number): void {
  const part = length === from.length ? from : new Uint8Array(from.buffer, from.byteOffset + start, length);
  if (length < BULK) to.set(part, at);
  else fill.call(to, part, at, at + length);
}

/** Of that size, with anything in it: to be overwritten whole. Setting a megabyte to zero takes as long as copying one. */
export function uninitialized(size: number): Uint8Array<ArrayBuffer> {
  if (size < BULK) return new Uint8Array(size);
  if (size >= LARGE && ++largeOnes === OFTEN) keepLargeBlocks();
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}

/** Bytes from which on the C library asks the system for a block of memory, until it knows better. */
const LARGE = 1 << 17;
/** So many large ones in a thread are no exception. */
const OFTEN = 16;
let largeOnes = 0;

/**
 * The garbage collector frees large buffers many at a time, and glibc gives that memory back to the system right away, which
 * must then fault in every page of the next ones: tasks that return 1 MB take 450 µs each instead of 180. It stops doing so
 * once it has seen that larger blocks come and go (mallopt(3), M_MMAP_THRESHOLD: "dynamic"): up to twice the size of the
 * largest that was freed. So it is shown one of the largest that count, which nobody touches: it takes no memory.
 */
function keepLargeBlocks(): void {
  if (process.platform !== "linux") return;
  try {
    Buffer.allocUnsafeSlow((1 << 25) - (1 << 16));
  } catch {
    // The address space is limited: then this is not the time.
  }
}
