/** Work items as scenarios send them, a header of six words with the item's number first, and the records that carry them. */
import { makeOutgoing, type OutgoingRecord } from "../../src/kernel/outgoing.js";
import type { InterpreterId } from "../../src/memory/brands.js";
import { spaceOf } from "../../src/memory/space.js";
import { RECORD_UNBOUND_SHIFT, UNBOUND_ITEM_KEEP } from "../../src/memory/layout.js";

/** The flags of a record that is kept when its sender dies. */
export const KEEP = UNBOUND_ITEM_KEEP << RECORD_UNBOUND_SHIFT;

export function piece(sequence: number): Buffer {
  const bytes = Buffer.alloc(24, sequence);
  bytes.writeInt32LE(sequence, 0);
  return bytes;
}

/** A record that carries all of `bytes`. */
export function record(
  flags: number,
  sender: number,
  bytes: Buffer,
  references: readonly number[] = [],
): OutgoingRecord {
  // A record is copied by whole words.
  const padded = Buffer.alloc((bytes.length + 3) & ~3);
  bytes.copy(padded);
  const outgoing = makeOutgoing(spaceOf(padded));
  outgoing.flags = flags;
  outgoing.sender = sender as InterpreterId;
  outgoing.references = references;
  outgoing.length = bytes.length;
  return outgoing;
}
