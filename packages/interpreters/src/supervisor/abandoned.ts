/** Ending the interpreters that no thread holds and no record carries: no code can refer to them any more. */
import { get, load, set, type SharedMemory } from "../memory/atomics.js";
import { isEmptySet } from "../memory/bitset.js";
import type { Slot } from "../memory/brands.js";
import {
  H_SLOTS_USED,
  S_CREATOR,
  S_HOLDERS,
  S_ITEM_REFERENCES,
  S_REF_VERSION,
  S_WHENCE,
  slotPointer,
  WHENCE_CREATED,
} from "../memory/layout.js";
import { idOf, isAlive } from "../kernel/registry.js";
import { Message } from "../wire/message.js";
import { WORK_CLOSE } from "../wire/protocol.js";
import { SUPERVISOR_ID } from "../thread/supervisor-client.js";
import type { Children } from "./children.js";
import type { Deaths } from "./deaths.js";
import { isOrphaned } from "./interrupted-work.js";

/** Ends each of them. Reference counts must have been reconciled. */
export function endAbandoned(m: SharedMemory, children: Children, deaths: Deaths): void {
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0 as Slot; slot < end; slot++) {
    if (!isAbandoned(m, slot)) continue;
    const id = idOf(m, slot);
    const creator = (get(m, slotPointer(slot) + S_CREATOR) - 1) as Slot;
    if (creator !== -1 && !children.has(slot)) {
      if (isAlive(m, creator)) continue;
      // The creator died before it sent the boot request.
      set(m, slotPointer(slot) + S_CREATOR, 0);
      deaths.reportLater(slot, "terminated");
    } else if (children.isLazy(slot) || isOrphaned(m, slot)) children.terminate(id, "terminated");
    else {
      const message = Message.take(m).header(0, WORK_CLOSE);
      message.intoMailboxAsLast(slot, id, true, SUPERVISOR_ID);
      message.discard();
    }
  }
}

/** Whether the slot has a created interpreter without holders. */
function isAbandoned(m: SharedMemory, slot: Slot): boolean {
  const p = slotPointer(slot);
  if (!isAlive(m, slot) || get(m, p + S_WHENCE) !== WHENCE_CREATED) return false;
  // As for queues: an S_REF_VERSION that has not moved proves that records and holders were read at one instant.
  const version = load(m, p + S_REF_VERSION);
  return (
    load(m, p + S_ITEM_REFERENCES) <= 0 &&
    isEmptySet(m, p + S_HOLDERS) &&
    load(m, p + S_REF_VERSION) === version
  );
}
