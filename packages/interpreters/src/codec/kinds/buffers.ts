/**
 * Array buffers and their views. Views that share a buffer share its copy too; a view that is alone on its buffer
 * takes only its own part along.
 */

import { types } from "../../platform/brand-checks.js";
import { followsLength } from "../../platform/serialize.js";
import type { Decoder } from "../decoder.js";
import { readValue } from "../decode.js";
import { writeValue } from "../encode.js";
import { writtenBefore, writeJavaScriptTag, type Encoder } from "../encoder.js";
import { registerKind } from "../kind-table.js";
import { areThereMarks } from "../marks.js";
import {
  CODEC_JAVASCRIPT,
  TAG_ARRAY_BUFFER,
  TAG_BACK,
  TAG_BACK_BUFFER,
  TAG_BYTES,
  TAG_VIEW,
  TAG_VIEW_OVER,
} from "../tags.js";
import { writeByte, writeRaw, writeTagAndVarint, writeVarint } from "../write.js";

interface ViewClass {
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): ArrayBufferView;
  readonly BYTES_PER_ELEMENT?: number;
}

/** A view's kind is its index in this list. Older runtimes have no Float16Array. */
const names = [
  "Uint8Array",
  "Int8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
  "DataView",
  "Float16Array",
];
const UINT8 = 0;
const classes = names.map((name) => (globalThis as unknown as Record<string, ViewClass | undefined>)[name]);
const kindOfName = new Map(names.map((name, kind) => [name, kind]));

const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
)?.get as (this: ArrayBufferView) => string | undefined;

function writeView(e: Encoder, view: ArrayBufferView, depth: number): void {
  if (writtenBefore(e, view)) return;
  const number = e.seen.count - 1;
  const name = typedArrayName.call(view) ?? "DataView";
  const kind = kindOfName.get(name);
  if (kind === undefined) throw e.failure(depth, `a ${name}`);
  const { buffer } = view;
  if (areThereMarks()) e.heedMark(buffer, depth);
  if (!types.isArrayBuffer(buffer) || e.moved?.has(buffer) === true) {
    writeOver(e, view, kind, depth);
    return;
  }
  if (isDetached(buffer))
    throw e.failure(depth, `a ${name} on a detached ArrayBuffer`, "its data was moved away");
  // Many Buffers share one pool with unrelated data.
  if (view instanceof Buffer) {
    writeOwn(e, view, kind);
    return;
  }
  const known = usedAgain(e, buffer);
  if (known >= 0 || e.wholeBuffers?.has(buffer) === true || buffer.resizable) {
    writeOver(e, view, kind, depth);
    return;
  }
  if (view.byteLength === buffer.byteLength) e.buffers.add(buffer, number * 2 + 1);
  else e.partly.add(buffer);
  writeOwn(e, view, kind);
}

/** Returns where `buffer` is in the payload already (see `Encoder.buffers`), or -1. */
function usedAgain(e: Encoder, buffer: ArrayBuffer): number {
  if (e.partly.size > 0 && e.partly.has(buffer)) e.sharedBuffers.add(buffer);
  return e.buffers.find(buffer);
}

function isDetached(buffer: ArrayBuffer): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    // Not every runtime has `detached`.
    return new Uint8Array(buffer).length > 0;
  } catch {
    return true;
  }
}

