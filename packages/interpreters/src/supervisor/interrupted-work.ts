/** What an interpreter leaves unfinished when it ends, piece by piece, and how that is to be told. */
import { get, load, ensureMapped, type SharedMemory } from "../memory/atomics.js";
import {
  EXECUTION_CALLER,
  EXECUTION_FINISHING,
  EXECUTION_IDLE,
  EXECUTION_SEQ,
  EXECUTION_STATE,
  EXECUTION_WORD,
  S_FAULT,
  slotPointer,
} from "../memory/layout.js";
import type { EndReason } from "../wire/protocol.js";
import { slotOf } from "../kernel/registry.js";
import { executionAt } from "../kernel/executions.js";

/** A piece of work that an interpreter was executing when it ended. */
export interface InterruptedWork {
  readonly caller: number;
  readonly sequence: number;
  readonly reason: EndReason;
}

/**
 * What the interpreter in `slot` executed, whose locks are repaired and whose pages are still there. A piece that it was
 * `stopped` for has the reason of that. Where it ended because of one piece, the others are "terminated": it was not
 * their fault. Of a result that was on its way nobody can tell whether it was sent; if so, its caller has it by now.
 */
export function interruptedWorkOf(
  m: SharedMemory,
  slot: number,
  reason: EndReason,
  stopped: ReadonlyMap<number, EndReason> | undefined,
): InterruptedWork[] {
  const found: InterruptedWork[] = [];
  const guilty = faultyExecutionOf(m, slot, reason);
  const others = guilty !== 0 || reason === "timeout" || reason === "aborted" ? "terminated" : reason;
  for (
    let i = 0, execution = executionAt(m, slot, 0);
    execution !== 0;
    execution = executionAt(m, slot, ++i)
  ) {
    if (stateOf(m, execution) === EXECUTION_IDLE) continue;
    found.push({
      caller: get(m, execution + EXECUTION_CALLER),
      sequence: get(m, execution + EXECUTION_SEQ),
      reason: stopped?.get(execution) ?? (execution === guilty ? reason : others),
    });
  }
  return found;
}

/** The run of the piece that ended its interpreter by itself, or 0: none, or nobody knows. */
function faultyExecutionOf(m: SharedMemory, slot: number, reason: EndReason): number {
  if (reason !== "exit" && reason !== "uncaught-exception") return 0;
  const execution = get(m, slotPointer(slot) + S_FAULT);
  ensureMapped(m, execution + EXECUTION_WORD);
  return execution !== 0 && stateOf(m, execution) !== EXECUTION_IDLE ? execution : 0;
}

/** Whether all that `slot` executes was asked for by somebody who is gone, so that nobody waits for the end of it. */
export function isOrphaned(m: SharedMemory, slot: number): boolean {
  let orphaned = false;
  for (
    let i = 0, execution = executionAt(m, slot, 0);
    execution !== 0;
    execution = executionAt(m, slot, ++i)
  ) {
    const state = stateOf(m, execution);
    if (state === EXECUTION_IDLE || state === EXECUTION_FINISHING) continue;
    if (slotOf(m, get(m, execution + EXECUTION_CALLER)) !== -1) return false;
    orphaned = true;
  }
  return orphaned;
}

function stateOf(m: SharedMemory, execution: number): number {
  return load(m, execution + EXECUTION_WORD) & EXECUTION_STATE;
}
