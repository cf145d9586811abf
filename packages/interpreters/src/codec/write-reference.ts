/** Writes objects and symbols that travel by reference: an index in the bytes, a triple in the references. */

import type { Encoder } from "./encoder.js";
import { cloneableType, kindOfSymbol, referenceTypeOf } from "./references.js";
import { saysHowToClone } from "./runtime-classes.js";
import { TAG_REFERENCE } from "./tags.js";
import { writeTagAndVarint } from "./write.js";

/** Writes `object` if it travels by reference; returns false if it does not. */
export function writeReference(e: Encoder, object: object): boolean {
  const { moved } = e;
  if (moved?.has(object) === true) {
    refer(e, object, moved.kind, () => moved.toReference(object));
    return true;
  }
  const type = referenceTypeOf(object);
  if (type === undefined) return false;
  const obstacle = type.obstacle !== undefined && e.references.find(object) < 0 && type.obstacle(object);
  if (obstacle) throw e.failure(e.depth, obstacle.found, obstacle.hint);
  refer(e, object, type.kind, () => type.toReference(object));
  return true;
}

/** Writes `object`, an instance of a class of the runtime, if the runtime can clone it; returns false if it cannot. */
export function writeCloneable(e: Encoder, object: object): boolean {
  const type = cloneableType();
  if (type === undefined) return false;
  // The clone of a bag of properties would be thrown away, and may be as large as a request and all its sockets.
  if (Object.keys(object).length > 0 && !saysHowToClone(object)) return false;
  if (e.references.find(object) < 0 && type.obstacle(object) !== undefined) return false;
  refer(e, object, type.kind, () => type.toReference(object));
  return true;
}

/** Writes a registered symbol; returns false for any other. */
export function writeSymbol(e: Encoder, symbol: symbol): boolean {
  const kind = kindOfSymbol(symbol);
  if (kind === undefined) return false;
  // Symbols have identity, as objects do.
  refer(e, symbol as unknown as object, kind, () => [0, 0]);
  return true;
}

function refer(
  e: Encoder,
  what: object,
  kind: number,
  toReference: () => readonly [a: number, b: number],
): void {
  const { refs } = e.out;
  let index = e.references.find(what);
  if (index < 0) {
    index = (refs.length - e.firstRef) / 3;
    e.references.add(what, index);
    const [a, b] = toReference();
    refs.push(kind, a, b);
  }
  writeTagAndVarint(e.out, TAG_REFERENCE, index);
}
