/** The work items that an interpreter was executing when it ended, and the reason to report for each. */
import { get, load, ensureMapped, type SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
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

/** A work item that an interpreter was executing when it ended. */
export interface InterruptedWork {
  readonly caller: InterpreterId;
  readonly sequence: number;
  readonly reason: EndReason;
  /** Whether the interpreter ended because of this item: its limit passed, its signal aborted, or it ended the interpreter itself. */
  readonly atFault: boolean;
}

/** All executions of a slot, idle ones included. */
export function* executionsIn(m: SharedMemory, slot: Slot): Generator<Pointer> {
  for (
    let i = 0, execution = executionAt(m, slot, 0);
    execution !== 0;
    execution = executionAt(m, slot, ++i)
  ) {
    yield execution;
  }
}

/**
 * The work that the interpreter in `slot` was executing. Its locks must be repaired, and its pages still be there. An item for
 * which it was `stopped` has the reason of that. If one item ended the interpreter itself, the others are "terminated". A result
 * that was on its way may or may not have been sent; if it was, its caller has it by now.
 */
export function interruptedWorkOf(
  m: SharedMemory,
  slot: Slot,
  reason: EndReason,
  stopped: ReadonlyMap<Pointer, EndReason> | undefined,
): InterruptedWork[] {
  const found: InterruptedWork[] = [];
  const faulty = faultyExecutionOf(m, slot, reason);
  const others = faulty !== 0 ? "terminated" : reason;
  for (const execution of executionsIn(m, slot)) {
    if (stateOf(m, execution) === EXECUTION_IDLE) continue;
    const stoppedFor = stopped?.get(execution);
    found.push({
      caller: get(m, execution + EXECUTION_CALLER) as InterpreterId,
      sequence: get(m, execution + EXECUTION_SEQ),
      reason: stoppedFor ?? (execution === faulty ? reason : others),
      atFault: stoppedFor !== undefined || execution === faulty,
    });
  }
  return found;
}

/** The execution whose item ended its interpreter by itself, or 0 if no item did, or it is unknown. */
function faultyExecutionOf(m: SharedMemory, slot: Slot, reason: EndReason): Pointer {
  if (reason !== "exit" && reason !== "uncaught-exception") return 0;
  const execution = get(m, slotPointer(slot) + S_FAULT) as Pointer;
  ensureMapped(m, execution + EXECUTION_WORD);
  return execution !== 0 && stateOf(m, execution) !== EXECUTION_IDLE ? execution : 0;
}

/** Whether `slot` executes work and all callers of it are gone, so that no caller waits for its end. */
export function isOrphaned(m: SharedMemory, slot: Slot): boolean {
  let orphaned = false;
  for (const execution of executionsIn(m, slot)) {
    const state = stateOf(m, execution);
    if (state === EXECUTION_IDLE || state === EXECUTION_FINISHING) continue;
    if (slotOf(m, get(m, execution + EXECUTION_CALLER) as InterpreterId) !== -1) return false;
    orphaned = true;
  }
  return orphaned;
}

function stateOf(m: SharedMemory, execution: Pointer): number {
  return load(m, execution + EXECUTION_WORD) & EXECUTION_STATE;
}
