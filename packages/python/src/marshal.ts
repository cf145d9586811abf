/**
 * Transcodes between Python's marshal, version 2, and the runtime's neutral encoding, which all languages read.
 *
 *     None False True   int    float   str      bytes   tuple       StopIteration
 *     N    F     T      i, l   g       u, t     s       (           S             marshal
 *     00   01    02     03 04  06      07 08    09      0a          0b            neutral
 *                       05 80…         40…                          (a reference)
 *
 * marshal writes StopIteration as one byte, and no value that is sent contains it: the shims put it where a queue was. Neither direction
 * allocates anything but the text of strings that are not ASCII. Numbers are little-endian on both sides.
 */

/** The neutral encoding. Its tags are fixed: they are what languages have in common. */
const TAG_NULL = 0x00;
const TAG_FALSE = 0x01;
const TAG_TRUE = 0x02;
const TAG_INT32 = 0x03;
const TAG_INT53 = 0x04;
const TAG_INT64 = 0x05;
const TAG_FLOAT64 = 0x06;
const TAG_LATIN1 = 0x07;
const TAG_UTF16 = 0x08;
const TAG_BYTES = 0x09;
const TAG_ARRAY = 0x0a;
const TAG_REFERENCE = 0x0b;
const TAG_SHORT_LATIN1 = 0x40;
const SHORT_LATIN1_MAX = 0x3f;
const TAG_SMALL_INT = 0x80;

const code = (character: string): number => character.charCodeAt(0);
const NONE = code("N");
const FALSE = code("F");
const TRUE = code("T");
const INT = code("i");
const LONG = code("l");
const FLOAT = code("g");
const TEXT = code("u");
const INTERNED = code("t");
const BYTES = code("s");
const TUPLE = code("(");
const MARK = code("S");

/** A growing buffer. */
export class Output {
  bytes: Buffer;
  end = 0;
  /** How many marks were written or read. */
  marks = 0;

  constructor(size = 256) {
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  /** Empties it. */
  reset(): this {
    this.end = 0;
    this.marks = 0;
    return this;
  }

  reserve(extra: number): void {
    if (this.end + extra <= this.bytes.length) return;
    const bigger = Buffer.allocUnsafeSlow(Math.max(this.end + extra, this.bytes.length * 2));
    this.bytes.copy(bigger, 0, 0, this.end);
    this.bytes = bigger;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.end++] = value;
  }

  int32(value: number): void {
    this.reserve(4);
    this.end = this.bytes.writeInt32LE(value, this.end);
  }

  float64(value: number): void {
    this.reserve(8);
    this.end = this.bytes.writeDoubleLE(value, this.end);
  }

