/**
 * Values that only one guest language understands, as their bytes: a Python pickle, say. The core carries them under the language's
 * codec tag and hands them to interpreters of that language only; every other reader gets a NotShareableError.
 */
import { CODEC_JAVASCRIPT } from "./tags.js";

/** The tag of the language whose executing side this thread runs; JavaScript's in every other thread. */
let own: number = CODEC_JAVASCRIPT;

/** From now on this thread may send and receive `LanguageValue`s of that tag. */
export function acceptLanguageValues(tag: number): void {
  own = tag;
}

/** Set with the first one: most threads never make any, and asking an object for a private field takes 10 ns. */
let exist = false;

export function acceptsLanguageValues(tag: number): boolean {
  return own === tag;
}

/**
 * A value of a guest language, as its bytes. The executing side of the language sends and receives one as a whole value: an argument
 * list or another object cannot contain it.
 *
 * @example
 * // In the module of an executing side whose language has the codec tag 7:
 * const value = new LanguageValue(7, new Uint8Array([1, 2, 3]));
 * console.log(LanguageValue.is(value), value.bytes.length); // true 3
 */
export class LanguageValue {
  readonly #tag: number;
  /** The value, in an encoding of the language's choice. */
  readonly bytes: Uint8Array;

  constructor(tag: number, bytes: Uint8Array) {
    exist = true;
    this.#tag = tag;
    this.bytes = bytes;
  }

  /** The language's codec tag. */
  get tag(): number {
    return this.#tag;
  }

  /** Returns whether a value is one. Runs no code of the value, which may be a proxy. */
  static is(value: unknown): value is LanguageValue {
    return exist && typeof value === "object" && value !== null && #tag in value;
  }
}

/**
 * A value that stays encoded while the core carries it: bytes in the neutral encoding or in a guest language's own, and the references
 * (triples of words, memory/layout.ts) that the record must carry with them.
 */
export class EncodedValue {
  /** The codec tag that the record carries. */
  readonly codec: number;
  readonly bytes: Uint8Array;
  readonly references: readonly number[];

  constructor(codec: number, bytes: Uint8Array, references: readonly number[] = []) {
    this.codec = codec;
    this.bytes = bytes;
    this.references = references;
  }
}
