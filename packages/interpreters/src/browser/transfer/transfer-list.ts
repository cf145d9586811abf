/** Transfer lists: the objects to move instead of copy. In a page, only bytes can move, and they are copied and detached. */
import { show } from "../../base/check.js";
import { types } from "../../platform/brand-checks.js";
import type { Movable } from "../../transfer/transfer-list.js";

export { detach, isPort, type Movable, type Port } from "../../transfer/transfer-list.js";

/** @throws TypeError not an array of ArrayBuffers, or one that occurs twice */
export function checkTransfer(transfer: readonly Movable[]): void {
  if (!Array.isArray(transfer) || !transfer.every((item) => types.isArrayBuffer(item))) {
    throw new TypeError(
      `transfer must be an array of ArrayBuffers, found ${show(transfer)}; interpreters of a page cannot receive ports and streams`,
    );
  }
  if (new Set(transfer).size < transfer.length) {
    throw new TypeError("transfer must name each object once, found one of them twice");
  }
}

/** Returns those that are in the value itself: `move` without a list. */
export function movableParts(value: object): readonly Movable[] | undefined {
  if (types.isArrayBuffer(value)) return [value];
  if (ArrayBuffer.isView(value) && types.isArrayBuffer(value.buffer)) return [value.buffer];
  return undefined;
}
