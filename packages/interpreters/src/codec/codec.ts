/**
 * Values to bytes and back. The codec takes every value that the structured clone algorithm takes, keeps more of
 * errors, and sends registered types by reference. It knows no queue, no shared memory and no interpreter.
 *
 * `encode` returns a codec tag, which says who can read the bytes. The record carries it, and `decode` checks it.
 *
 * `CODEC_NEUTRAL` (0): every guest language can read them. Neutral values are
 *
 * - null and booleans
 * - numbers, including NaN, the infinities and negative zero; bigints that fit into 64 bits with their sign
 * - strings, including those with lone surrogates
 * - a `Uint8Array` or `Buffer`, which arrives as bytes
 * - an array of neutral values without holes and without other properties (instances of subclasses too)
 * - an object that travels by reference (a queue, an interpreter, a buffer that is moved), and a registered symbol;
 *   the receiver must know the reference's kind
 *
 * `CODEC_JAVASCRIPT` (1): only JavaScript can read them. One such part makes the whole record JavaScript's:
 *
 * - undefined, a hole of an array, a larger bigint
 * - every other object: plain objects and instances, even empty ones; Map, Set, Date, RegExp, boxed primitives,
 *   errors, ArrayBuffer, DataView, and the other typed arrays
 * - identity: an array, or any other copied object, that occurs twice in the value, and views that share a buffer
 * - a view of a resizable or moved buffer
 *
 * Other tags belong to other languages: `decode` refuses them. tags.ts has the bytes, and test/codec/neutral.test.ts
 * reads neutral records as another language would.
 */

import { isStackOverflow } from "../base/call-stack.js";
import { InterpreterError, NotShareableError } from "../base/errors.js";
import { Decoder } from "./decoder.js";
import { formatPath, safeInspect } from "./describe.js";
import { acceptsLanguageValues, LanguageValue } from "./language-value.js";
import { Encoder, type Moved, nameOf, type Root } from "./encoder.js";
import { writeValue } from "./encode.js";
import { readValue } from "./decode.js";
import { letGoOfReferences } from "./references.js";
import type { Scratch } from "./scratch.js";
import { CODEC_JAVASCRIPT, CODEC_NEUTRAL, TAG_FALSE, TAG_INT32, TAG_SMALL_INT, TAG_TRUE } from "./tags.js";
import { writeByte, writeNumber, writeRaw, writeString } from "./write.js";
import "./kinds/buffers.js";
import "./kinds/builtins.js";
import "./kinds/errors.js";
import "./kinds/registered.js";

export { CODEC_JAVASCRIPT, CODEC_NEUTRAL } from "./tags.js";
export {
  registerCloneable,
  registerReader,
  registerReference,
  registerSymbol,
  type ReferenceType,
} from "./references.js";

/** At a smaller depth a stack overflow is the fault of user code, such as a getter. */
const DEEP = 200;
/** How many idle encoders and decoders are kept. */
const KEPT = 8;
/** A string up to this length (UTF-16 code units) always fits, so `encode` need not be ready to undo it. */
const SURELY_FITS = 1 << 16;

// Getters and reference types may call `encode` and `decode` during a walk: hence stacks, not single objects.
const encoders: Encoder[] = [];
const decoders: Decoder[] = [];

/**
 * Appends the bytes of `value` at `out.end` and its references at the end of `out.refs`; returns the codec tag.
 * `root` names the value in error messages. If it throws (`NotShareableError`, or whatever a getter threw), `out`
 * is as before. With `lenient` it never throws: a description replaces each part that cannot travel.
 * Objects in `moved` travel by reference in this value.
 * Indices of references count from where `out.refs` ended at the start of this call.
 */
export function encode(out: Scratch, value: unknown, root: Root, lenient = false, moved?: Moved): number {
  switch (typeof value) {
    case "string":
      // A huge one may run out of room half-way, and must then be undone.
      if (value.length > SURELY_FITS) return encodeAny(out, value, root, lenient);
      writeString(out, value);
      return CODEC_NEUTRAL;
    case "number":
      writeNumber(out, value);
      return CODEC_NEUTRAL;
    case "boolean":
      writeByte(out, value ? TAG_TRUE : TAG_FALSE);
      return CODEC_NEUTRAL;
    default:
      return encodeAny(out, value, root, lenient, undefined, moved);
  }
}

/** Like `encode`, for an array that only this package holds, such as the arguments of a call. */
export function encodeList(out: Scratch, list: readonly unknown[], root: Root, moved?: Moved): number {
  return encodeAny(out, list, root, false, list, moved);
}

