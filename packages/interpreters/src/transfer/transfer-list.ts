/** Transfer lists: the objects to move instead of copy. */
import { types } from "../platform/brand-checks.js";
import {
  type FileHandle,
  isMarkedToStay,
  MessagePort,
  refusalToMove,
  type Server,
  type Socket,
} from "../platform/ports.js";
import {
  type NodeReadableStream,
  type NodeTransformStream,
  type NodeWritableStream,
  streamClasses,
} from "../platform/streams.js";
import { saysHowToMove } from "../codec/runtime-classes.js";
import { show } from "../base/check.js";

/** A MessagePort of `node:worker_threads`, or of the global class, which for the compiler may be that of the DOM. */
export type Port =
  | MessagePort
  // oxlint-disable-next-line typescript/no-duplicate-type-constituents
  | InstanceType<typeof globalThis.MessageChannel>["port1"];

/**
 * The objects that can move from thread to thread. All but ArrayBuffers can only move: they are refused if no list names them. An
 * `AbortSignal` must be transferable (`util.transferableAbortController`); sockets and servers (node:net) move where this runtime moves them.
 */
export type Movable =
  | ArrayBuffer
  | Port
  | ReadableStream
  | WritableStream
  | TransformStream
  | NodeReadableStream
  | NodeWritableStream
  | NodeTransformStream
  | FileHandle
  | AbortSignal
  | Socket
  | Server;

// Not `instanceof`, which calls a hook of the user.
const { [Symbol.hasInstance]: isInstance } = Function.prototype;

export function isPort(value: object): value is MessagePort {
  return isInstance.call(MessagePort, value);
}

function isStream(value: object): value is ReadableStream | WritableStream | TransformStream {
  return streamClasses().some((cls) => isInstance.call(cls, value));
}

/** Whether the value is of a class whose instances can move. */
function isMovable(value: unknown): value is Movable {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return false;
  if (types.isArrayBuffer(value) || isPort(value)) return true;
  return !ArrayBuffer.isView(value) && saysHowToMove(value);
}

/** Why a movable object cannot move now, or undefined. */
function obstacle(value: Movable): string | undefined {
  if (types.isArrayBuffer(value)) {
    return isMarkedToStay(value)
      ? "is marked as untransferable (worker_threads.markAsUntransferable), like Node's pool of small Buffers: leave it out, and it is copied"
      : undefined;
  }
  if (isStream(value)) {
    // Not `refusalToMove`, for which a stream makes two ports.
    const locked = "locked" in value ? value.locked : value.readable.locked || value.writable.locked;
    return locked ? "is locked: release its reader or writer first" : undefined;
  }
  // The runtime moves a closed file, which is of no use to its receiver.
  if ("fd" in value && value.fd < 0) return "is closed";
  const refusal = refusalToMove(value);
  if (refusal === undefined) return undefined;
  if (isPort(value)) return "is closed, or was moved already, or is marked as untransferable";
  if (isInstance.call(AbortSignal, value)) return "must be that of util.transferableAbortController()";
  return `is refused by the runtime: ${refusal}`;
}

/** @throws TypeError not an array of what can move, an object that cannot move now, or one that occurs twice */
export function checkTransfer(transfer: readonly Movable[]): void {
  if (!Array.isArray(transfer) || !transfer.every((item) => isMovable(item))) {
    throw new TypeError(
      `transfer must be an array of ArrayBuffers, MessagePorts, streams, FileHandles or others that this runtime moves, found ${show(transfer)}`,
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
