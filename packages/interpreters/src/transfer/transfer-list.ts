/** Lists of buffers to move instead of copy. */
import { types } from "../platform/brand-checks.js";
import { show } from "../base/check.js";
import type { Handover } from "./handover.js";

export function checkTransfer(transfer: readonly ArrayBuffer[]): void {
  if (!Array.isArray(transfer) || !transfer.every((item) => types.isArrayBuffer(item))) {
    throw new TypeError(`transfer must be an array of ArrayBuffers, found ${show(transfer)}`);
  }
  if (new Set(transfer).size < transfer.length) throw new TypeError("transfer names a buffer twice");
}

/** Detaches what was moved. The other side has it already, or its copy; a buffer that Node will not let go of was copied. */
export function detach(buffers: readonly ArrayBuffer[], moving?: Handover): void {
  for (const buffer of buffers) {
    if (moving?.carries(buffer) === true) continue;
    try {
      structuredClone(undefined, { transfer: [buffer] });
    } catch {
      // Marked as untransferable, as Node's own pools are.
    }
  }
}
