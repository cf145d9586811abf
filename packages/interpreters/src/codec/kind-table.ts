/**
 * The kinds of object that have an encoding of their own. The files in kinds/ register them; the first kind that
 * fits writes an object.
 */

import type { Decoder } from "./decoder.js";
import type { Encoder } from "./encoder.js";

/** A kind of object that is neither a plain object nor an array. */
export interface Kind<T extends object = object> {
  /** Every tag its encodings start with. */
  readonly tags: readonly number[];
  /** Must be exact, and must not run user code. */
  is(value: object): value is T;
  /** `depth` is the depth of the value's parts. Must number objects in the same order as `read`. */
  write(encoder: Encoder, value: T, depth: number): void;
  read(decoder: Decoder, tag: number): unknown;
}

export const kinds: Kind[] = [];
export const kindsByTag: (Kind | undefined)[] = Array.from({ length: 0x40 }, () => undefined);

export function registerKind<T extends object>(kind: Kind<T>): void {
  const erased = kind as unknown as Kind;
  kinds.push(erased);
  for (const tag of kind.tags) kindsByTag[tag] = erased;
}
