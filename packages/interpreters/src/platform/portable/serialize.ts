/** Structured clone's format, on all runtimes that run the portable build. */
import { followsLength as followsLengthOfNode, serialize } from "../node/serialize.js";
import { onBun } from "./runtime.js";

export { serialize } from "../node/serialize.js";

/** Begins a view; its class, its offset in the buffer and its length in bytes come behind it (`ArrayBufferViewTag` in SerializedScriptValue.cpp). */
const VIEW = 22;

/** In JavaScriptCore's format a view that follows its buffer's length has the greatest number in the length's place. Copies the bytes. */
function followsLengthInBun(view: ArrayBufferView): boolean {
  const bytes = Buffer.from(serialize(view));
  return bytes.readBigInt64LE(bytes.indexOf(VIEW) + 10) === -1n;
}

export const followsLength = onBun ? followsLengthInBun : followsLengthOfNode;
