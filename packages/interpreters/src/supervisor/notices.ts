/** Reporting a death: a notice in every mailbox, and a line on stderr. */
import { writeSync } from "../platform/files.js";
import { inspect } from "../platform/inspect.js";
import { withoutOwnFrames } from "../base/stacks.js";
import { load, type SharedMemory } from "../memory/atomics.js";
import { hasBit } from "../memory/bitset.js";
import type { Slot } from "../memory/brands.js";
import {
  H_SLOTS_USED,
  S_HOLDERS,
  S_REPLIES,
  S_DORMANT,
  slotPointer,
  STATUS_NO_MEMORY,
  SUPERVISOR_SLOT,
} from "../memory/layout.js";
import { LockBusy } from "../memory/lock.js";
import { idOf, isAlive } from "../kernel/registry.js";
import { Message, WITHOUT_SENDER } from "../wire/message.js";
import { NOTICE_DEATH, reasonNumber } from "../wire/protocol.js";
import { SUPERVISOR_ID } from "../thread/supervisor-client.js";
import type { Death } from "./deaths.js";
import type { InterruptedWork } from "./interrupted-work.js";

/**
 * Puts a notice into the mailbox of every living interpreter that it concerns: one that awaits something, or has a handle to the
 * dead. Throws LockBusy if one finds no memory.
 */
export function sendNotices(m: SharedMemory, death: Death, interrupted: readonly InterruptedWork[]): void {
  const end = load(m, H_SLOTS_USED);
  const holders = slotPointer(death.slot) + S_HOLDERS;
  for (let slot = 0 as Slot; slot < end; slot++) {
    if (slot === death.slot || slot === SUPERVISOR_SLOT || !isAlive(m, slot)) continue;
    // Its mailbox is closed, and what the dead was executing is known: one that is dormant now has nothing pending there.
    if (load(m, slotPointer(slot) + S_DORMANT) !== 0 && !hasBit(m, holders, slot)) continue;
    // The error may be large and memory short. The death itself must be reported in any case.
    const refused = (error: unknown): boolean =>
      sendNotice(m, slot, death, interrupted, error) === STATUS_NO_MEMORY;
    if (refused(death.error) && refused(undefined)) throw new LockBusy();
  }
}

function sendNotice(
  m: SharedMemory,
  slot: Slot,
  { id, reason, exitCode }: Death,
  interrupted: readonly InterruptedWork[],
  error: unknown,
): number {
  const message = Message.take(m).header(0, NOTICE_DEATH, id, reasonNumber(reason), exitCode);
  const reader = idOf(m, slot);
  const items = interrupted.flatMap((item) =>
    item.caller === reader ? [item.sequence, reasonNumber(item.reason), Number(item.atFault)] : [],
  );
  message.value([items, error], "notice", true);
  const status = message.intoMailbox(slot, S_REPLIES, reader, SUPERVISOR_ID, WITHOUT_SENDER);
  message.discard();
  return status;
}

/** Prints why the interpreter ended. */
export function printDeath({ id, reason, error }: Death): void {
  const what = reason === "boot" ? "failed to boot" : "ended by an uncaught exception";
  try {
    writeSync(2, `Interpreter ${id} ${what}:\n${withoutOwnFrames(inspect(error))}\n`);
  } catch {
    // There is no stderr.
  }
}
