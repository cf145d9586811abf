/** Transfer lists: the objects to move instead of copy. */
import { types } from "../platform/brand-checks.js";
import { type FileHandle, MessagePort } from "../platform/ports.js";
import { streamClasses } from "../platform/streams.js";
import { show } from "../base/check.js";

/** The objects that can move from thread to thread. All but ArrayBuffers can only move: they are refused if no list names them. */
export type Movable =
  | ArrayBuffer
  | MessagePort
  | ReadableStream
  | WritableStream
  | TransformStream
  | FileHandle;

// Not `instanceof`, which calls a hook of the user.
const { [Symbol.hasInstance]: isInstance } = Function.prototype;

function isPort(value: object): value is MessagePort {
  return isInstance.call(MessagePort, value);
}

function isFileHandle(value: object): value is FileHandle {
  const { constructor } = Object(Object.getPrototypeOf(value)) as { constructor?: { name?: unknown } };
  // Node does not export the class.
  return constructor?.name === "FileHandle" && typeof (value as { fd?: unknown }).fd === "number";
}

/** Whether the value is of a class whose instances can move. */
function isMovable(value: unknown): value is Movable {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return false;
  if (types.isArrayBuffer(value) || isPort(value)) return true;
  if (ArrayBuffer.isView(value)) return false;
  return isFileHandle(value) || streamClasses().some((cls) => isInstance.call(cls, value));
}

/** Why a movable object cannot move now, or undefined. */
function obstacle(value: Movable): string | undefined {
  if (types.isArrayBuffer(value) || isPort(value)) return undefined;
  if ("fd" in value) return value.fd < 0 ? "is closed" : undefined;
  const locked = "locked" in value ? value.locked : value.readable.locked || value.writable.locked;
  return locked ? "is locked: release its reader or writer first" : undefined;
}

/** @throws TypeError not an array of what can move, an object that cannot move now, or one that occurs twice */
export function checkTransfer(transfer: readonly Movable[]): void {
  if (!Array.isArray(transfer) || !transfer.every((item) => isMovable(item))) {
    throw new TypeError(
      `transfer must be an array of ArrayBuffers, MessagePorts, streams or FileHandles, found ${show(transfer)}`,
    );
  }
  if (new Set(transfer).size < transfer.length) {
    throw new TypeError("transfer must name each object once, found one of them twice");
  }
  for (const item of transfer) {
    const found = obstacle(item);
    if (found !== undefined)
      throw new TypeError(`transfer: an object in it cannot move: ${show(item)} ${found}`);
  }
}

/** Returns those that are in the value itself: `move` without a list. */
export function movableParts(value: object): readonly Movable[] | undefined {
  if (isMovable(value)) return [value];
  if (ArrayBuffer.isView(value) && !types.isSharedArrayBuffer(value.buffer)) return [value.buffer];
  return undefined;
}

/** Detaches what was moved, except what `handover` carries. The receiver has a copy of it. */
export function detach(
  movables: readonly Movable[],
  handover?: { carries(movable: Movable): boolean },
): void {
  for (const movable of movables) {
    if (handover?.carries(movable) === true) continue;
    try {
      structuredClone(undefined, { transfer: [movable as ArrayBuffer] });
    } catch {
      // Node does not transfer it, like the buffers of its own pools: it stays as it is.
    }
  }
}
