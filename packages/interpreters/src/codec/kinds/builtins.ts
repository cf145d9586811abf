/** Map, Set, Date, RegExp and boxed primitives. As in a structured clone, their own properties are not copied. */

import { types } from "../../platform/brand-checks.js";
import type { Decoder } from "../decoder.js";
import { readValue } from "../decode.js";
import { describe } from "../describe.js";
import { writeValue } from "../encode.js";
import { writeJavaScriptTag, writtenBefore, type Encoder } from "../encoder.js";
import { registerKind } from "../kind-table.js";
import { TAG_BOXED, TAG_DATE, TAG_MAP, TAG_REGEXP, TAG_SET } from "../tags.js";
import { writeNumber, writeString, writeVarint } from "../write.js";

// Subclasses may override these methods, but only the content counts.
const forEachEntry = Map.prototype.forEach;
const forEachItem = Set.prototype.forEach;
const getTime = Date.prototype.getTime;

registerKind<Map<unknown, unknown>>({
  tags: [TAG_MAP],
  is: (value): value is Map<unknown, unknown> => types.isMap(value),
  write(e, map, depth) {
    if (writtenBefore(e, map)) return;
    // A getter in its content may change the map while it is being written.
    const list: unknown[] = [];
    forEachEntry.call(map, (value: unknown, key: unknown) => list.push(key, value));
    writeJavaScriptTag(e, TAG_MAP);
    writeVarint(e.out, list.length / 2);
    for (let i = 0; i < list.length; i += 2) {
      if (isDeep(list[i]) || isDeep(list[i + 1])) step(e, depth, { entry: list[i] });
      writeValue(e, list[i], depth + 1);
      writeValue(e, list[i + 1], depth + 1);
    }
  },
  read(d) {
    const map = d.note(new Map<unknown, unknown>());
    const count = d.readCount(2);
    for (let i = 0; i < count; i++) {
      const key = readValue(d);
      map.set(key, readValue(d));
    }
    return map;
  },
});

registerKind<Set<unknown>>({
  tags: [TAG_SET],
  is: (value): value is Set<unknown> => types.isSet(value),
  write(e, set, depth) {
    if (writtenBefore(e, set)) return;
    const list: unknown[] = [];
    forEachItem.call(set, (item: unknown) => list.push(item));
    writeJavaScriptTag(e, TAG_SET);
    writeVarint(e.out, list.length);
    for (let i = 0; i < list.length; i++) {
      if (isDeep(list[i])) step(e, depth, { item: i });
      writeValue(e, list[i], depth + 1);
    }
  },
  read(d) {
    const set = d.note(new Set<unknown>());
    const count = d.readCount(1);
    for (let i = 0; i < count; i++) set.add(readValue(d));
    return set;
  },
});

/** Whether an error may need the path to it. */
function isDeep(value: unknown): boolean {
  return typeof value === "object" || typeof value === "function" || typeof value === "symbol";
}

function step(e: Encoder, depth: number, to: { entry: unknown } | { item: number }): void {
  e.path[depth] = to;
  e.pathHoldsValues = true;
}

registerKind<Date>({
  tags: [TAG_DATE],
  is: (value): value is Date => types.isDate(value),
  write(e, date) {
    if (writtenBefore(e, date)) return;
    writeJavaScriptTag(e, TAG_DATE);
    writeNumber(e.out, getTime.call(date));
  },
  read(d) {
    const time = readValue(d);
    if (typeof time !== "number") throw d.malformed("the time of a Date in it is not a number");
    return d.note(new Date(time));
  },
});

registerKind<RegExp>({
  tags: [TAG_REGEXP],
  is: (value): value is RegExp => types.isRegExp(value),
  write(e, regexp) {
    if (writtenBefore(e, regexp)) return;
    writeJavaScriptTag(e, TAG_REGEXP);
    writeString(e.out, regexp.source);
    writeString(e.out, regexp.flags);
  },
  read(d) {
    const source = readValue(d);
    const flags = readValue(d);
    try {
      return d.note(new RegExp(source as string, flags as string));
    } catch {
      throw d.malformed("a regular expression in it is not valid");
    }
  },
});

registerKind<object>({
  tags: [TAG_BOXED],
  is: (value): value is object => types.isBoxedPrimitive(value),
  write(e, boxed, depth) {
    if (types.isSymbolObject(boxed)) throw e.failure(depth, describe(boxed));
    if (writtenBefore(e, boxed)) return;
    writeJavaScriptTag(e, TAG_BOXED);
    writeValue(e, unboxed(boxed), depth);
  },
  read(d: Decoder) {
    const value = readValue(d);
    // A symbol may be read here, by reference, but a Symbol object is never written.
    if (value === null || value === undefined || typeof value === "object" || typeof value === "symbol") {
      throw d.malformed("a boxed value in it is not a primitive");
    }
    return d.note(Object(value) as object);
  },
});

/** Uses the original methods, since `valueOf` may be overridden. */
function unboxed(boxed: object): unknown {
  if (types.isStringObject(boxed)) return String.prototype.valueOf.call(boxed);
  if (types.isNumberObject(boxed)) return Number.prototype.valueOf.call(boxed);
  if (types.isBooleanObject(boxed)) return Boolean.prototype.valueOf.call(boxed);
  return BigInt.prototype.valueOf.call(boxed);
}
