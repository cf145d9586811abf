/** What an interpreter leaves unfinished when it ends, piece by piece, and how that is to be told. */
import { get, load, reach, type SharedMemory } from "../memory/atomics.js";
import {
  RUN_CALLER,
  RUN_FINISHING,
  RUN_IDLE,
  RUN_SEQ,
  RUN_STATE,
  RUN_WORD,
  S_BLAME,
  slotPointer,
} from "../memory/layout.js";
import type { EndReason } from "../wire/protocol.js";
import { slotOf } from "../kernel/registry.js";
import { runAt } from "../kernel/executions.js";

/** A piece of work that an interpreter was executing when it ended. */
export interface Unfinished {
  readonly caller: number;
  readonly sequence: number;
  readonly reason: EndReason;
}

/**
 * What the interpreter in `slot` executed, whose locks are repaired and whose pages are still there. A piece that it was
 * `stopped` for has the reason of that. Where it ended because of one piece, the others are "terminated": it was not
 * their fault. Of a result that was on its way nobody can tell whether it was sent; if so, its caller has it by now.
 */
export function unfinishedBy(
  m: SharedMemory,
  slot: number,
  reason: EndReason,
  stopped: ReadonlyMap<number, EndReason> | undefined,
): Unfinished[] {
  const found: Unfinished[] = [];
  const guilty = guiltyOf(m, slot, reason);
  const others = guilty !== 0 || reason === "timeout" || reason === "aborted" ? "terminated" : reason;
  for (let i = 0, run = runAt(m, slot, 0); run !== 0; run = runAt(m, slot, ++i)) {
    if (stateOf(m, run) === RUN_IDLE) continue;
    found.push({
      caller: get(m, run + RUN_CALLER),
      sequence: get(m, run + RUN_SEQ),
      reason: stopped?.get(run) ?? (run === guilty ? reason : others),
    });
  }
  return found;
}

/** The run of the piece that ended its interpreter by itself, or 0: none, or nobody knows. */
function guiltyOf(m: SharedMemory, slot: number, reason: EndReason): number {
  if (reason !== "exit" && reason !== "uncaught-exception") return 0;
  const run = get(m, slotPointer(slot) + S_BLAME);
  reach(m, run + RUN_WORD);
  return run !== 0 && stateOf(m, run) !== RUN_IDLE ? run : 0;
}

/** Whether all that `slot` executes was asked for by somebody who is gone, so that nobody waits for the end of it. */
export function isOrphaned(m: SharedMemory, slot: number): boolean {
  let orphaned = false;
  for (let i = 0, run = runAt(m, slot, 0); run !== 0; run = runAt(m, slot, ++i)) {
    const state = stateOf(m, run);
    if (state === RUN_IDLE || state === RUN_FINISHING) continue;
    if (slotOf(m, get(m, run + RUN_CALLER)) !== -1) return false;
    orphaned = true;
  }
  return orphaned;
}

function stateOf(m: SharedMemory, run: number): number {
  return load(m, run + RUN_WORD) & RUN_STATE;
}
