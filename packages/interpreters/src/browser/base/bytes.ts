/** Bulk operations on bytes. */

/** Copies `length` bytes of `from`, beginning at `start`, to `to`, beginning at `at`. The two must not overlap. */
export function copyBytes(from: Uint8Array, start: number, to: Uint8Array, at: number, length: number): void {
  to.set(length === from.length ? from : new Uint8Array(from.buffer, from.byteOffset + start, length), at);
}

export const uninitialized = (size: number): Uint8Array<ArrayBuffer> => new Uint8Array(size);
