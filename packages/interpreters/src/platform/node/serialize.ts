/** Serializes a value as structured clone does; throws its DataCloneError for a value that cannot be cloned. */
export function serialize(value: unknown): Uint8Array {
  // Looked up here: it is rarely needed, and loading it is noticeable in an interpreter's start-up time.
  return process.getBuiltinModule("node:v8").serialize(value);
}
