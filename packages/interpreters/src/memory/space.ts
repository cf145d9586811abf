/** Private memory that records are built in, or copied to. */

/** Private memory as bytes, as numbers of every size, and as 32-bit words. */
export interface Space {
  bytes: Buffer;
  view: DataView;
  words: Int32Array;
}

/**
 * The three views of `bytes`, which must begin at a multiple of 4, or `words` cannot be made (RangeError). Of an incomplete last word
 * `words` has nothing.
 */
export function spaceOf(bytes: Buffer): Space {
  const { buffer, byteOffset, length } = bytes;
  return {
    bytes,
    view: new DataView(buffer, byteOffset, length),
    words: new Int32Array(buffer, byteOffset, length >> 2),
  };
}
