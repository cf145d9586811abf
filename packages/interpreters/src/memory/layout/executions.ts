/** Executions, which lie in their interpreter's slot or in pages of its own, and observations of them. */

/* ---- execution: a work item that is being executed, see kernel/executions.ts ---- */
/**
 * `{ number: 29 bits, closed: 1 bit, state: 2 bits }`. The number differs for every work item that this execution is used for, so a
 * compare-and-swap of this word settles the race between the end of that item and a thread that wants to stop it.
 */
export const EXECUTION_WORD = 0;
/** The id of the interpreter that sent the work item, and the item's number there. Written before EXECUTION_WORD; valid unless idle. */
export const EXECUTION_CALLER = 1;
export const EXECUTION_SEQ = 2;
/** Why the item must be interrupted: `{ number, as in EXECUTION_WORD: 29 bits, reason: 3 bits }`. Void with another number. Written by the supervisor. */
export const EXECUTION_INTERRUPT = 3;
export const EXECUTION_WORDS = 4;
/** What S_INTERRUPT gets: SIGINT. */
export const INTERRUPT_SIGNAL = 2;

export const EXECUTION_IDLE = 0;
export const EXECUTION_RUNNING = 1;
/** The result is being sent: too late to stop it. */
export const EXECUTION_FINISHING = 2;
/** The supervisor will terminate the thread because of this work item: its result will not be sent. */
export const EXECUTION_CONDEMNED = 3;
export const EXECUTION_STATE = 3;
/** The thread is about to end: no further work item can be claimed into this execution. */
export const EXECUTION_CLOSED = 4;
export const EXECUTION_NUMBER_SHIFT = 3;

/* ---- observation: what an execution does, for those who watch (kernel/observations.ts). Void unless it names the execution's work item ---- */
export const OBSERVED_CALLER = 0;
export const OBSERVED_SEQ = 1;
/** A WORK_…, and the id of the function's code and the pointer to it, or 0. */
export const OBSERVED_KIND = 2;
export const OBSERVED_CODE = 3;
export const OBSERVED_POINTER = 4;
/** When it began: seconds of `clock`, and microseconds. */
export const OBSERVED_SECOND = 5;
export const OBSERVED_MICROS = 6;
export const OBSERVED_WORDS = 8;

/** The observers: a trace (thread/observing.ts), `interpreters top`. */
export const OBSERVE_TRACE = 1;
export const OBSERVE_INSPECT = 2;
