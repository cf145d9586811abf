/**
 * Shapes: the key lists of objects. A payload writes each key list once; both sides also remember key
 * lists between payloads, as bytes ready to be copied (writing) and as strings ready to be used (reading).
 * This memory is bounded and only saves work: every payload is complete in itself.
 *
 * Key list in bytes: the number of keys, then for each its length and its characters, all one byte each.
 */

/** An object with more keys is more likely a dictionary than a record: it is written key by key. */
const MAX_KEYS = 120;
const MAX_BYTES = 1500;
/** How many bytes of key lists are remembered for writing. */
const MAX_REMEMBERED = 1 << 18;
const REMEMBERED_PER_SHAPE = 100;
const MAX_CHAIN = 16;
/** A power of two. */
const READ_SLOTS = 256;

const hasOwn = Object.prototype.hasOwnProperty;

export class WrittenShape {
  readonly keys: readonly string[];
  readonly bytes: Uint8Array;
  /** Whether objects that only look plain may have these keys: `arguments` has indices, `Math` has nothing enumerable. */
  readonly ofSpecial: boolean;
  /** In the payload `epoch`, this shape has this number. */
  epoch = 0;
  number = 0;
  /** The shape that followed this one last time: the first guess for next time. */
  successor: WrittenShape | undefined = undefined;
  /** The next shape with the same first key. */
  sibling: WrittenShape | undefined = undefined;

  constructor(keys: readonly string[], bytes: Uint8Array) {
    this.keys = keys;
    this.bytes = bytes;
    this.ofSpecial = keys.length === 0 || keys[0] === "0";
  }

  /** Whether `object` has exactly these own enumerable keys, in this order. Runs no getters. */
  fits(object: object): boolean {
    const keys = this.keys;
    const count = keys.length;
    let i = 0;
    for (const key in object) {
      // Inherited keys show up too.
      if (!hasOwn.call(object, key)) continue;
      if (i >= count || keys[i] !== key) return false;
      i++;
    }
    return i === count;
  }
}

/** Comes before the first shape of every payload. */
const initial = new WrittenShape([], new Uint8Array(0));

export function shapeBeforeFirst(): WrittenShape {
  return initial;
}

let byFirstKey = new Map<string, WrittenShape>();
let remembered = 0;
let lastEpoch = 0;

function forgetWrittenShapes(): void {
  byFirstKey = new Map();
  remembered = 0;
  initial.successor = undefined;
}

/** Returns a number that no other payload has. */
export function nextEpoch(): number {
  // Small integers only. When they start again, all shapes that remember one are forgotten.
  if (lastEpoch >= 0x3fff_fffe) {
    lastEpoch = 0;
    forgetWrittenShapes();
  }
  return ++lastEpoch;
}

/** Returns the shape of `object`; undefined if its keys are too many, too long or not Latin-1. */
export function shapeOf(object: object): WrittenShape | undefined {
  let firstKey = "";
  for (const key in object) {
    if (!hasOwn.call(object, key)) continue;
    firstKey = key;
    break;
  }
  const head = byFirstKey.get(firstKey);
  let length = 0;
  for (let shape = head; shape !== undefined; shape = shape.sibling) {
    if (shape.fits(object)) return shape;
    length++;
  }
  const keys = Object.keys(object);
  const bytes = keyBytes(keys);
  if (bytes === undefined) return undefined;
  if (remembered >= MAX_REMEMBERED) forgetWrittenShapes();
  const shape = new WrittenShape(keys, bytes);
  // A chain that grew too long is dropped: its keys are data, not a record's fields.
  if (length < MAX_CHAIN) shape.sibling = byFirstKey.get(firstKey);
  byFirstKey.set(firstKey, shape);
  remembered += bytes.length + REMEMBERED_PER_SHAPE;
  return shape;
}

function keyBytes(keys: readonly string[]): Uint8Array | undefined {
  if (keys.length > MAX_KEYS) return undefined;
  let size = 1;
  for (const key of keys) size += 1 + key.length;
  if (size > MAX_BYTES) return undefined;
  const bytes = new Uint8Array(size);
  let end = 0;
  bytes[end++] = keys.length;
  for (const key of keys) {
    if (key.length > 0xff) return undefined;
    bytes[end++] = key.length;
    for (let i = 0; i < key.length; i++) {
      const code = key.charCodeAt(i);
      if (code > 0xff) return undefined;
      bytes[end++] = code;
    }
  }
  return bytes;
}

export class ReadShape {
  readonly keys: readonly string[];
  readonly bytes: Uint8Array;
  /** Whether `Object.prototype` has one of the keys (`__proto__`), so that assigning could go wrong. */
  readonly delicate: boolean;
  successor: ReadShape | undefined = undefined;

  constructor(keys: readonly string[], bytes: Uint8Array) {
    this.keys = keys;
    this.bytes = bytes;
    this.delicate = keys.some((key) => key in Object.prototype);
  }

  private equals(bytes: Uint8Array, start: number, size: number): boolean {
    const own = this.bytes;
    if (own.length !== size) return false;
    for (let i = 0; i < size; i++) if (own[i] !== bytes[start + i]) return false;
    return true;
  }

  /** Returns the shape whose key list is `size` bytes at `start` (most likely this one's successor), or undefined. */
  next(bytes: Uint8Array, start: number, size: number): ReadShape | undefined {
    const guess = this.successor;
    if (guess !== undefined && guess.equals(bytes, start, size)) return guess;
    const slot = slotOf(bytes, start, size);
    let shape = readShapes[slot];
    if (shape === undefined || !shape.equals(bytes, start, size)) {
      shape = parse(bytes, start, size);
      readShapes[slot] = shape;
    }
    this.successor = shape;
    return shape;
  }
}

const readShapes: (ReadShape | undefined)[] = Array.from({ length: READ_SLOTS }, () => undefined);

export const readShapeBeforeFirst = new ReadShape([], new Uint8Array(0));

function slotOf(bytes: Uint8Array, start: number, size: number): number {
  let hash = size;
  for (let i = start; i < start + size; i++) hash = (Math.imul(hash, 31) + bytes[i]) | 0;
  return (hash ^ (hash >>> 15)) & (READ_SLOTS - 1);
}

/** Returns undefined if the bytes are not a key list. */
function parse(bytes: Uint8Array, start: number, size: number): ReadShape | undefined {
  if (size < 1 || size > MAX_BYTES) return undefined;
  const copy = new Uint8Array(size);
  for (let i = 0; i < size; i++) copy[i] = bytes[start + i];
  const keys: string[] = [];
  let at = 1;
  for (let i = 0; i < copy[0]; i++) {
    if (at >= size || at + 1 + copy[at] > size) return undefined;
    const length = copy[at++];
    keys.push(String.fromCharCode(...copy.subarray(at, at + length)));
    at += length;
  }
  return at === size ? new ReadShape(keys, copy) : undefined;
}