  varint(value: number): void {
    this.reserve(5);
    let rest = value;
    while (rest > 0x7f) {
      this.bytes[this.end++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.end++] = rest;
  }

  copy(from: Buffer, start: number, end: number): void {
    this.reserve(end - start);
    from.copy(this.bytes, this.end, start, end);
    this.end += end - start;
  }
}

/** Thrown for data that is not what its sender must have written. */
class Malformed extends Error {}

/**
 * Appends the neutral form of the marshalled value in `from`. Returns the position behind it, or -1 if the value has a part that is not neutral:
 * an int of more than 64 bits.
 */
export function toNeutral(from: Buffer, at: number, out: Output): number {
  const type = from[at++];
  switch (type) {
    case NONE:
      out.byte(TAG_NULL);
      return at;
    case FALSE:
      out.byte(TAG_FALSE);
      return at;
    case TRUE:
      out.byte(TAG_TRUE);
      return at;
    case INT:
      writeInt(out, from.readInt32LE(at));
      return at + 4;
    case LONG:
      return longToNeutral(from, at, out);
    case FLOAT:
      out.byte(TAG_FLOAT64);
      out.copy(from, at, at + 8);
      return at + 8;
    case TEXT:
    case INTERNED: {
      const length = from.readInt32LE(at);
      textToNeutral(from, at + 4, length, out);
      return at + 4 + length;
    }
    case BYTES: {
      const length = from.readInt32LE(at);
      out.byte(TAG_BYTES);
      out.varint(length);
      out.copy(from, at + 4, at + 4 + length);
      return at + 4 + length;
    }
    case TUPLE: {
      const count = from.readInt32LE(at);
      out.byte(TAG_ARRAY);
      out.varint(count);
      at += 4;
      for (let i = 0; i < count && at !== -1; i++) at = toNeutral(from, at, out);
      return at;
    }
    case MARK:
      out.byte(TAG_REFERENCE);
      out.varint(out.marks++);
      return at;
    default:
      throw new Malformed(`marshal code ${type}`);
  }
}

function writeInt(out: Output, value: number): void {
  if (value >= 0 && value < 0x80) out.byte(TAG_SMALL_INT + value);
  else {
    out.byte(TAG_INT32);
    out.int32(value);
  }
}

/** marshal writes large ints as 16-bit numbers of 15 bits each; their count has the sign. */
function longToNeutral(from: Buffer, at: number, out: Output): number {
  const signed = from.readInt32LE(at);
  const digits = Math.abs(signed);
  at += 4;
  if (digits > 5) return -1;
  let value = 0n;
  for (let i = digits - 1; i >= 0; i--) value = (value << 15n) | BigInt(from.readUInt16LE(at + i * 2));
  if (signed < 0) value = -value;
  at += digits * 2;
  const short = Number(value);
  if (Number.isSafeInteger(short)) {
    out.byte(TAG_INT53);
    out.float64(short);
    return at;
  }
  if (BigInt.asIntN(64, value) !== value) return -1;
  out.byte(TAG_INT64);
  out.reserve(8);
  out.end = out.bytes.writeBigInt64LE(value, out.end);
  return at;
}

/** UTF-8, in which Python writes lone surrogates too, to one byte per character if all are ASCII, else to UTF-16. */
function textToNeutral(from: Buffer, start: number, length: number, out: Output): void {
  const end = start + length;
  let at = start;
  while (at < end && from[at] < 0x80) at++;
  if (at === end) {
    if (length <= SHORT_LATIN1_MAX) out.byte(TAG_SHORT_LATIN1 + length);
    else {
      out.byte(TAG_LATIN1);
      out.varint(length);
    }
    out.copy(from, start, end);
    return;
  }
  let units = 0;
  for (at = start; at < end; at++) if ((from[at] & 0xc0) !== 0x80) units += from[at] >= 0xf0 ? 2 : 1;
  out.byte(TAG_UTF16);
  out.varint(units);
  out.reserve(units * 2);
  for (at = start; at < end;) {
    const lead = from[at++];
    let point = lead;
    if (lead >= 0xf0) {
      point = ((lead & 7) << 18) | ((from[at] & 63) << 12) | ((from[at + 1] & 63) << 6) | (from[at + 2] & 63);
      at += 3;
    } else if (lead >= 0xe0) {
      point = ((lead & 15) << 12) | ((from[at] & 63) << 6) | (from[at + 1] & 63);
      at += 2;
    } else if (lead >= 0xc0) point = ((lead & 31) << 6) | (from[at++] & 63);
    if (point > 0xffff) {
      out.end = out.bytes.writeUInt16LE(0xd800 + ((point - 0x10000) >> 10), out.end);
      point = 0xdc00 + ((point - 0x10000) & 0x3ff);
    }
    out.end = out.bytes.writeUInt16LE(point, out.end);
  }
}

/** Appends the marshalled form of the neutral value in `from`. `marked` is called with the index of each reference. Returns the position behind it. */
export function toMarshal(from: Buffer, at: number, out: Output, marked: (index: number) => void): number {
  const tag = from[at++];
  if (tag >= TAG_SMALL_INT) {
    out.byte(INT);
    out.int32(tag - TAG_SMALL_INT);
    return at;
  }
  if (tag >= TAG_SHORT_LATIN1) return latin1ToMarshal(from, at, tag - TAG_SHORT_LATIN1, out);
  switch (tag) {
    case TAG_NULL:
      out.byte(NONE);
      return at;
    case TAG_FALSE:
      out.byte(FALSE);
      return at;
    case TAG_TRUE:
      out.byte(TRUE);
      return at;
    case TAG_INT32:
      out.byte(INT);
      out.copy(from, at, at + 4);
      return at + 4;
    case TAG_INT53:
      writeLong(out, BigInt(from.readDoubleLE(at)));
      return at + 8;
    case TAG_INT64:
      writeLong(out, from.readBigInt64LE(at));
      return at + 8;
    case TAG_FLOAT64:
      out.byte(FLOAT);
      out.copy(from, at, at + 8);
      return at + 8;
    default:
  }
  const [count, start] = readVarint(from, at);
  switch (tag) {
    case TAG_LATIN1:
      return latin1ToMarshal(from, start, count, out);
    case TAG_UTF16:
      return utf16ToMarshal(from, start, count, out);
    case TAG_BYTES:
      out.byte(BYTES);
      out.int32(count);
      out.copy(from, start, start + count);
      return start + count;
    case TAG_ARRAY: {
      out.byte(TUPLE);
      out.int32(count);
      let next = start;
      for (let i = 0; i < count; i++) next = toMarshal(from, next, out, marked);
      return next;
    }
    case TAG_REFERENCE:
      out.byte(MARK);
      marked(count);
      return start;
    default:
      throw new Malformed(`tag ${tag}`);
  }
}

function readVarint(from: Buffer, at: number): [value: number, next: number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = from[at++];
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value >>> 0, at];
  }
}

