/**
 * Objects that threads share through the supervisor (supervisor-port.ts). Each interpreter that has the object holds its
 * placeholder.
 *
 * - SharedArrayBuffers travel by reference: every interpreter sees the same bytes. So does a shared WebAssembly.Memory.
 * - Instances of the runtime's classes that it clones itself (WebAssembly.Module, KeyObject, CryptoKey, X509Certificate, Blob, File,
 *   Histogram, BlockList, SocketAddress) arrive as clones. Node's clones share what is behind them, and an object that comes back to a
 *   thread which has it arrives as that object.
 */
import { types } from "../platform/brand-checks.js";
import { HandleTable } from "../base/handle-table.js";
import { registerCloneable, registerReference } from "../codec/codec.js";
import { InterpreterError } from "../base/errors.js";
import type { Pointer, QueueId } from "../memory/brands.js";
import { REF_BUFFER } from "../memory/layout.js";
import { releaseHandle, startSupervisor } from "../thread/supervisor-client.js";
import { runtime } from "../thread/current.js";
import { fetchBuffer, type Placeholder, offer, makePlaceholder } from "./supervisor-port.js";

const { isPrototypeOf } = Object.prototype;

const placeholders = new WeakMap<object, Placeholder>();
const handles = new HandleTable<object, Placeholder>(({ pointer }) =>
  releaseHandle(runtime(), pointer, true),
);

function remember(object: object, placeholder: Placeholder): Placeholder {
  placeholders.set(object, placeholder);
  handles.add(object, placeholder);
  return placeholder;
}

/** Makes a placeholder for the object, and gives the object to the supervisor. */
function share(object: object): Placeholder {
  const rt = runtime();
  startSupervisor(rt);
  const handle = remember(object, makePlaceholder(rt, "share an object"));
  offer(rt, handle, object);
  return handle;
}

function toReference(object: object): readonly [pointer: number, id: number] {
  const { pointer, id } = placeholders.get(object) ?? share(object);
  return [pointer, id];
}

function fetch(pointer: Pointer, id: QueueId): object {
  const same = handles.get(id);
  if (same !== undefined) return same;
  const object = fetchBuffer(runtime(), { pointer, id });
  if (object === undefined) {
    throw new InterpreterError(
      "Cannot read an object that was sent here: this runtime could not receive it, or the thread that sent it ended " +
        "at that moment. Send it again, or another one",
    );
  }
  remember(object, { pointer, id });
  return object;
}

/**
 * Clones an object in this thread, as it would arrive in another. Some runtimes post an object that no thread can receive (Node 26
 * that of `WebAssembly.Memory.toResizableBuffer()`): then this fails as well. Copies no shared bytes.
 */
function clone(object: object): object | undefined {
  try {
    return structuredClone(object);
  } catch {
    return undefined;
  }
}

registerReference<SharedArrayBuffer>({
  kind: REF_BUFFER,
  is: (value): value is SharedArrayBuffer => !ArrayBuffer.isView(value) && types.isSharedArrayBuffer(value),
  obstacle: (buffer) =>
    placeholders.has(buffer) || clone(buffer) !== undefined
      ? undefined
      : {
          found: "a SharedArrayBuffer that this runtime cannot pass to another thread",
          hint: "share a SharedArrayBuffer that is not the resizable buffer of a WebAssembly memory",
        },
  toReference,
  fromReference: fetch,
});

registerCloneable({
  kind: REF_BUFFER,
  obstacle(object) {
    if (placeholders.has(object)) return undefined;
    const copy = clone(object);
    // Of most objects the runtime clones only the properties, and some arrive as another class. Some classes have an internal subclass
    // for clones (BlockList).
    const prototype = Object.getPrototypeOf(object) as object;
    if (copy !== undefined && isPrototypeOf.call(prototype, copy)) return undefined;
    return { found: "an object that the runtime does not clone", hint: "leave it out" };
  },
  toReference,
});
