/**
 * A function's transfer list for its result.
 *
 * Noted beside the result and not around it, so that the function returns what it returns, in its type too. In one place
 * for all copies of the package in a thread: the user's code may have imported another one than the server is of.
 */
import { types } from "node:util";
import { show } from "../check.js";
import type { Moving } from "./moves.js";
import { checkTransfer, detach } from "./transfer.js";

const KEY = Symbol.for("interpreters.moved");
const here = globalThis as { [KEY]?: WeakMap<object, readonly ArrayBuffer[]> };

/**
 * For what a function returns that runs in another interpreter (`call`, `submit`, `map`): its buffers are moved and not
 * copied, that is, detached here as soon as the result is on its way. Where the result cannot travel, nothing is moved.
 *
 * @param value the result, as a whole: what else it contains is copied
 * @param transfer the buffers in it to move; by default that of a buffer or a view itself
 * @returns the value
 * @throws TypeError `transfer` names something else than ArrayBuffers, or there is none where the value is no buffer
 * @example
 * // In a module whose function is called with `fromModule`:
 * function render(width: number, height: number): Uint8Array {
 *   return move(new Uint8Array(width * height * 4));
 * }
 * console.log(render(2, 2).length); // 16
 */
export function move<T extends object>(value: T, transfer: readonly ArrayBuffer[] = buffersOf(value)): T {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(`move: expected an object with buffers, found ${show(value)}`);
  }
  checkTransfer(transfer);
  (here[KEY] ??= new WeakMap()).set(value, transfer);
  return value;
}

/** What is to be moved with a function's result. */
export function movesOf(result: unknown): readonly ArrayBuffer[] | undefined {
  // Nothing was ever moved, as a rule.
  const moved = here[KEY];
  if (moved === undefined || typeof result !== "object" || result === null) return undefined;
  return moved.get(result);
}

/** The result is on its way: detaches what was to be moved with it. */
export function detachMoved(result: unknown, moving?: Moving): void {
  const transfer = movesOf(result);
  if (transfer === undefined) return;
  here[KEY]?.delete(result as object);
  detach(transfer, moving);
}

function buffersOf(value: unknown): readonly ArrayBuffer[] {
  if (value instanceof ArrayBuffer) return [value];
  if (ArrayBuffer.isView(value) && !types.isSharedArrayBuffer(value.buffer)) return [value.buffer];
  throw new TypeError(
    `move: name the buffers to move, as in move(value, [value.bytes.buffer]); found ${show(value)}`,
  );
}
