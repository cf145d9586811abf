/** Writers of numbers, strings, bigints, raw bytes, and the format's own tags and counts. */

import { copyBytes } from "../base/bytes.js";
import { writeLatin1 } from "../platform/raw-bytes.js";
import type { Scratch } from "./scratch.js";
import {
  SHORT_LATIN1_MAX,
  TAG_BIGINT,
  TAG_FLOAT64,
  TAG_INT32,
  TAG_INT53,
  TAG_INT64,
  TAG_LATIN1,
  TAG_SHORT_LATIN1,
  TAG_SMALL_INT,
  TAG_UTF16,
} from "./tags.js";

/** Methods that every `Buffer` has but its type declarations omit. */
interface RawStringWriter {
  ucs2Write(text: string, offset: number): number;
}

/** Up to this length a loop over the characters beats a call into the runtime. */
const LOOPED_CHARACTERS = 18;
/** Up to this length copying bytes in a loop beats `set`. */
const LOOPED_BYTES = 32;

/** Matches a text that needs more than one byte for a character. V8 decides at once for most that do not. */
const beyondLatin1 = /[\u0100-\uffff]/;

export function writeByte(out: Scratch, byte: number): void {
  if (out.end >= out.bytes.length) out.reserve(1);
  out.bytes[out.end++] = byte;
}

export function writeVarint(out: Scratch, value: number): void {
  if (out.bytes.length - out.end < 8) out.reserve(8);
  const bytes = out.bytes;
  let end = out.end;
  while (value >= 0x80) {
    bytes[end++] = (value % 0x80) | 0x80;
    value = Math.floor(value / 0x80);
  }
  bytes[end++] = value;
  out.end = end;
}

/** Writes a tag and a count, in one step if the count is small. */
export function writeTagAndVarint(out: Scratch, tag: number, value: number): void {
  if (value < 0x80) {
    if (out.bytes.length - out.end < 2) out.reserve(2);
    out.bytes[out.end] = tag;
    out.bytes[out.end + 1] = value;
    out.end += 2;
    return;
  }
  writeByte(out, tag);
  writeVarint(out, value);
}

export function writeNumber(out: Scratch, value: number): void {
  if (out.bytes.length - out.end < 9) out.reserve(9);
  const { bytes, end } = out;
  const small = value | 0;
  if (small === value && (small !== 0 || 1 / value > 0)) {
    if (small >= 0 && small < 0x80) {
      bytes[end] = TAG_SMALL_INT + small;
      out.end = end + 1;
      return;
    }
    bytes[end] = TAG_INT32;
    out.view.setInt32(end + 1, small, true);
    out.end = end + 5;
    return;
  }
  // No other language has a negative zero among its integers.
  bytes[end] = value !== 0 && Number.isSafeInteger(value) ? TAG_INT53 : TAG_FLOAT64;
  out.view.setFloat64(end + 1, value, true);
  out.end = end + 9;
}

/** Returns whether the encoding is neutral, that is, whether `value` fits into 64 bits. */
export function writeBigint(out: Scratch, value: bigint): boolean {
  if (BigInt.asIntN(64, value) === value) {
    if (out.bytes.length - out.end < 9) out.reserve(9);
    out.bytes[out.end] = TAG_INT64;
    out.view.setBigInt64(out.end + 1, value, true);
    out.end += 9;
    return true;
  }
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString(16);
  const size = (digits.length + 1) >> 1;
  writeTagAndVarint(out, TAG_BIGINT, size);
  writeByte(out, negative ? 1 : 0);
  out.reserve(size);
  out.bytes.write(digits.padStart(size * 2, "0"), out.end, "hex");
  out.end += size;
  return false;
}

export function writeString(out: Scratch, text: string): void {
  const length = text.length;
  if (length > LOOPED_CHARACTERS) {
    writeLongString(out, text);
    return;
  }
  if (out.bytes.length - out.end < length + 1) out.reserve(length + 1);
  const { bytes, end } = out;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) {
      writeUtf16(out, text);
      return;
    }
    bytes[end + 1 + i] = code;
  }
  bytes[end] = TAG_SHORT_LATIN1 + length;
  out.end = end + 1 + length;
}

function writeLongString(out: Scratch, text: string): void {
  const length = text.length;
  if (beyondLatin1.test(text)) {
    writeUtf16(out, text);
    return;
  }
  if (length <= SHORT_LATIN1_MAX) writeByte(out, TAG_SHORT_LATIN1 + length);
  else writeTagAndVarint(out, TAG_LATIN1, length);
  if (out.bytes.length - out.end < length) out.reserve(length);
  writeLatin1(out.bytes, text, out.end);
  out.end += length;
}

function writeUtf16(out: Scratch, text: string): void {
  writeTagAndVarint(out, TAG_UTF16, text.length);
  if (out.bytes.length - out.end < text.length * 2) out.reserve(text.length * 2);
  (out.bytes as unknown as RawStringWriter).ucs2Write(text, out.end);
  out.end += text.length * 2;
}

export function writeRaw(out: Scratch, data: Uint8Array): void {
  const length = data.length;
  if (out.bytes.length - out.end < length) out.reserve(length);
  const { bytes, end } = out;
  if (length <= LOOPED_BYTES) for (let i = 0; i < length; i++) bytes[end + i] = data[i];
  else copyBytes(data, 0, bytes, end, length);
  out.end = end + length;
}
