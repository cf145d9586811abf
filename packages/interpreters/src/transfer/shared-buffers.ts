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
      "Cannot read a SharedArrayBuffer that was sent here: this runtime could not receive it, or the thread that sent it ended " +
        "at that moment. Send it again, or another one",
    );
  }
  remember(buffer, { pointer, id });
  return buffer;
}

/**
 * Some runtimes post a buffer that no thread can receive: Node 26 does so with that of `WebAssembly.Memory.toResizableBuffer()`. A
 * clone in this thread fails likewise. It copies nothing.
 */
function canBeReceived(buffer: SharedArrayBuffer): boolean {
  if (placeholders.has(buffer)) return true;
  try {
    structuredClone(buffer);
    return true;
  } catch {
    return false;
  }
}

registerReference<SharedArrayBuffer>({
  kind: REF_BUFFER,
  is: (value): value is SharedArrayBuffer => !ArrayBuffer.isView(value) && types.isSharedArrayBuffer(value),
  obstacle: (buffer) =>
    canBeReceived(buffer)
      ? undefined
      : {
          found: "a SharedArrayBuffer that this runtime cannot pass to another thread",
          hint: "share a SharedArrayBuffer that is not the resizable buffer of a WebAssembly memory",
        },
  toReference(buffer) {
    const { pointer, id } = placeholders.get(buffer) ?? offer(buffer);
    return [pointer, id];
  },
  fromReference: fetch,
});
