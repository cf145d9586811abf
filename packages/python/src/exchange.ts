/**
 * The buffer in Python's heap through which everything passes (python/_interpbridge.py):
 *
 *     word 0        1         2             3                4        5              from byte 256 on
 *     codec tag     length    references    where they are   state    an answer      data, then references
 *
 * Python copies bytes there and calls; the core copies them from Python's heap into shared memory, and back. No object crosses. A value that
 * does not fit is kept until Python has made the buffer larger (TOO_BIG).
 */
import { InterpreterError } from "interpreters";
import { core, type EncodedValue, type OutgoingRecord } from "interpreters/core";
import type { PyodideAPI } from "./boot.js";
import { Output, toMarshal, toNeutral } from "./marshal.js";

export const W_CODEC = 0;
export const W_LENGTH = 1;
export const W_REFERENCES = 2;
export const W_REFERENCES_AT = 3;
export const W_STATE = 4;
export const W_VALUE = 5;
const DATA = 256;

/** The value does not fit: Python must make the buffer larger, and fetch it. */
export const TOO_BIG = -21;

/** The parts of Pyodide's module object that the bridge needs. */
interface Heap {
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
}

/** A `bytearray`, as Pyodide gives it to JavaScript. */
export interface PythonBuffer {
  getBuffer(type: "u8"): { readonly data: Uint8Array; release(): void };
  destroy(): void;
}

export class Exchange {
  readonly #heap: Heap;
  /** Where Python's buffer begins. */
  #at = 0;
  /** How many bytes of data it has room for. */
  room = 0;
  /** Keeps Python from moving the buffer. */
  #pinned: { release(): void } | undefined;
  #bytes!: Buffer;
  words!: Int32Array;
  /** Data that is transcoded. */
  readonly scratch = new Output(4096);
  #scratchWords: Int32Array = new Int32Array(0);
  #waiting: EncodedValue | undefined;

  constructor(pyodide: PyodideAPI) {
    this.#heap = (pyodide as unknown as { readonly _module: Heap })._module;
  }

  /** Makes `buffer` the one that Python uses from now on. */
  use(buffer: PythonBuffer): void {
    const view = buffer.getBuffer("u8");
    buffer.destroy();
    this.#pinned?.release();
    this.#pinned = view;
    this.#at = view.data.byteOffset;
    this.room = view.data.length - DATA;
    if (this.#at % 4 !== 0) throw new InterpreterError("Cannot use Python's buffer: it is not aligned");
    this.map();
  }

  /** Makes the views of Python's heap again if it has grown. Must be called before any other method, whenever Python has run. */
  map(): void {
    const { buffer } = this.#heap.HEAPU8;
    if (this.#bytes?.buffer === buffer) return;
    this.#bytes = Buffer.from(buffer);
    this.words = new Int32Array(buffer);
  }

  word(index: number): number {
    return this.words[(this.#at >> 2) + index];
  }

  setWord(index: number, value: number): void {
    this.words[(this.#at >> 2) + index] = value;
  }

  /** The index in `words` where data begins. */
  get dataAt(): number {
    return (this.#at + DATA) >> 2;
  }

  /** The bytes that Python left. They are valid until Python runs. */
  data(): Uint8Array {
    const start = this.#at + DATA;
    return this.#bytes.subarray(start, start + this.word(W_LENGTH));
  }

  /** How many bytes of data there are. */
  get length(): number {
    this.map();
    return this.word(W_LENGTH);
  }

  /** The ids that Python left behind its data. */
  references(count: number): Int32Array {
    const base = (this.#at + this.word(W_REFERENCES_AT)) >> 2;
    return this.words.subarray(base, base + count);
  }

  /** Has `record` take the data that Python left. Returns false if it must be neutral and is not. */
  fill(record: OutgoingRecord, codec: number): boolean {
    if (codec !== core.CODEC_NEUTRAL) {
      record.bytes = this.#bytes;
      record.words = this.words;
      record.start = this.#at + DATA;
      record.length = this.word(W_LENGTH);
      return true;
    }
    const neutral = toNeutral(this.#bytes, this.#at + DATA, this.scratch.reset()) !== -1;
    if (neutral) this.fillFromScratch(record);
    return neutral;
  }

  fillFromScratch(record: OutgoingRecord): void {
    const { bytes, end } = this.scratch;
    if (this.#scratchWords.buffer !== bytes.buffer)
      this.#scratchWords = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    record.bytes = bytes;
    record.words = this.#scratchWords;
    record.start = 0;
    record.length = end;
  }

  /** Gives Python a value. Returns TOO_BIG if the buffer is too small: then it is kept until `fetch`. */
  deliver({ codec, bytes, references }: EncodedValue): number {
    if (codec !== core.CODEC_NEUTRAL) return this.#hand(codec, bytes, references);
    const out = this.scratch.reset();
    const marks: number[] = [];
    const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    toMarshal(from, 0, out, (index) => marks.push(...references.slice(index * 3, index * 3 + 3)));
    return this.#hand(codec, out.bytes.subarray(0, out.end), marks);
  }

  #hand(codec: number, data: Uint8Array, references: readonly number[]): number {
    this.map();
    const at = (DATA + data.length + 3) & ~3;
    const needed = at - DATA + references.length * 4;
    if (needed > this.room) {
      this.#waiting = new core.EncodedValue(codec, Uint8Array.from(data), references);
      this.setWord(W_LENGTH, needed);
      return TOO_BIG;
    }
    this.#waiting = undefined;
    this.#bytes.set(data, this.#at + DATA);
    this.setWord(W_CODEC, codec);
    this.setWord(W_LENGTH, data.length);
    this.setWord(W_REFERENCES, references.length / 3);
    this.setWord(W_REFERENCES_AT, at);
    const base = (this.#at + at) >> 2;
    for (let i = 0; i < references.length; i++) this.words[base + i] = references[i];
    return core.OK;
  }

  /** The buffer has become larger: gives Python the value that was kept. */
  fetch(): number {
    const { codec, bytes, references } = this.#waiting!;
    return this.#hand(codec, bytes, references);
  }

  /** Gives Python a value, for which `grow` makes the buffer larger if it must. */
  give(value: EncodedValue, grow: (length: number) => void): void {
    if (this.deliver(value) === core.OK) return;
    grow(this.word(W_LENGTH));
    this.fetch();
  }
}
