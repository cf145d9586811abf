/**
 * What interpreters execute, as integers for everybody to see: a *run* of four words for each piece of work.
 *
 *     IDLE ──claim (mailbox.ts)──▶ RUNNING ──finishWork──▶ FINISHING ──endWork──▶ IDLE
 *                                     └──condemn, closeRuns──▶ CONDEMNED (its thread is about to end)
 *
 * Each interpreter has one run, in its slot. One that executes several tasks of a pool at once has more of them
 * (`openRuns`), in pages that go with it. A piece stays in its run from the step that claims it to its end, so at
 * every instant the runs of an interpreter are what its death would leave unfinished. Only the owner claims and ends,
 * only the supervisor (and an owner that exits) condemns, and only the supervisor frees the pages, when the owner is dead.
 *
 * Anybody else may look, and may find that those pages are somebody else's by now. So who has found something there
 * looks whether they still are that interpreter's, and only then believes it.
 */
import { and, cas, load, or, peek, ensureMapped, set, type SharedMemory, store } from "../memory/atomics.js";
import {
  H_SLOTS_USED,
  PAGE_WORDS,
  EXECUTION_CALLER,
  EXECUTION_CLOSED,
  EXECUTION_CONDEMNED,
  EXECUTION_FINISHING,
  EXECUTION_IDLE,
  EXECUTION_RUNNING,
  EXECUTION_SEQ,
  EXECUTION_STATE,
  EXECUTION_WORD,
  EXECUTION_WORDS,
  S_EXECUTION,
  S_FURTHER_COUNT,
  S_FURTHER_EXECUTIONS,
  slotPointer,
} from "../memory/layout.js";
import { allocatePages } from "../memory/page-allocator.js";

/** Gives this interpreter `count` further runs, once. Returns the pointer to them, or 0: there is no memory. */
export function openExecutions(m: SharedMemory, count: number): number {
  const words = count * EXECUTION_WORDS;
  const executions = allocatePages(m, Math.ceil(words / PAGE_WORDS), m.slot + 1);
  if (executions === 0) return 0;
  for (let i = 0; i < words; i++) set(m, executions + i, 0);
  set(m, m.me + S_FURTHER_COUNT, count);
  store(m, m.me + S_FURTHER_EXECUTIONS, executions);
  return executions;
}

/** The `i`-th run of a slot, the first being 0; 0: it has no more. */
export function executionAt(m: SharedMemory, slot: number, i: number): number {
  const p = slotPointer(slot);
  if (i === 0) return p + S_EXECUTION;
  const executions = load(m, p + S_FURTHER_EXECUTIONS);
  if (executions === 0 || i > load(m, p + S_FURTHER_COUNT)) return 0;
  // The count is that of those runs.
  if (load(m, p + S_FURTHER_EXECUTIONS) !== executions) return 0;
  const execution = executions + (i - 1) * EXECUTION_WORDS;
  ensureMapped(m, execution + EXECUTION_WORDS - 1);
  return execution;
}

/** Whether the slot's owner executes anything. A piece whose answer is on its way is done: its caller may have it. */
export function isExecuting(m: SharedMemory, slot: number): boolean {
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

/** The run in which `slot` executes the piece `seq` of `caller`, or is sending its result; 0: it does not. */
export function executionOf(m: SharedMemory, slot: number, caller: number, seq: number): number {
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

/** Whether somebody executes the piece `seq` of `caller` now. */
export function isExecutingWork(m: SharedMemory, caller: number, seq: number): boolean {
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0; slot < end; slot++) if (executionOf(m, slot, caller, seq) !== 0) return true;
  return false;
}

/** The piece in that run of this interpreter's is done; from here on nobody may stop it. False: it was condemned before. */
export function finishWork(m: SharedMemory, execution: number): boolean {
  const word = peek(m, execution + EXECUTION_WORD);
  if ((word & (EXECUTION_STATE | EXECUTION_CLOSED)) !== EXECUTION_RUNNING) return false;
  return cas(m, execution + EXECUTION_WORD, word, (word & ~EXECUTION_STATE) | EXECUTION_FINISHING) === word;
}

/** Its result was sent: the run is free. */
export function endWork(m: SharedMemory, execution: number): void {
  and(m, execution + EXECUTION_WORD, ~EXECUTION_STATE);
}

/**
 * Settles that the piece `seq` of `caller` that `slot` executes will not finish. Returns its run: the thread is to be
 * terminated. 0: it does not execute that piece (not yet, not any more, or its result is on the way).
 */
export function condemn(m: SharedMemory, slot: number, caller: number, seq: number): number {
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
 * Settles that `slot` finishes nothing that it executes, and begins nothing more: its thread is about to be terminated, or
 * is calling `process.exit()`. Code in the midst of that may go on with nonsense in its hands (a CommonJS module that Node
 * was loading is `undefined` then to the module that imports it), and what comes of that must be no answer.
 */
export function closeExecutions(m: SharedMemory, slot: number): void {
  for (
    let i = 0, execution = executionAt(m, slot, 0);
    execution !== 0;
    execution = executionAt(m, slot, ++i)
  ) {
    const word = or(m, execution + EXECUTION_WORD, EXECUTION_CLOSED) | EXECUTION_CLOSED;
    // From here on only the end of what was finishing changes the word.
    if ((word & EXECUTION_STATE) === EXECUTION_RUNNING)
      store(m, execution + EXECUTION_WORD, (word & ~EXECUTION_STATE) | EXECUTION_CONDEMNED);
  }
}
