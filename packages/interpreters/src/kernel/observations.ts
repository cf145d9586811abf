/**
 * The work that interpreters execute, for a trace and for `interpreters top`: which function, and since when. An execution (executions.ts) names only
 * the work item. Its owner notes the rest in an *observation* beside it, and only while something observes the process (H_OBSERVED).
 *
 * Any thread may read an observation, at any time, without a lock. It is believed only if it names the work item that the execution names
 * before and after it was read.
 */
import { ensureMapped, get, load, set, type SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import {
  EXECUTION_CALLER,
  EXECUTION_FINISHING,
  EXECUTION_IDLE,
  EXECUTION_SEQ,
  EXECUTION_STATE,
  EXECUTION_WORD,
  EXECUTION_WORDS,
  H_OBSERVED,
  OBSERVED_CALLER,
  OBSERVED_CODE,
  OBSERVED_KIND,
  OBSERVED_MICROS,
  OBSERVED_POINTER,
  OBSERVED_SECOND,
  OBSERVED_SEQ,
  OBSERVED_WORDS,
  S_EXECUTION,
  S_FURTHER_COUNT,
  S_FURTHER_EXECUTIONS,
  S_OBSERVED,
  slotPointer,
} from "../memory/layout.js";
import { executionAt } from "./executions.js";

/** Whether anything observes this process. */
export function isObserved(m: SharedMemory): boolean {
  return get(m, H_OBSERVED) !== 0;
}

/** Notes what this interpreter's `execution` does: work of a kind, and the function's code. `began` is in milliseconds of `clock`. */
export function note(
  m: SharedMemory,
  execution: Pointer,
  kind: number,
  code: number,
  pointer: Pointer,
  began: number,
): void {
  const first = load(m, m.me + S_FURTHER_EXECUTIONS);
  const i = execution === m.me + S_EXECUTION ? 0 : (execution - first) / EXECUTION_WORDS + 1;
  const at = observationOf(m, m.slot, execution, i);
  const second = Math.floor(began / 1000);
  set(m, at + OBSERVED_KIND, kind);
  set(m, at + OBSERVED_CODE, code);
  set(m, at + OBSERVED_POINTER, pointer);
  set(m, at + OBSERVED_SECOND, second);
  set(m, at + OBSERVED_MICROS, Math.floor((began - second * 1000) * 1000));
  set(m, at + OBSERVED_SEQ, get(m, execution + EXECUTION_SEQ));
  set(m, at + OBSERVED_CALLER, get(m, execution + EXECUTION_CALLER));
}

/** The observation beside execution `i`, wherever the slot's executions may be by now: a reader does not know whether the slot has a new owner. */
function observationOf(m: SharedMemory, slot: Slot, execution: Pointer, i: number): Pointer {
  const p = slotPointer(slot);
  if (i === 0) return (p + S_OBSERVED) as Pointer;
  const first = execution - (i - 1) * EXECUTION_WORDS;
  const at = first + load(m, p + S_FURTHER_COUNT) * EXECUTION_WORDS + (i - 1) * OBSERVED_WORDS;
  ensureMapped(m, at + OBSERVED_WORDS - 1);
  return at as Pointer;
}

/** A work item that an interpreter executes. */
export interface Observation {
  readonly caller: InterpreterId;
  readonly sequence: number;
  /** A WORK_… */
  readonly kind: number;
  /** The id of the function's code, and the pointer to it; 0 if the work has none. */
  readonly code: number;
  readonly pointer: Pointer;
  /** Milliseconds of `clock`. */
  readonly began: number;
}

/** The work that the interpreter in `slot` executes now, or was executing when it ended. Items that began before anything observed are missing. */
export function observationsIn(m: SharedMemory, slot: Slot): Observation[] {
  const found: Observation[] = [];
  for (
    let i = 0, execution = executionAt(m, slot, 0);
    execution !== 0;
    execution = executionAt(m, slot, ++i)
  ) {
    const observation = read(m, slot, execution, i);
    if (observation !== undefined && executionAt(m, slot, i) === execution) found.push(observation);
  }
  return found;
}

function read(m: SharedMemory, slot: Slot, execution: Pointer, i: number): Observation | undefined {
  const at = observationOf(m, slot, execution, i);
  const names = (): boolean => {
    const state = load(m, execution + EXECUTION_WORD) & EXECUTION_STATE;
    if (state === EXECUTION_IDLE || state === EXECUTION_FINISHING) return false;
    return (
      load(m, execution + EXECUTION_CALLER) === load(m, at + OBSERVED_CALLER) &&
      load(m, execution + EXECUTION_SEQ) === load(m, at + OBSERVED_SEQ)
    );
  };
  if (!names()) return undefined;
  const observation: Observation = {
    caller: load(m, at + OBSERVED_CALLER) as InterpreterId,
    sequence: load(m, at + OBSERVED_SEQ),
    kind: load(m, at + OBSERVED_KIND),
    code: load(m, at + OBSERVED_CODE),
    pointer: load(m, at + OBSERVED_POINTER) as Pointer,
    began: load(m, at + OBSERVED_SECOND) * 1000 + load(m, at + OBSERVED_MICROS) / 1000,
  };
  return names() ? observation : undefined;
}
