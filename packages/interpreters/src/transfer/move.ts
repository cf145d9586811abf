/** Transfer lists that belong to values: a function's list for its result, or a caller's list for an argument. */
import { show } from "../base/check.js";
import { mark } from "../codec/marks.js";
import { checkTransfer, movableParts, type Movable } from "./transfer-list.js";

/**
 * Marks buffers to be moved instead of copied, and MessagePorts, streams, FileHandles and others (`Movable`), which can only move: in an argument of
 * `call`, `submit`, `map` or `put`, or in a value that a function returns or yields from another interpreter, at any depth. A moved buffer is detached
 * here as soon as its message is on the way. If the message cannot be sent, nothing is moved. Small buffers are copied, which is faster, but they are
 * detached just the same. Where nothing can move (`putMany`, `prepareMain`, `initargs`, progress reports), a marked value is a NotShareableError with
 * its path. (The transfer list of `structuredClone`; CPython has no counterpart.)
 *
 * @param value an argument or a result, or an object in one. Everything in it that `transfer` does not name is copied.
 * @param transfer what in it is to move. Default: `value` itself, or the buffer of which it is a view.
 * @returns `value` itself
 * @throws TypeError `value` is not an object; `transfer` contains something that cannot move, or an object twice; or it is
 * missing, and `value` can neither move nor is a view of an ArrayBuffer
 * @example
 * await using interp = create();
 * const bytes = new Uint8Array(1000);
 * await interp.call((bytes: Uint8Array) => bytes.length, move(bytes)); // 1000
 * console.log(bytes.length); // 0
 *
 * // In a module whose function is called with `fromModule`, for its result:
 * function render(width: number, height: number): Uint8Array {
 *   return move(new Uint8Array(width * height * 4));
 * }
 * console.log(render(2, 2).length); // 16
 */
export function move<T extends object>(value: T, transfer: readonly Movable[] = partsOf(value)): T {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(`move: value must be an object with buffers, found ${show(value)}`);
  }
  checkTransfer(transfer);
  mark(value, transfer);
  return value;
}

function partsOf(value: unknown): readonly Movable[] {
  const parts = typeof value === "object" && value !== null ? movableParts(value) : undefined;
  if (parts !== undefined) return parts;
  throw new TypeError(
    `move: name the buffers to move, as in move(value, [value.bytes.buffer]); found ${show(value)}`,
  );
}
