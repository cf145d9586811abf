/**
 * Bytes from Python's heap into the core and back. The core copies them from an object `bytes` into shared memory, and a `Packet` becomes an object
 * `bytes` of Python's. So nothing lies anywhere between two steps of Python: whenever it calls or returns, a signal handler or a finalizer may
 * run, and use queues itself.
 *
 *     packet:   state, codec tag, 0, 0 │ number of references │ references: kind, pointer, id │ data
 */
import { core, type EncodedValue, type OutgoingRecord } from "interpreters/core";
import type { PyodideAPI } from "./boot.js";
import { Output, toMarshal, toNeutral } from "./marshal.js";

/** The parts of the Pyodide module that are needed here. */
interface Heap {
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
}

/** Of an object `bytes`: the word with its length, and where its bytes begin, from the object's address on. */
const B_SIZE = 2;
const B_BYTES = 16;

/** What Python gets as `bytes`. One is used again and again: it is valid until the next one. */
export interface Packet {
  /** A RECORD_… number of the core. */
  state: number;
  codec: number;
  /** Triples. */
  references: readonly number[];
  bytes: Uint8Array;
  start: number;
  length: number;
}

const NONE: readonly number[] = [];

export class Exchange {
  readonly #heap: Heap;
  #bytes!: Buffer;
  #words!: Int32Array;
  /** Data that is transcoded. */
  readonly scratch = new Output(4096);
  #scratchWords: Int32Array = new Int32Array(0);
  readonly #packet: Packet = {
    state: 0,
    codec: 0,
    references: NONE,
    bytes: new Uint8Array(0),
    start: 0,
    length: 0,
  };

  constructor(pyodide: PyodideAPI) {
    this.#heap = (pyodide as unknown as { readonly _module: Heap })._module;
  }

  /** Makes the heap's views again if it has grown. */
  #map(): void {
    const { buffer } = this.#heap.HEAPU8;
    if (this.#bytes?.buffer === buffer) return;
    this.#bytes = Buffer.from(buffer);
    this.#words = new Int32Array(buffer);
  }

  /** The bytes of the object `bytes` at an address. They are valid until Python runs. */
  data(address: number): Uint8Array {
    this.#map();
    const start = address + B_BYTES;
    return this.#bytes.subarray(start, start + this.#words[(address >> 2) + B_SIZE]);
  }

  /** The ids in such an object, of 4 bytes each. */
  ids(address: number): Int32Array {
    this.#map();
    const base = (address + B_BYTES) >> 2;
    return this.#words.subarray(base, base + (this.#words[(address >> 2) + B_SIZE] >> 2));
  }

  /** Has `record` take the bytes of such an object. Returns false if they must be neutral and are not. */
  fill(record: OutgoingRecord, codec: number, address: number): boolean {
    this.#map();
    const start = address + B_BYTES;
    if (codec !== core.CODEC_NEUTRAL) {
      record.bytes = this.#bytes;
      record.words = this.#words;
      record.start = start;
      record.length = this.#words[(address >> 2) + B_SIZE];
      return true;
    }
    const neutral = toNeutral(this.#bytes, start, this.scratch.reset()) !== -1;
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

  /** A value for Python, which gets it as marshal if it is neutral. */
  packet({ codec, bytes, references }: EncodedValue): Packet {
    if (codec !== core.CODEC_NEUTRAL) return this.#filled(core.RECORD_LIVE, codec, references, bytes);
    const out = this.scratch.reset();
    let marks: number[] | undefined;
    const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    toMarshal(from, 0, out, (index) => (marks ??= []).push(...references.slice(index * 3, index * 3 + 3)));
    return this.#filled(core.RECORD_LIVE, codec, marks ?? NONE, out.bytes, out.end);
  }

  /** An item that is not there any more. */
  remains(state: number): Packet {
    return this.#filled(state, core.CODEC_NEUTRAL, NONE, this.scratch.bytes, 0);
  }

  /** Integers of 32 bits. */
  list(values: readonly number[]): Packet {
    const out = this.scratch.reset();
    for (const value of values) out.int32(value);
    return this.#filled(core.RECORD_LIVE, core.CODEC_NEUTRAL, NONE, out.bytes, out.end);
  }

  #filled(
    state: number,
    codec: number,
    references: readonly number[],
    bytes: Uint8Array,
    length = bytes.length,
  ): Packet {
    const packet = this.#packet;
    packet.state = state;
    packet.codec = codec;
    packet.references = references;
    packet.bytes = bytes;
    packet.start = 0;
    packet.length = length;
    return packet;
  }
}
