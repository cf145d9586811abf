/**
 * Values to bytes and back: what the structured clone algorithm takes, with more of errors, plus what is
 * registered to travel by reference. Knows no queue, no shared memory and no interpreter.
 */

import { InterpreterError, NotShareableError } from "../errors.js";
import { Decoder } from "./decoder.js";
import { formatPath, safeInspect } from "./describe.js";
import { Encoder, type Moved, nameOf, type Root } from "./encoder.js";
import { writeValue } from "./encode.js";
import { readValue } from "./decode.js";
import type { Scratch } from "./scratch.js";
import { CODEC_NEUTRAL, TAG_FALSE, TAG_SMALL_INT, TAG_TRUE } from "./tags.js";
import { writeByte, writeNumber, writeString } from "./write.js";
import "./kinds/buffers.js";
import "./kinds/builtins.js";
import "./kinds/errors.js";

export { CODEC_JAVASCRIPT, CODEC_NEUTRAL } from "./tags.js";
export { registerReader, registerReference, registerSymbol, type ReferenceType } from "./references.js";

/** Stack overflows this close to the surface are those of user code. */
const DEEP = 200;
const KEPT = 8;
const SURELY_FITS = 1 << 16;

// Getters and reference types may encode and decode while we do: hence stacks, not single objects.
const encoders: Encoder[] = [];
const decoders: Decoder[] = [];

/**
 * Appends `value` at `out.end` and what it refers to at the end of `out.refs`, and returns the codec tag.
 * `root` is what messages call the value. If it throws (`NotShareableError`, or whatever a getter threw),
 * `out` is as before. With `lenient` it never does: parts that cannot travel are replaced by their description.
 * Indices of references count from where `out.refs` ended at the start of this call.
 */
export function encode(out: Scratch, value: unknown, root: Root, lenient = false, moved?: Moved): number {
  switch (typeof value) {
    case "string":
      // A huge one may not fit, and then half of it has to be taken back.
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

/** As `encode`, of an array that nobody but this package has, such as the arguments of a call. */
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
  const { end } = out;
  const refs = out.refs.length;
  const encoder = encoders.pop() ?? new Encoder();
  try {
    encoder.begin(out, root, lenient);
    encoder.list = list;
    encoder.moved = moved;
    writeValue(encoder, value, 0);
    if (encoder.sharedBuffers.size > 0) {
      // Views turned out to have a buffer in common after one of them was written on its own: once more.
      out.end = end;
      out.refs.length = refs;
      encoder.beginAgain();
      writeValue(encoder, value, 0);
    }
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
 * The value whose encoding is `bytes` from `start` to exactly `end`; `refs` are the triples that this encoding
 * added. The result shares no memory with `bytes`.
 */
export function decode(bytes: Buffer, start: number, end: number, refs: ArrayLike<number>): unknown {
  if (end - start === 1 && bytes[start] >= TAG_SMALL_INT) return bytes[start] - TAG_SMALL_INT;
  const decoder = decoders.pop() ?? new Decoder();
  try {
    decoder.begin(bytes, start, Math.min(end, bytes.length), refs);
    const value = readValue(decoder);
    if (decoder.position !== decoder.end) throw decoder.malformed("there is more than one value in it");
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

function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message === "Maximum call stack size exceeded";
}
