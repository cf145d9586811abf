/** Throws the DataCloneError of structured clone for a value that cannot be cloned. Pages show no bytes. */
export function serialize(value: unknown): Uint8Array {
  structuredClone(value);
  return new Uint8Array();
}

/** Whether a view of a resizable or growable buffer follows the buffer's length: a copy is made smaller and looked at. */
export function followsLength(view: ArrayBufferView): boolean {
  const { buffer, byteOffset, byteLength } = view;
  if (!("resize" in buffer)) return byteOffset + byteLength === buffer.byteLength;
  // Throws for a view that lies outside of its buffer.
  const copy = structuredClone(view);
  const { byteLength: before } = copy;
  (copy.buffer as ArrayBuffer).resize(copy.byteOffset);
  return before === 0 || isInside(copy);
}

/** A view of fixed length lies outside of a buffer that has become shorter than it. */
function isInside(view: ArrayBufferView): boolean {
  try {
    structuredClone(view);
    return true;
  } catch {
    return false;
  }
}
