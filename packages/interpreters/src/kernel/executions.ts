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
import { and, cas, load, or, peek, reach, set, type SharedMemory, store } from "../memory/atomics.js";
import {
  H_SLOTS_USED,
  PAGE_WORDS,
  RUN_CALLER,
  RUN_CLOSED,
  RUN_CONDEMNED,
  RUN_FINISHING,
  RUN_IDLE,
  RUN_RUNNING,
  RUN_SEQ,
  RUN_STATE,
  RUN_WORD,
  RUN_WORDS,
  S_RUN,
  S_RUN_COUNT,
  S_RUNS,
  slotPointer,
} from "../memory/layout.js";
import { allocatePages } from "../memory/page-allocator.js";

/** Gives this interpreter `count` further runs, once. Returns the pointer to them, or 0: there is no memory. */
export function openRuns(m: SharedMemory, count: number): number {
  const words = count * RUN_WORDS;
  const runs = allocatePages(m, Math.ceil(words / PAGE_WORDS), m.slot + 1);
  if (runs === 0) return 0;
  for (let i = 0; i < words; i++) set(m, runs + i, 0);
  set(m, m.me + S_RUN_COUNT, count);
  store(m, m.me + S_RUNS, runs);
  return runs;
}

/** The `i`-th run of a slot, the first being 0; 0: it has no more. */
export function runAt(m: SharedMemory, slot: number, i: number): number {
  const p = slotPointer(slot);
  if (i === 0) return p + S_RUN;
  const runs = load(m, p + S_RUNS);
  if (runs === 0 || i > load(m, p + S_RUN_COUNT)) return 0;
  // The count is that of those runs.
  if (load(m, p + S_RUNS) !== runs) return 0;
  const run = runs + (i - 1) * RUN_WORDS;
  reach(m, run + RUN_WORDS - 1);
  return run;
}

/** Whether the slot's owner executes anything. A piece whose answer is on its way is done: its caller may have it. */
export function isExecuting(m: SharedMemory, slot: number): boolean {
  for (let i = 0, run = runAt(m, slot, 0); run !== 0; run = runAt(m, slot, ++i)) {
    const state = load(m, run + RUN_WORD) & RUN_STATE;
    if (state === RUN_IDLE || state === RUN_FINISHING) continue;
    if (runAt(m, slot, i) === run) return true;
  }
  return false;
}

/** The run in which `slot` executes the piece `seq` of `caller`, or is sending its result; 0: it does not. */
export function runOf(m: SharedMemory, slot: number, caller: number, seq: number): number {
  for (let i = 0, run = runAt(m, slot, 0); run !== 0; run = runAt(m, slot, ++i)) {
    if ((load(m, run + RUN_WORD) & RUN_STATE) === RUN_IDLE) continue;
    if (load(m, run + RUN_CALLER) !== caller || load(m, run + RUN_SEQ) !== seq) continue;
    if (runAt(m, slot, i) === run) return run;
  }
  return 0;
}

/** Whether somebody executes the piece `seq` of `caller` now. */
export function isRunningWork(m: SharedMemory, caller: number, seq: number): boolean {
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0; slot < end; slot++) if (runOf(m, slot, caller, seq) !== 0) return true;
  return false;
}

/** The piece in that run of this interpreter's is done; from here on nobody may stop it. False: it was condemned before. */
export function finishWork(m: SharedMemory, run: number): boolean {
  const word = peek(m, run + RUN_WORD);
  if ((word & (RUN_STATE | RUN_CLOSED)) !== RUN_RUNNING) return false;
  return cas(m, run + RUN_WORD, word, (word & ~RUN_STATE) | RUN_FINISHING) === word;
}

/** Its result was sent: the run is free. */
export function endWork(m: SharedMemory, run: number): void {
  and(m, run + RUN_WORD, ~RUN_STATE);
}

/**
 * Settles that the piece `seq` of `caller` that `slot` executes will not finish. Returns its run: the thread is to be
 * terminated. 0: it does not execute that piece (not yet, not any more, or its result is on the way).
 */
export function condemn(m: SharedMemory, slot: number, caller: number, seq: number): number {
  for (let i = 0, run = runAt(m, slot, 0); run !== 0; run = runAt(m, slot, ++i)) {
    const word = load(m, run + RUN_WORD);
    if ((word & RUN_STATE) !== RUN_RUNNING) continue;
    if (load(m, run + RUN_CALLER) !== caller || load(m, run + RUN_SEQ) !== seq) continue;
    return cas(m, run + RUN_WORD, word, (word & ~RUN_STATE) | RUN_CONDEMNED) === word ? run : 0;
  }
  return 0;
}

/**
 * Settles that `slot` finishes nothing that it executes, and begins nothing more: its thread is about to be terminated, or
 * is calling `process.exit()`. Code in the midst of that may go on with nonsense in its hands (a CommonJS module that Node
 * was loading is `undefined` then to the module that imports it), and what comes of that must be no answer.
 */
export function closeRuns(m: SharedMemory, slot: number): void {
  for (let i = 0, run = runAt(m, slot, 0); run !== 0; run = runAt(m, slot, ++i)) {
    const word = or(m, run + RUN_WORD, RUN_CLOSED) | RUN_CLOSED;
    // From here on only the end of what was finishing changes the word.
    if ((word & RUN_STATE) === RUN_RUNNING) store(m, run + RUN_WORD, (word & ~RUN_STATE) | RUN_CONDEMNED);
  }
}
