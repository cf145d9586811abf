/** Transfer lists: the buffers to move instead of copy. */
import { types } from "../platform/brand-checks.js";
import { show } from "../base/check.js";
import type { Handover } from "./handover.js";

/** @throws TypeError not an array of ArrayBuffers, or one of them occurs twice */
export function checkTransfer(transfer: readonly ArrayBuffer[]): void {
  if (!Array.isArray(transfer) || !transfer.every((item) => types.isArrayBuffer(item))) {
    throw new TypeError(`transfer must be an array of ArrayBuffers, found ${show(transfer)}`);
  }
  if (new Set(transfer).size < transfer.length) {
    throw new TypeError("transfer must name each ArrayBuffer once, found one of them twice");
  }
}

/** Detaches buffers that were moved, except those that `handover` carries. The receiver has a copy of them. */
export function detach(buffers: readonly ArrayBuffer[], handover?: Handover): void {
  for (const buffer of buffers) {
    if (handover?.carries(buffer) === true) continue;
    try {
      structuredClone(undefined, { transfer: [buffer] });
    } catch {
      // Node does not transfer it, like the buffers of its own pools: it stays as it is.
    }
  }
}