function writeLong(out: Output, value: bigint): void {
  if (BigInt.asIntN(32, value) === value) {
    out.byte(INT);
    out.int32(Number(value));
    return;
  }
  out.byte(LONG);
  const digits: number[] = [];
  for (let rest = value < 0n ? -value : value; rest !== 0n; rest >>= 15n) digits.push(Number(rest & 0x7fffn));
  out.int32(value < 0n ? -digits.length : digits.length);
  out.reserve(digits.length * 2);
  for (const digit of digits) out.end = out.bytes.writeUInt16LE(digit, out.end);
}

function latin1ToMarshal(from: Buffer, start: number, count: number, out: Output): number {
  const end = start + count;
  out.byte(TEXT);
  const lengthAt = out.end;
  out.int32(count);
  let at = start;
  while (at < end && from[at] < 0x80) at++;
  out.copy(from, start, at);
  if (at === end) return end;
  out.reserve((end - at) * 2);
  for (; at < end; at++) writePoint(out, from[at]);
  out.bytes.writeInt32LE(out.end - lengthAt - 4, lengthAt);
  return end;
}

function utf16ToMarshal(from: Buffer, start: number, units: number, out: Output): number {
  const end = start + units * 2;
  out.byte(TEXT);
  const lengthAt = out.end;
  out.int32(0);
  out.reserve(units * 3);
  for (let at = start; at < end; at += 2) {
    const unit = from.readUInt16LE(at);
    const pair = unit >= 0xd800 && unit < 0xdc00 && at + 2 < end ? from.readUInt16LE(at + 2) : 0;
    if (pair >= 0xdc00 && pair < 0xe000) {
      writePoint(out, 0x10000 + ((unit - 0xd800) << 10) + (pair - 0xdc00));
      at += 2;
    } else writePoint(out, unit);
  }
  out.bytes.writeInt32LE(out.end - lengthAt - 4, lengthAt);
  return end;
}

/** Writes a code point as UTF-8. There is room for it. */
function writePoint(out: Output, point: number): void {
  const { bytes } = out;
  if (point < 0x80) bytes[out.end++] = point;
  else if (point < 0x800) {
    bytes[out.end++] = 0xc0 | (point >> 6);
    bytes[out.end++] = 0x80 | (point & 63);
  } else if (point < 0x10000) {
    bytes[out.end++] = 0xe0 | (point >> 12);
    bytes[out.end++] = 0x80 | ((point >> 6) & 63);
    bytes[out.end++] = 0x80 | (point & 63);
  } else {
    bytes[out.end++] = 0xf0 | (point >> 18);
    bytes[out.end++] = 0x80 | ((point >> 12) & 63);
    bytes[out.end++] = 0x80 | ((point >> 6) & 63);
    bytes[out.end++] = 0x80 | (point & 63);
  }
}