function writeOwn(e: Encoder, view: ArrayBufferView, kind: number): void {
  if (kind === UINT8) {
    writeTagAndVarint(e.out, TAG_BYTES, view.byteLength);
    writeRaw(e.out, view as Uint8Array);
    return;
  }
  writeJavaScriptTag(e, TAG_VIEW);
  writeByte(e.out, kind);
  writeVarint(e.out, view.byteLength);
  writeRaw(e.out, new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
}

function writeOver(e: Encoder, view: ArrayBufferView, kind: number, depth: number): void {
  const { buffer, byteOffset, byteLength } = view;
  const tracks = follows(e, view, kind, depth);
  const count = byteLength / (classes[kind]?.BYTES_PER_ELEMENT ?? 1);
  writeJavaScriptTag(e, TAG_VIEW_OVER);
  writeByte(e.out, kind);
  writeVarint(e.out, byteOffset);
  writeVarint(e.out, tracks ? 0 : count + 1);
  e.path[depth] = "buffer";
  writeValue(e, buffer, depth + 1);
}

/** Whether the view follows the length of its buffer. */
function follows(e: Encoder, view: ArrayBufferView, kind: number, depth: number): boolean {
  const buffer = view.buffer as Partial<ArrayBuffer & { growable: boolean }>;
  if (buffer.resizable !== true && buffer.growable !== true) return false;
  let result: boolean;
  try {
    result = followsLength(view);
  } catch {
    throw e.failure(depth, `a ${names[kind]} outside its buffer`, "the buffer has shrunk; make a new view");
  }
  try {
    if (result) Reflect.construct(classes[kind] as ViewClass, [view.buffer, view.byteOffset]);
  } catch {
    // Older engines make no such view, even on a resizable buffer.
    throw e.failure(
      depth,
      `a ${names[kind]} whose buffer ends within an element`,
      "resize the buffer to a multiple of the element's size",
    );
  }
  return result;
}

function writeBuffer(e: Encoder, buffer: ArrayBuffer, depth: number): void {
  const known = usedAgain(e, buffer);
  if (known >= 0) {
    e.codec = CODEC_JAVASCRIPT;
    writeTagAndVarint(e.out, known % 2 === 1 ? TAG_BACK_BUFFER : TAG_BACK, known >> 1);
    return;
  }
  if (writtenBefore(e, buffer)) return;
  e.buffers.add(buffer, (e.seen.count - 1) * 2);
  if (isDetached(buffer)) throw e.failure(depth, "a detached ArrayBuffer", "its data was moved away");
  writeJavaScriptTag(e, TAG_ARRAY_BUFFER);
  writeVarint(e.out, buffer.byteLength);
  writeVarint(e.out, buffer.resizable ? buffer.maxByteLength + 1 : 0);
  writeRaw(e.out, new Uint8Array(buffer));
}

function viewClass(d: Decoder, kind: number): ViewClass {
  const cls = classes[kind];
  if (cls === undefined)
    throw d.malformed(`this interpreter does not know ${names[kind] ?? `view kind ${kind}`}`);
  return cls;
}

function readView(d: Decoder, tag: number): unknown {
  if (tag === TAG_BYTES) return d.note(d.readRaw(d.readVarint()));
  const cls = viewClass(d, d.readByte());
  const size = d.readVarint();
  if (size % (cls.BYTES_PER_ELEMENT ?? 1) !== 0) throw d.malformed("an array in it ends within an element");
  return d.note(new cls(d.readRaw(size).buffer));
}

function readViewOver(d: Decoder): unknown {
  // The view has the lower number, but cannot be made before its buffer.
  const number = d.objectCount;
  d.note(undefined);
  const kind = d.readByte();
  const cls = viewClass(d, kind);
  const offset = d.readVarint();
  const count = d.readVarint() - 1;
  const buffer = readValue(d);
  if (!types.isAnyArrayBuffer(buffer)) throw d.malformed("a view in it has no buffer");
  const size = cls.BYTES_PER_ELEMENT ?? 1;
  if (offset % size !== 0 || offset + Math.max(count, 0) * size > buffer.byteLength) {
    throw d.malformed("a view in it lies outside its buffer");
  }
  let view: ArrayBufferView;
  try {
    view = count < 0 ? new cls(buffer, offset) : new cls(buffer, offset, count);
  } catch {
    throw d.malformed("an array in it ends within an element");
  }
  d.objects[number] = view;
  return view;
}

function readBuffer(d: Decoder, tag: number): unknown {
  if (tag === TAG_BACK_BUFFER) {
    const number = d.readVarint();
    const view = number < d.objectCount ? d.objects[number] : undefined;
    if (!ArrayBuffer.isView(view))
      throw d.malformed(`it refers to view ${number}, which does not come before`);
    return view.buffer;
  }
  const size = d.readVarint();
  const maxByteLength = d.readVarint() - 1;
  if (maxByteLength < 0) return d.note(d.readRaw(size).buffer);
  const data = d.readRaw(size);
  let buffer: ArrayBuffer;
  try {
    buffer = new ArrayBuffer(size, { maxByteLength });
  } catch {
    throw d.malformed(
      `a buffer in it may grow to ${maxByteLength} bytes, more than this interpreter can reserve`,
    );
  }
  new Uint8Array(buffer).set(data);
  return d.note(buffer);
}

registerKind<ArrayBufferView>({
  tags: [TAG_BYTES, TAG_VIEW],
  is: (value): value is ArrayBufferView => ArrayBuffer.isView(value),
  write: writeView,
  read: readView,
});
registerKind<ArrayBufferView>({
  tags: [TAG_VIEW_OVER],
  is: (_value): _value is ArrayBufferView => false,
  write: writeView,
  read: readViewOver,
});
registerKind<ArrayBuffer>({
  tags: [TAG_ARRAY_BUFFER, TAG_BACK_BUFFER],
  is: (value): value is ArrayBuffer => types.isArrayBuffer(value),
  write: writeBuffer,
  read: readBuffer,
});
