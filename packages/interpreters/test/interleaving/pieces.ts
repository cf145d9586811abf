/** Pieces of work as scenarios send them: a header of six words, the number of the piece first. */
import { RECORD_UNBOUND_SHIFT, UNBOUND_ITEM_KEEP } from "../../src/memory/layout.js";

/** The flags of one that is kept when its sender dies. */
export const KEEP = UNBOUND_ITEM_KEEP << RECORD_UNBOUND_SHIFT;

export function piece(sequence: number): Buffer {
  const bytes = Buffer.alloc(24, sequence);
  bytes.writeInt32LE(sequence, 0);
  return bytes;
}
