/** The state of one decoding, and the readers of primitives and counts. They trust no count that they read. */

import { copyBytes, uninitialized } from "../base/bytes.js";
import { InterpreterError } from "../base/errors.js";
import { SHORT_TEXT, shortLatin1 } from "./latin1.js";
import { readShapeBeforeFirst, type ReadShape } from "./shapes.js";

/** Methods that every `Buffer` has but its type declarations omit. */
interface RawStringReader {
  latin1Slice(start: number, end: number): string;
  ucs2Slice(start: number, end: number): string;
}

/** Read in place of a missing value: a hole, or a property that a getter deleted while it was encoded. */
export const ABSENT: unique symbol = Symbol("absent");

/** A longer list of objects is not kept for the next decoding. */
const KEPT_OBJECTS = 4096;

const NO_BYTES = Buffer.alloc(0);
const NO_REFS: ArrayLike<number> = [];

export class Decoder {
  bytes: Buffer = NO_BYTES;
  private viewed: Buffer = NO_BYTES;
  private view: DataView = new DataView(new ArrayBuffer(0));
  position = 0;
  end = 0;
  refs: ArrayLike<number> = NO_REFS;
  /** The object of each reference that was read, for the next time it occurs. */
  resolved: Map<number, unknown> | undefined = undefined;
  objects: unknown[] = [];
  objectCount = 0;
  shapes: ReadShape[] = [];
  shapeCount = 0;
  previous: ReadShape = readShapeBeforeFirst;

  begin(bytes: Buffer, start: number, end: number, refs: ArrayLike<number>): void {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    this.refs = refs;
    this.previous = readShapeBeforeFirst;
  }

  finish(): void {
    if (this.objectCount > KEPT_OBJECTS) this.objects = [];
    else for (let i = 0; i < this.objectCount; i++) this.objects[i] = undefined;
    this.objectCount = 0;
    this.shapeCount = 0;
    this.resolved = undefined;
    this.refs = NO_REFS;
  }

  /** Gives `object` the next number. */
  note<T>(object: T): T {
    this.objects[this.objectCount++] = object;
    return object;
  }

  malformed(found: string): Error {
    return new InterpreterError(
      `Cannot read a value that was sent here: ${found}. Its bytes were damaged, or written by another version ` +
        `of this package`,
      { code: "ERR_MALFORMED_VALUE" },
    );
  }

  /** Throws unless `count` more bytes are left. */
  need(count: number): void {
    if (count > this.end - this.position) throw this.cutOff(count);
  }

  /** Separate, so that `need` stays small enough to be inlined. */
  private cutOff(count: number): Error {
    return this.malformed(`it needs ${count} more bytes and has only ${this.end - this.position}`);
  }

  readByte(): number {
    if (this.position >= this.end) throw this.malformed("it ends in the middle of a value");
    return this.bytes[this.position++];
  }

  readVarint(): number {
    let value = this.readByte();
    if (value < 0x80) return value;
    value -= 0x80;
    let factor = 0x80;
    for (let i = 0; i < 7; i++) {
      const byte = this.readByte();
      if (byte < 0x80) {
        const result = value + byte * factor;
        if (!Number.isSafeInteger(result)) break;
        return result;
      }
      value += (byte - 0x80) * factor;
      factor *= 0x80;
    }
    throw this.malformed("a count in it is out of range");
  }

  /** Reads how many items follow, of at least `size` bytes each. */
  readCount(size: number): number {
    const count = this.readVarint();
    if (count * size > this.end - this.position)
      throw this.malformed(`it announces ${count} items, more than its bytes can hold`);
    return count;
  }

  readInt32(): number {
    this.need(4);
    const { position } = this;
    this.position = position + 4;
    return this.dataView().getInt32(position, true);
  }

  /** A view of the bytes, made when the first number is read. */
  private dataView(): DataView {
    const { bytes } = this;
    if (this.viewed !== bytes) {
      this.viewed = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    return this.view;
  }

  readFloat64(): number {
    this.need(8);
    const { position } = this;
    this.position = position + 8;
    return this.dataView().getFloat64(position, true);
  }

  readInt64(): bigint {
    this.need(8);
    const { position } = this;
    this.position = position + 8;
    return this.dataView().getBigInt64(position, true);
  }

  readBigint(): bigint {
    const size = this.readVarint();
    const negative = this.readByte() === 1;
    this.need(size);
    const digits = this.bytes.toString("hex", this.position, this.position + size);
    this.position += size;
    const value = BigInt(`0x0${digits}`);
    return negative ? -value : value;
  }

  /** A copy of the next `size` bytes. */
  readRaw(size: number): Uint8Array<ArrayBuffer> {
    this.need(size);
    const { bytes, position } = this;
    const copy = uninitialized(size);
    if (size <= 16) for (let i = 0; i < size; i++) copy[i] = bytes[position + i];
    else copyBytes(bytes, position, copy, 0, size);
    this.position = position + size;
    return copy;
  }

  readUtf16(): string {
    const length = this.readCount(2);
    const { position } = this;
    this.position = position + length * 2;
    return (this.bytes as unknown as RawStringReader).ucs2Slice(position, this.position);
  }

  /** Reads `length` characters of one byte each. */
  readLatin1(length: number): string {
    const { position } = this;
    if (length > this.end - position) throw this.malformed("a string in it is cut off");
    this.position = position + length;
    if (length <= SHORT_TEXT) return shortLatin1(this.bytes, position, length);
    return (this.bytes as unknown as RawStringReader).latin1Slice(position, this.position);
  }
}
