import { types } from "node:util";

/** Serializes a value as structured clone does; throws its DataCloneError for a value that cannot be cloned. */
export function serialize(value: unknown): Uint8Array {
  // Looked up here: it is rarely needed, and loading it is noticeable in an interpreter's start-up time.
  return process.getBuiltinModule("node:v8").serialize(value);
}

/**
 * Returns whether a view of a resizable or growable buffer follows the buffer's length, which JavaScript itself does not tell. Throws
 * a DataCloneError for a view that lies outside its buffer since that has shrunk. Copies no bytes.
 */
export function followsLength(view: ArrayBufferView): boolean {
  const { Serializer } = process.getBuiltinModule("node:v8");
  const serializer = new Serializer();
  const { buffer } = view;
  // By number in place of the bytes.
  if (types.isArrayBuffer(buffer)) serializer.transferArrayBuffer(0, buffer);
  else (serializer as unknown as { _getSharedArrayBufferId: () => number })._getSharedArrayBufferId = () => 0;
  serializer.writeHeader();
  serializer.writeValue(view);
  // The flags come last (`JSArrayBufferViewIsLengthTracking` in src/objects/value-serializer.cc).
  return (serializer.releaseBuffer().at(-1)! & 1) === 1;
}
