/**
 * Values as bytes that another process can read, on this machine or another: the encoding of the codec, behind its tag.
 *
 *     [ codec tag, encoded value … ]
 *
 * References are refused: a queue, a lock or shared memory exists in one process only.
 */
import { NotShareableError } from "../base/errors.js";
import { decode, encode } from "./codec.js";
import { describe, formatPath, safeInspect, type Step } from "./describe.js";
import { letGoOfReferences } from "./references.js";
import { acquireScratch, releaseScratch } from "./scratch.js";

/** How deep `pathToReference` searches for the culprit. */
const DEEPEST = 32;

/**
 * Encodes a value for another process. The bytes are a copy.
 *
 * @param root names the value in error messages
 * @throws NotShareableError it cannot travel at all, or only within this process; the message names the path to the culprit
 */
export function encodePortable(value: unknown, root: string): Uint8Array {
  const scratch = acquireScratch();
  try {
    const codec = encode(scratch, value, root);
    if (scratch.refs.length > 0) {
      letGoOfReferences(scratch.refs);
      throw onlyHere(value, root);
    }
    const bytes = new Uint8Array(1 + scratch.end);
    bytes[0] = codec;
    bytes.set(scratch.bytes.subarray(0, scratch.end), 1);
    return bytes;
  } finally {
    releaseScratch(scratch);
  }
}

/** As `encodePortable`, but never throws: a description replaces each part that cannot travel. */
export function describePortable(value: unknown): Uint8Array {
  try {
    return encodePortable(copyOf(value), "value");
  } catch {
    return encodePortable(safeInspect(value), "value");
  }
}

/** A copy in which a description replaces what cannot travel. */
function copyOf(value: unknown): unknown {
  const scratch = acquireScratch();
  try {
    encode(scratch, value, "value", true);
    return decode(scratch.bytes, 0, scratch.end, scratch.refs);
  } finally {
    releaseScratch(scratch);
  }
}

/**
 * The value that `encodePortable` encoded.
 *
 * @throws InterpreterError (`ERR_MALFORMED_VALUE`) the bytes are damaged; NotShareableError another language encoded them
 */
export function decodePortable(bytes: Uint8Array): unknown {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return decode(buffer, 1, buffer.length, [], buffer[0]);
}

function onlyHere(value: unknown, root: string): Error {
  const { steps, found } = pathToReference(value, []);
  return new NotShareableError(
    `Cannot copy to another process: ${formatPath(root, steps)} is ${describe(found)}, which exists in this process only ` +
      "(leave it out, or send the data it stands for)",
  );
}

/** The path to the innermost array, plain object or other value that does not encode without references. */
function pathToReference(value: unknown, steps: Step[]): { steps: Step[]; found: unknown } {
  if (steps.length < DEEPEST && typeof value === "object" && value !== null) {
    const proto: unknown = Object.getPrototypeOf(value);
    if (Array.isArray(value) || proto === Object.prototype || proto === null) {
      for (const key of Object.keys(value)) {
        const child: unknown = (value as Record<string, unknown>)[key];
        if (hasReferences(child))
          return pathToReference(child, [...steps, Array.isArray(value) ? Number(key) : key]);
      }
    }
  }
  return { steps, found: value };
}

function hasReferences(value: unknown): boolean {
  const scratch = acquireScratch();
  try {
    encode(scratch, value, "value");
    letGoOfReferences(scratch.refs);
    return scratch.refs.length > 0;
  } catch {
    return false;
  } finally {
    releaseScratch(scratch);
  }
}
