/**
 * The messages between interpreters and the supervisor: the headers of the records in mailboxes.
 *
 * Every payload begins with HEADER_WORDS words; an encoded value may follow. Both sides import this file.
 *
 *     work     [ sequence, WORK_…, a, b, timed, timeout ] into S_WORK of the interpreter (or a pool's queue)
 *     reply    [ sequence, REPLY_…, last, took, s, µs ]   into S_REPLIES of the caller
 *     notice   [ 0, NOTICE_DEATH, id, reason, exitCode, 0 ] into S_REPLIES of every interpreter
 *     callback [ sequence, CALLBACK_…, a, b, 0, 0 ]       into S_REPLIES of its owner, which polls that box also while it blocks
 *     request  [ sequence, REQUEST_…, a, b, c, 0 ]        into S_WORK of the supervisor
 *
 * - sequence: chosen by the caller. With the caller's id it names one work item in the whole process.
 * - timed: 1 if the caller wants `took`, the microseconds that the item ran; 0 if not, and `took` is 0 then (or not, if the process is
 *   observed).
 * - s, µs: with `took`, when the item began, by `clock`; else 0.
 * - timeout: milliseconds that the item may run, or 0 for no limit.
 * - last: 1 if the interpreter takes no more tasks from its pool, because it has taken as many as it may.
 */
import type { DeathReason } from "../base/errors.js";

export const HEADER_WORDS = 6;

/** value: the script, as the guest language describes it */
export const WORK_EXEC = 1;
/** a: code id, b: pointer to the code (code.ts); value: the array of arguments */
export const WORK_CALL = 2;
/** value: an object of globals to bind */
export const WORK_PREPARE = 3;
/** The last work item: run exit handlers and end the thread. */
export const WORK_CLOSE = 4;
/**
 * Serve a pool: bind globals, run its initializer, and take further work from its queues. a, b: the initializer's code,
 * or 0; value: a PoolSetup
 */
export const WORK_SERVE = 5;
/** As WORK_CALL, for many calls of one function. value: an array of arrays of arguments; the reply is a CallBatchReply (call-batch.ts) */
export const WORK_CALL_BATCH = 6;
/** To main only: load a native addon, and keep it loaded. value: an AddonRequest; the reply is an AddonAnswer (addons/load.ts) */
export const WORK_ADDON = 7;
/**
 * As WORK_CALL, for a function that returns an iterable. value: the arguments, and then the id of the hidden queue into which the items
 * go; the reply is the iterator's return value
 */
export const WORK_ITERATE = 8;

/** Added to the kind of work: something travels with it (thread/carried.ts), as the last element of the value, which is an array. */
export const WORK_CARRIES = 0x100;

/** Make an object. a, b, value: as for WORK_CALL, with a class; the reply is a `Constructed` (worker/objects.ts) */
export const WORK_CONSTRUCT = 20;
/** Use the object with the number a. b: the index of a method, or an OBJECT_…; value: the array of arguments */
export const WORK_OBJECT = 21;
/** Read the property args[0]; write args[1] to the property args[0]; end the object. */
export const OBJECT_GET = -1;
export const OBJECT_SET = -2;
export const OBJECT_END = -3;
/** As WORK_ITERATE, for what the method with the index b returns of the object with the number a. */
export const WORK_OBJECT_ITERATE = 22;

/** Work that only the guest language understands. value: its bytes, under the language's codec tag; so is the value of the reply */
export const WORK_GUEST = 9;

/** value: the result */
export const REPLY_VALUE = 1;
/** value: [excinfo, cause] of an uncaught exception in user code */
export const REPLY_FAILURE = 2;
/** value: an error of this package about the work item itself, which the caller throws as it is */
export const REPLY_REFUSED = 3;
/**
 * An interpreter is dead; id, reason, exit code or -1. value: [unfinished, error], where `unfinished` lists, for each work item of
 * the reader that it was executing, the sequence number and the reason
 */
export const NOTICE_DEATH = 4;
/** The work was interrupted, because its limit passed or its signal aborted. value: [reason, excinfo of what that raised, or null] */
export const REPLY_INTERRUPTED = 5;

/** a: the callback's id, b: 1 if the caller blocks until the reply; value: the array of arguments. The reply is that to a work item. */
export const CALLBACK_CALL = 10;
/** The sender has given back its handle to the callback with the id a. */
export const CALLBACK_RELEASED = 11;
/** Into the reply box of the interpreter that has the object with the number a: the sender's proxy of it was collected. */
export const OBJECT_RELEASED = 13;
/** A task reports its progress. a: the id of the report; value: what it reports. No reply comes. */
export const CALLBACK_REPORT = 12;

/** Text for a sink of the reader, where it does not go over a broadcast channel (thread/output-channel.ts). a: the channel's number; value: an OutputMessage */
export const OUTPUT_TEXT = 14;

/** Into the reply box of an interpreter that is about to boot; value: a ParentSetup (worker/parent.ts) */
export const SETUP_PARENT = 18;

/** a: slot, b: id, c: 1 to start its thread when REQUEST_START comes; value: boot options */
export const REQUEST_BOOT = 1;
/** a: id, b: reason */
export const REQUEST_TERMINATE = 2;
/** Stop the sender's work item c if interpreter a is executing it; b: reason */
export const REQUEST_ABORT = 3;
/** The sender is executing a work item (a: caller, b: sequence) that may take c milliseconds. */
export const REQUEST_DEADLINE = 4;
/** The sender is ending by itself: terminate it if that takes too long. */
export const REQUEST_FINALIZING = 5;
/** Interpreters or buffers may have lost their last holder: free those. */
export const REQUEST_COLLECT = 6;

/** A thread that the supervisor did not start has ended. a: its Node threadId, b: its exit code */
export const REQUEST_THREAD_ENDED = 7;
/** Send the buffer with the placeholder a, b (REF_BUFFER, REF_MOVED); 0, 0 only confirms the port. value: the name of the channel that the sender opened (transfer/supervisor-port.ts), or undefined */
export const REQUEST_BUFFER = 8;

/** Keep `a` standby threads of kind `b` (kernel/standby.ts). value: the boot options of their interpreters */
export const REQUEST_PREWARM = 9;

/** Main has work in its mailbox and may not be polling it: wake its event loop. */
export const REQUEST_WAKE_MAIN = 10;

/** a: slot, b: id. The first work of an interpreter that has no thread yet (S_LAZY). May come several times. */
export const REQUEST_START = 11;

/** Something observes the process from now on (H_OBSERVED): load what the supervisor needs for that. value: the socket's path, or undefined */
export const REQUEST_OBSERVE = 12;

/** How an interpreter ended: a reason that users see, or "closed", which users asked for. */
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
