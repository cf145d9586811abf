/**
 * What interpreters and the supervisor say to each other: the headers of the records in mailboxes.
 *
 * Every payload begins with HEADER_WORDS words; an encoded value may follow. This file is the one place that both
 * sides import.
 *
 *     work     [ sequence, WORK_…, a, b, timed, timeout ] into S_WORK of the interpreter (or a pool's queue)
 *     reply    [ sequence, REPLY_…, last, took, 0, 0 ]    into S_REPLIES of the caller
 *     notice   [ 0, NOTICE_DEATH, id, reason, exitCode, 0 ] into S_REPLIES of everybody
 *     request  [ sequence, REQUEST_…, a, b, c, 0 ]        into S_WORK of the supervisor
 *
 * timed: 1 asks for `took`, the microseconds that the piece ran (0: not asked for). last: 1 when its interpreter takes
 * no more of the pool's work, because it had as many pieces as it may. A sequence number is the caller's own: with the caller's id it names one piece of work in the whole process.
 */
import type { DeathReason } from "../base/errors.js";

export const HEADER_WORDS = 6;

/** value: the script, as the guest language describes it */
export const WORK_EXEC = 1;
/** a: code id, b: pointer to the code (see code.ts); value: the array of arguments */
export const WORK_CALL = 2;
/** value: an object of globals to bind */
export const WORK_PREPARE = 3;
/** The last work: run exit handlers and end the thread. */
export const WORK_CLOSE = 4;
/**
 * Serve a pool: bind globals, run its initializer, and take further work from its queues. a, b: the initializer's code,
 * or 0; value: a PoolSetup
 */
export const WORK_SERVE = 5;
/** As WORK_CALL for each of many; value: an array of arrays of arguments. Answered with a ChunkReply; see chunk.ts. */
export const WORK_CALL_BATCH = 6;
/** To main only: load a native addon, and keep it. value: an AddonRequest (addons/keeper.ts); answered with `{ error? }` */
export const WORK_ADDON = 7;

/** value: the result */
export const REPLY_VALUE = 1;
/** value: [excinfo, cause] of an uncaught exception of the user's */
export const REPLY_FAILURE = 2;
/** value: an error of this package about the work itself, to be thrown as it is */
export const REPLY_REFUSED = 3;
/**
 * An interpreter is dead; a: id, b: reason, c: exit code or -1. value: [pieces, error], pieces being the sequence number
 * and the reason of each piece of the reader's that it was executing, one after another
 */
export const NOTICE_DEATH = 4;

/** a: slot, b: id; value: boot options */
export const REQUEST_BOOT = 1;
/** a: id, b: reason */
export const REQUEST_TERMINATE = 2;
/** Stop the sender's piece c if interpreter a executes it now; b: reason. */
export const REQUEST_ABORT = 3;
/** The sender runs a piece (a: caller, b: sequence) that may take c milliseconds. */
export const REQUEST_DEADLINE = 4;
/** The sender is ending by itself. */
export const REQUEST_FINALIZING = 5;
/** Look for interpreters that nobody holds any more. */
export const REQUEST_COLLECT = 6;

/** A thread that somebody else started has ended. a: its Node threadId, b: its exit code */
export const REQUEST_THREAD_ENDED = 7;
/** The sender wants the buffer a, b (REF_BUFFER, REF_MOVED); 0, 0: only a line. value: the name of the line it opened (line.ts), or undefined. */
export const REQUEST_BUFFER = 8;

/** Keep a spare threads of kind b (spare.ts) for interpreters with the options that are the value. */
export const REQUEST_PREWARM = 9;

/** Something is in main's mailbox that it may not be waiting for. */
export const REQUEST_WAKE_MAIN = 10;

/** How an interpreter ended: what users see, and "closed", which is what they asked for. */
export type EndReason = DeathReason | "closed";

/** Reasons as numbers; the order is part of the protocol. */
export const REASONS: readonly EndReason[] = [
  "closed",
  "terminated",
  "timeout",
  "aborted",
  "exit",
  "out-of-memory",
  "uncaught-exception",
  "boot",
];

export function reasonNumber(reason: EndReason): number {
  return REASONS.indexOf(reason);
}
