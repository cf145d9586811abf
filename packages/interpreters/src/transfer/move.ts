/**
 * A transfer list that belongs to a value: a function's for its result, a caller's for an argument.
 *
 * Noted beside the value and not around it, so that the function returns what it returns, in its type too. In one place
 * for all copies of the package in a thread: the user's code may have imported another one than the server is of.
 */
import { types } from "../platform/brand-checks.js";
import { show } from "../base/check.js";
import type { Handover } from "./handover.js";
import { checkTransfer, detach } from "./transfer-list.js";

const KEY = Symbol.for("interpreters.moved");
const here = globalThis as { [KEY]?: WeakMap<object, readonly ArrayBuffer[]> };

/**
 * For what a function returns that runs in another interpreter (`call`, `submit`, `map`), and for an argument that it is
 * called with: its buffers are moved and not copied, that is, detached here as soon as it is on its way. Where it cannot
 * travel, nothing is moved. Items of queues are copied.
 *
 * @param value the result or argument, as a whole: what else it contains is copied
 * @param transfer the buffers in it to move; by default that of a buffer or a view itself
 * @returns the value
 * @throws TypeError `transfer` names something else than ArrayBuffers, or there is none where the value is no buffer
 * @example
 * // In a module whose function is called with `fromModule`:
 * function render(width: number, height: number): Uint8Array {
 *   return move(new Uint8Array(width * height * 4));
 * }
 * console.log(render(2, 2).length); // 16
 * @example
 * await using interp = create();
 * const bytes = new Uint8Array(1000);
 * await interp.call((bytes: Uint8Array) => bytes.length, move(bytes)); // 1000
 * console.log(bytes.length); // 0
 */
export function move<T extends object>(value: T, transfer: readonly ArrayBuffer[] = buffersOf(value)): T {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(`move: expected an object with buffers, found ${show(value)}`);
  }
  checkTransfer(transfer);
  (here[KEY] ??= new WeakMap()).set(value, transfer);
  return value;
}

/** What is to be moved with a function's result, or an argument. */
export function movesOf(value: unknown): readonly ArrayBuffer[] | undefined {
  // Nothing was ever moved, as a rule.
  const moved = here[KEY];
  if (moved === undefined || typeof value !== "object" || value === null) return undefined;
  return moved.get(value);
}

/** What is to be moved with a call: what its options name, and what goes with its arguments. */
export function movesOfCall(
  args: readonly unknown[],
  transfer: readonly ArrayBuffer[] | undefined,
): readonly ArrayBuffer[] | undefined {
  if (here[KEY] === undefined) return transfer;
  const noted = args.flatMap((arg) => movesOf(arg) ?? []);
  return noted.length === 0 ? transfer : [...new Set([...(transfer ?? []), ...noted])];
}

/** The call is on its way: what was noted of its arguments was for this one. */
export function forgetMoves(args: readonly unknown[]): void {
  const moved = here[KEY];
  if (moved === undefined) return;
  for (const arg of args) if (typeof arg === "object" && arg !== null) moved.delete(arg);
}

/** The result is on its way: detaches what was to be moved with it. */
export function detachMoved(result: unknown, moving?: Handover): void {
  const transfer = movesOf(result);
  if (transfer === undefined) return;
  here[KEY]?.delete(result as object);
  detach(transfer, moving);
}

function buffersOf(value: unknown): readonly ArrayBuffer[] {
  if (types.isArrayBuffer(value)) return [value];
  if (ArrayBuffer.isView(value) && !types.isSharedArrayBuffer(value.buffer)) return [value.buffer];
  throw new TypeError(
    `move: name the buffers to move, as in move(value, [value.bytes.buffer]); found ${show(value)}`,
  );
}
