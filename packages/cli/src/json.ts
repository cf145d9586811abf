/**
 * Writes a result as one line of JSON, and refuses a result that would lose data.
 *
 * `JSON.stringify` writes a Map as `{}` and an error as `{}`: such a result fails its item, and the message has the path
 * to the culprit. Dates become strings, and NaN, infinities and `undefined` become null, as always in JavaScript.
 */

import { types } from "node:util";

export function toJsonLine(result: unknown): string {
  let line: string | undefined;
  try {
    line = JSON.stringify(result);
  } catch (error) {
    throw refusal(error instanceof Error ? error.message.split("\n", 1)[0] : String(error));
  }
  // Not before: JSON.stringify has refused cycles, so the search ends.
  const culprit = findLossy(result);
  if (culprit !== undefined) throw refusal(`result${culprit.path} is ${culprit.kind}`);
  return line ?? "null";
}

function refusal(why: string): TypeError {
  return new TypeError(`the result cannot be written as JSON: ${why}`);
}

interface Culprit {
  readonly path: string;
  readonly kind: string;
}

/** The first value inside `value` that JSON would write as an empty object, or as an object with a property per byte. */
function findLossy(value: unknown): Culprit | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const kind = lossyKind(value);
  if (kind !== undefined) return { path: "", kind };
  const isArray = Array.isArray(value);
  for (const [key, member] of isArray ? value.entries() : Object.entries(value)) {
    const culprit = findLossy(member);
    // The path is built on the way back, so that a result without a culprit costs no strings.
    if (culprit !== undefined) return { path: step(key) + culprit.path, kind: culprit.kind };
  }
  return undefined;
}

function step(key: string | number): string {
  if (typeof key === "number") return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function lossyKind(value: object): string | undefined {
  if (Array.isArray(value)) return undefined;
  if (types.isMap(value)) return "a Map (return an object or an array of entries)";
  if (types.isSet(value)) return "a Set (return an array)";
  if (types.isNativeError(value)) return "an error (throw it, or return its message)";
  if (types.isRegExp(value)) return "a RegExp (return its source)";
  if (types.isArrayBufferView(value) || types.isAnyArrayBuffer(value)) {
    return "binary data (return an array, or a string such as base64)";
  }
  return undefined;
}
