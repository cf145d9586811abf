/**
 * The work items that interpreters execute, visible to every thread: an *execution* of four words for each.
 *
 *     IDLE ──claim (mailbox.ts)──▶ RUNNING ──finishWork──▶ FINISHING ──endWork──▶ IDLE
 *                                     └──condemn, closeExecutions──▶ CONDEMNED (its thread is about to end)
 *
 * Each interpreter has one execution, in its slot. An interpreter that executes several tasks of a pool at once has further ones
 * (`openExecutions`), in pages that are freed when it is dead. A work item stays in its execution from the step that claims it to its
 * end, so at every instant an interpreter's executions name what its death would leave unfinished. Only the owner claims and ends
 * items, only the supervisor (or an owner that exits) condemns them, and only the supervisor frees the pages, once the owner is dead.
 *
 * Any other thread may read executions, and may find that the pages belong to another owner by then. So a reader that found something
 * there checks again that the pages are still that interpreter's, and only then believes it.
 */
import { and, cas, load, or, peek, ensureMapped, set, type SharedMemory, store } from "../memory/atomics.js";
import type { InterpreterId, Owner, Pointer, Slot } from "../memory/brands.js";
import {
  H_SLOTS_USED,
  PAGE_WORDS,
  EXECUTION_CALLER,
  EXECUTION_CLOSED,
  EXECUTION_CONDEMNED,
  EXECUTION_FINISHING,
  EXECUTION_IDLE,
  EXECUTION_INTERRUPT,
  EXECUTION_NUMBER_SHIFT,
  EXECUTION_RUNNING,
  EXECUTION_SEQ,
  EXECUTION_STATE,
  EXECUTION_WORD,
  EXECUTION_WORDS,
  OBSERVED_WORDS,
  S_EXECUTION,
  S_FURTHER_COUNT,
  S_FURTHER_EXECUTIONS,
  S_INTERRUPT,
  S_INTERRUPTIBLE,
  INTERRUPT_SIGNAL,
  slotPointer,
} from "../memory/layout.js";
import { allocatePages } from "../memory/page-allocator.js";

/** Gives this interpreter `count` further executions. Call it once. Returns the pointer to them, or 0 if memory is exhausted. */
export function openExecutions(m: SharedMemory, count: number): Pointer {
  // Their observations lie behind them.
  const words = count * (EXECUTION_WORDS + OBSERVED_WORDS);
  const executions = allocatePages(m, Math.ceil(words / PAGE_WORDS), (m.slot + 1) as Owner);
  if (executions === 0) return 0;
  for (let i = 0; i < words; i++) set(m, executions + i, 0);
  set(m, m.me + S_FURTHER_COUNT, count);
  store(m, m.me + S_FURTHER_EXECUTIONS, executions);
  return executions;
}

/** Returns the pointer to the execution at index `i` of a slot, or 0 if it has fewer. Index 0 is the one in the slot. */
export function executionAt(m: SharedMemory, slot: Slot, i: number): Pointer {
  const p = slotPointer(slot);
  if (i === 0) return (p + S_EXECUTION) as Pointer;
  const executions = load(m, p + S_FURTHER_EXECUTIONS);
  if (executions === 0 || i > load(m, p + S_FURTHER_COUNT)) return 0;
  // Unchanged: the count that was read belongs to these executions.
  if (load(m, p + S_FURTHER_EXECUTIONS) !== executions) return 0;
  const execution = (executions + (i - 1) * EXECUTION_WORDS) as Pointer;
  ensureMapped(m, execution + EXECUTION_WORDS - 1);
  return execution;
}

/** Whether the slot's owner executes anything. A work item whose reply is being sent is done: its caller may have the reply. */
export function isExecuting(m: SharedMemory, slot: Slot): boolean {
  for (
    let i = 0, execution = executionAt(m, slot, 0);
    execution !== 0;
    execution = executionAt(m, slot, ++i)
  ) {
    const state = load(m, execution + EXECUTION_WORD) & EXECUTION_STATE;
    if (state === EXECUTION_IDLE || state === EXECUTION_FINISHING) continue;
    if (executionAt(m, slot, i) === execution) return true;
  }
  return false;
}

/** Returns the execution in which `slot` runs work item `seq` of `caller` or sends its result, or 0. */
export function executionOf(m: SharedMemory, slot: Slot, caller: InterpreterId, seq: number): Pointer {
  for (
    let i = 0, execution = executionAt(m, slot, 0);
    execution !== 0;
    execution = executionAt(m, slot, ++i)
  ) {
    if ((load(m, execution + EXECUTION_WORD) & EXECUTION_STATE) === EXECUTION_IDLE) continue;
    if (load(m, execution + EXECUTION_CALLER) !== caller || load(m, execution + EXECUTION_SEQ) !== seq)
      continue;
    if (executionAt(m, slot, i) === execution) return execution;
  }
  return 0;
}

