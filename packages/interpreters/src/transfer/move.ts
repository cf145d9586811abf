/**
 * Transfer lists that belong to values: a function's list for its result, or a caller's list for an argument.
 *
 * The list is noted beside the value and does not wrap it, so a function that uses `move` still returns the value itself, and its
 * type stays the same. All copies of the package in a thread share the notes: user code may import another copy than the
 * interpreter runs.
 */
import { show } from "../base/check.js";
import type { Handover } from "./handover.js";
import { checkTransfer, detach, movableParts, type Movable } from "./transfer-list.js";

interface Notes {
  /** Made by the first `move`: most threads never move anything. */
  moved: WeakMap<object, readonly Movable[]> | undefined;
}

const KEY = Symbol.for("interpreters.moves");
const notes = ((globalThis as { [KEY]?: Notes })[KEY] ??= { moved: undefined });

/**
 * Marks buffers to be moved instead of copied, and MessagePorts, streams, FileHandles and others (`Movable`), which can only move: those of an argument of
 * `call`, `submit`, `map` or `put`, or those of a value that a function returns from another interpreter. A moved buffer is detached here as soon as its message is on the way. If the message
 * cannot be sent, nothing is moved. Small buffers are copied, which is faster, but they are detached just the same. (The transfer list of `structuredClone`; CPython has no counterpart.)
 *
 * @param value the whole argument or result. Everything in it that `transfer` does not name is copied.
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
  (notes.moved ??= new WeakMap()).set(value, transfer);
  return value;
}

/** The buffers to move with a result or an argument. */
export function movesOf(value: unknown): readonly Movable[] | undefined {
  const { moved } = notes;
  if (moved === undefined || typeof value !== "object" || value === null) return undefined;
  return moved.get(value);
}

/** The buffers to move with a call: those that its options name, and those of its arguments. */
export function movesOfCall(
  args: readonly unknown[],
  transfer: readonly Movable[] | undefined,
): readonly Movable[] | undefined {
  if (notes.moved === undefined) return transfer;
  const noted = args.flatMap((arg) => movesOf(arg) ?? []);
  return noted.length === 0 ? transfer : [...new Set([...(transfer ?? []), ...noted])];
}

/** Forgets the buffers of a call's arguments when the call is on its way: they were marked for this call only. */
export function forgetMoves(args: readonly unknown[]): void {
  const { moved } = notes;
  if (moved === undefined) return;
  for (const arg of args) if (typeof arg === "object" && arg !== null) moved.delete(arg);
}

/** Detaches the buffers to move with a result when the result is on its way. */
export function detachMoved(result: unknown, handover?: Handover): void {
  const transfer = movesOf(result);
  if (transfer === undefined) return;
  notes.moved?.delete(result as object);
  detach(transfer, handover);
}

function partsOf(value: unknown): readonly Movable[] {
  const parts = typeof value === "object" && value !== null ? movableParts(value) : undefined;
  if (parts !== undefined) return parts;
  throw new TypeError(
    `move: name the buffers to move, as in move(value, [value.bytes.buffer]); found ${show(value)}`,
  );
}