function encodeAny(
  out: Scratch,
  value: unknown,
  root: Root,
  lenient: boolean,
  list?: readonly unknown[],
  moved?: Moved,
): number {
  if (LanguageValue.is(value)) return encodeLanguageValue(out, value, root);
  const { end } = out;
  const refs = out.refs.length;
  const encoder = encoders.pop() ?? new Encoder();
  try {
    encoder.begin(out, root, lenient);
    encoder.list = list;
    encoder.moved = moved;
    writeValue(encoder, value, 0);
    if (encoder.again) {
      // The walk found views that share a buffer, or that it moves, after it had written one of them alone: encode again.
      out.end = end;
      out.refs.length = refs;
      encoder.beginAgain();
      writeValue(encoder, value, 0);
    }
    if (out.end - end > out.most) throw out.tooLarge(out.end - end);
    return encoder.codec;
  } catch (error) {
    out.end = end;
    out.refs.length = refs;
    if (lenient) {
      writeString(out, safeInspect(value));
      return CODEC_NEUTRAL;
    }
    if (encoder.depth >= DEEP && isStackOverflow(error)) {
      throw new NotShareableError(
        `Cannot copy to another interpreter: ${formatPath(nameOf(root), encoder.path.slice(0, encoder.depth))} is ` +
          `nested too deeply (flatten the value, for instance a linked list into an array)`,
        { cause: error },
      );
    }
    throw error;
  } finally {
    encoder.finish();
    if (encoders.length < KEPT) encoders.push(encoder);
  }
}

/**
 * Returns the value whose encoding is `bytes` from `start` to exactly `end`. `refs` are the triples that this
 * encoding added, and `codec` is the tag that `encode` returned. The result shares no memory with `bytes`.
 * Throws `NotShareableError` if `codec` is the tag of another language, and `InterpreterError`
 * (`ERR_MALFORMED_VALUE`) if the bytes are damaged.
 */
export function decode(
  bytes: Buffer,
  start: number,
  end: number,
  refs: ArrayLike<number>,
  codec: number = CODEC_JAVASCRIPT,
): unknown {
  if (codec !== CODEC_JAVASCRIPT && codec !== CODEC_NEUTRAL) {
    if (!acceptsLanguageValues(codec)) throw foreignValue(codec, refs);
    return new LanguageValue(codec, new Uint8Array(bytes.subarray(start, end)));
  }
  // Small integers need no decoder.
  const length = end - start;
  if (length === 1 && bytes[start] >= TAG_SMALL_INT) return bytes[start] - TAG_SMALL_INT;
  if (length === 5 && bytes[start] === TAG_INT32) {
    return bytes[start + 1] | (bytes[start + 2] << 8) | (bytes[start + 3] << 16) | (bytes[start + 4] << 24);
  }
  const decoder = decoders.pop() ?? new Decoder();
  try {
    decoder.begin(bytes, start, Math.min(end, bytes.length), refs);
    const value = readValue(decoder);
    if (decoder.position !== decoder.end) throw decoder.malformed("bytes follow its end");
    return value;
  } catch (error) {
    if (!isStackOverflow(error)) throw error;
    throw new InterpreterError(
      "Cannot read a value that was sent here: it is nested too deeply for this thread's stack (flatten it, or " +
        "raise resourceLimits.stackSizeMb)",
      { code: "ERR_MALFORMED_VALUE", cause: error },
    );
  } finally {
    decoder.finish();
    if (decoders.length < KEPT) decoders.push(decoder);
  }
}

function encodeLanguageValue(out: Scratch, { tag, bytes }: LanguageValue, root: Root): number {
  if (!acceptsLanguageValues(tag)) {
    throw new NotShareableError(
      `Cannot copy to another interpreter: ${nameOf(root)} is a value of another language (codec tag ${tag}), which only an ` +
        "interpreter of that language can send",
    );
  }
  writeRaw(out, Buffer.from(bytes));
  return tag;
}

/** The error for a value that another language encoded. */
function foreignValue(codec: number, refs: ArrayLike<number>): Error {
  letGoOfReferences(refs);
  return new NotShareableError(
    `Cannot read a value that was sent here: another language encoded it (codec tag ${codec}; this interpreter reads ` +
      `${CODEC_NEUTRAL}, which every language has, and ${CODEC_JAVASCRIPT}, JavaScript's own). Send only null, booleans, ` +
      `numbers, text, bytes, and lists of these`,
  );
}