/** Whether any interpreter executes work item `seq` of `caller` now. */
export function isExecutingWork(m: SharedMemory, caller: InterpreterId, seq: number): boolean {
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0 as Slot; slot < end; slot++) if (executionOf(m, slot, caller, seq) !== 0) return true;
  return false;
}

/** The work item in this interpreter's `execution` is done: nothing can stop it from here on. Returns false if it was condemned before. */
export function finishWork(m: SharedMemory, execution: Pointer): boolean {
  const word = peek(m, execution + EXECUTION_WORD);
  if ((word & (EXECUTION_STATE | EXECUTION_CLOSED)) !== EXECUTION_RUNNING) return false;
  return cas(m, execution + EXECUTION_WORD, word, (word & ~EXECUTION_STATE) | EXECUTION_FINISHING) === word;
}

/** The result was sent: the execution is free. */
export function endWork(m: SharedMemory, execution: Pointer): void {
  and(m, execution + EXECUTION_WORD, ~EXECUTION_STATE);
}

/**
 * Settles that work item `seq` of `caller`, which `slot` executes, will not finish. Returns its execution; the caller must then
 * terminate the thread. Returns 0 if the slot does not execute the item: not yet, no longer, or its result is being sent.
 */
export function condemn(m: SharedMemory, slot: Slot, caller: InterpreterId, seq: number): Pointer {
  for (
    let i = 0, execution = executionAt(m, slot, 0);
    execution !== 0;
    execution = executionAt(m, slot, ++i)
  ) {
    const word = load(m, execution + EXECUTION_WORD);
    if ((word & EXECUTION_STATE) !== EXECUTION_RUNNING) continue;
    if (load(m, execution + EXECUTION_CALLER) !== caller || load(m, execution + EXECUTION_SEQ) !== seq)
      continue;
    return cas(m, execution + EXECUTION_WORD, word, (word & ~EXECUTION_STATE) | EXECUTION_CONDEMNED) === word
      ? execution
      : 0;
  }
  return 0;
}

/**
 * Settles that `slot` finishes nothing that it executes and claims nothing more: its thread is about to be terminated, or
 * is calling `process.exit()`. Code that is interrupted by that may go on with wrong values (a CommonJS module that Node
 * was loading is then `undefined` to the module that imports it), and the outcome must not become a reply.
 */
export function closeExecutions(m: SharedMemory, slot: Slot): void {
  for (
    let i = 0, execution = executionAt(m, slot, 0);
    execution !== 0;
    execution = executionAt(m, slot, ++i)
  ) {
    const word = or(m, execution + EXECUTION_WORD, EXECUTION_CLOSED) | EXECUTION_CLOSED;
    // From here on only `endWork`, of an item that was finishing, changes the word.
    if ((word & EXECUTION_STATE) === EXECUTION_RUNNING)
      store(m, execution + EXECUTION_WORD, (word & ~EXECUTION_STATE) | EXECUTION_CONDEMNED);
  }
}

/** Whether the thread of `slot` is about to be terminated, or is calling `process.exit()`. */
export function isEnding(m: SharedMemory, slot: Slot): boolean {
  return (load(m, slotPointer(slot) + S_EXECUTION + EXECUTION_WORD) & EXECUTION_CLOSED) !== 0;
}

/**
 * Asks the guest in `slot` to interrupt work item `seq` of `caller`, for the reason of that number, and returns whether it may: if not, the slot
 * does not execute the item, the guest polls no interrupts, or it was asked before. The caller rings the slot.
 *
 * The mark names the one item that is meant. If that ends at the same time, the signal finds another one, which has no mark (`interruption`).
 */
export function interrupt(
  m: SharedMemory,
  slot: Slot,
  caller: InterpreterId,
  seq: number,
  reason: number,
): boolean {
  if (load(m, slotPointer(slot) + S_INTERRUPTIBLE) === 0) return false;
  const execution = executionOf(m, slot, caller, seq);
  if (execution === 0) return false;
  const word = load(m, execution + EXECUTION_WORD);
  const asked = ((load(m, execution + EXECUTION_INTERRUPT) ^ word) & ~EXECUTION_MARK) === 0;
  if (asked || (word & EXECUTION_STATE) !== EXECUTION_RUNNING) return false;
  store(m, execution + EXECUTION_INTERRUPT, (word & ~EXECUTION_MARK) | reason);
  store(m, slotPointer(slot) + S_INTERRUPT, INTERRUPT_SIGNAL);
  return true;
}

/** The number of the reason for which this interpreter's `execution` must be interrupted, or 0. */
export function interruption(m: SharedMemory, execution: Pointer): number {
  const mark = load(m, execution + EXECUTION_INTERRUPT);
  const word = peek(m, execution + EXECUTION_WORD);
  return ((mark ^ word) & ~EXECUTION_MARK) === 0 ? mark & EXECUTION_MARK : 0;
}

/** The bits of EXECUTION_WORD that are not the item's number. */
const EXECUTION_MARK = (1 << EXECUTION_NUMBER_SHIFT) - 1;
