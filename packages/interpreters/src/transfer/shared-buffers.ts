/**
 * SharedArrayBuffers travel by reference, over supervisor ports (supervisor-port.ts): every interpreter sees the same bytes. Each
 * interpreter that has the buffer holds its placeholder.
 */
import { types } from "../platform/brand-checks.js";
import { HandleTable } from "../base/handle-table.js";
import { registerReference } from "../codec/codec.js";
import { InterpreterError } from "../base/errors.js";
import type { Pointer, QueueId } from "../memory/brands.js";
import { REF_BUFFER } from "../memory/layout.js";
import { releaseHandle, startSupervisor } from "../thread/supervisor-client.js";
import { runtime } from "../thread/current.js";
import { fetchBuffer, type Placeholder, offerBuffer, makePlaceholder } from "./supervisor-port.js";

const placeholders = new WeakMap<SharedArrayBuffer, Placeholder>();
const handles = new HandleTable<SharedArrayBuffer, Placeholder>(({ pointer }) =>
  releaseHandle(runtime(), pointer, true),
);

function remember(buffer: SharedArrayBuffer, placeholder: Placeholder): Placeholder {
  placeholders.set(buffer, placeholder);
  handles.add(buffer, placeholder);
  return placeholder;
}

/** Makes a placeholder for the buffer, and gives the buffer to the supervisor. */
function offer(buffer: SharedArrayBuffer): Placeholder {
  const rt = runtime();
  startSupervisor(rt);
  const handle = remember(buffer, makePlaceholder(rt, "share a SharedArrayBuffer"));
  offerBuffer(rt, handle, buffer);
  return handle;
}

function fetch(pointer: Pointer, id: QueueId): SharedArrayBuffer {
  const same = handles.get(id);
  if (same !== undefined) return same;
  const buffer = fetchBuffer(runtime(), { pointer, id });
  if (!types.isSharedArrayBuffer(buffer)) {
    throw new InterpreterError(
      "A SharedArrayBuffer that was sent here is gone; this is a bug in `interpreters`",
    );
  }
  remember(buffer, { pointer, id });
  return buffer;
}

registerReference<SharedArrayBuffer>({
  kind: REF_BUFFER,
  is: (value): value is SharedArrayBuffer => !ArrayBuffer.isView(value) && types.isSharedArrayBuffer(value),
  toReference(buffer) {
    const { pointer, id } = placeholders.get(buffer) ?? offer(buffer);
    return [pointer, id];
  },
  fromReference: fetch,
});
