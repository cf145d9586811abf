/** Sending work to an interpreter's mailbox, and withdrawing or stopping it when its signal aborts. */
import { onAbort } from "../base/abort.js";
import { NotShareableError } from "../base/errors.js";
import { startTimer, stopTimer } from "../base/timer.js";
import { languageOf } from "../guests/language.js";
import { cancelWork } from "../kernel/mailbox.js";
import type { Pointer } from "../memory/brands.js";
import { S_REPLIES, S_WORK, slotPointer } from "../memory/layout.js";
import { CODEC_JAVASCRIPT } from "../codec/codec.js";
import { carried } from "../thread/carried.js";
import { collectCarried, request, startIfLazy } from "../thread/supervisor-client.js";
import { takeTrace, type Trace, useTrace } from "../thread/trace.js";
import { SupervisorHandover } from "../transfer/handover.js";
import { Moves } from "../transfer/moves.js";
import type { Code } from "../wire/code.js";
import { checkReadable, Message, runningTime, WITH_SENDER } from "../wire/message.js";
import {
  reasonNumber,
  REQUEST_ABORT,
  WORK_CALL,
  WORK_CARRIES,
  WORK_EXEC,
  WORK_ITERATE,
  WORK_PREPARE,
  WORK_SERVE,
} from "../wire/protocol.js";
import type { CallOptions } from "./call-options.js";
import { Operation } from "./operation.js";
import { checkTarget, type Target } from "./target.js";

/** A kind of work: its number in the protocol, and what error texts call it and its value. */
export interface WorkKind {
  readonly kind: number;
  readonly verb: string;
  readonly root: string;
  /** Whether the value is an array of arguments, in which buffers may be moved. */
  readonly args?: true;
  /** Whether the value goes to the guest, so that its language must be able to read it. */
  readonly read?: true;
  /** Whether what travels with work (thread/carried.ts) goes with it. */
  readonly carries?: true;
  /** Whether the reply box takes the record: its owner polls that also while it blocks, and the work is a callback. */
  readonly callback?: true;
}

export const CALL: WorkKind = {
  kind: WORK_CALL,
  verb: "call a function in",
  root: "args",
  carries: true,
  args: true,
  read: true,
};
export const EXEC: WorkKind = {
  kind: WORK_EXEC,
  verb: "execute a script in",
  root: "script",
  carries: true,
};
export const PREPARE: WorkKind = { kind: WORK_PREPARE, verb: "prepare", root: "namespace", read: true };
export const ITERATE: WorkKind = {
  kind: WORK_ITERATE,
  verb: "iterate in",
  root: "args",
  carries: true,
  args: true,
  read: true,
};
export const SERVE: WorkKind = { kind: WORK_SERVE, verb: "set up", root: "setup" };

/** One work item to send. */
export interface Sending {
  /** A verb phrase for messages. */
  readonly what: string;
  /** The two words of the header that are the kind's own. */
  readonly a: number;
  readonly b: number;
  /** The body, for kinds with `args` the array of arguments. */
  readonly value: unknown;
  readonly options: CallOptions;
  readonly blocking: boolean;
  /** Where the user asked for it. */
  readonly trace: Trace;
  /** Stays reachable until the operation is settled. */
  readonly keep: unknown;
  /** Of a call. */
  readonly code?: Code | undefined;
}

/**
 * Sends work to an interpreter that takes it. `value` is its body, for CALL the array of arguments; `code` is the function to call, and
 * `trace` where the user asked for it. If this throws, nothing has happened: no buffer was moved, and no record was put.
 */
export function send<T>(
  target: Target,
  work: WorkKind,
  options: CallOptions,
  value: unknown,
  blocking: boolean,
  code?: Code,
  // Calls of one function share a trace.
  trace = takeTrace(code === undefined ? work.kind : code.id),
): Operation<T> {
  const what = `${work.verb} interpreter ${target.id}`;
  checkTarget(target, what, blocking);
  return dispatch<T>(target, work, {
    what,
    a: code?.id ?? 0,
    b: code?.pointer ?? 0,
    value,
    options,
    blocking,
    trace,
    keep: code,
    code,
  });
}

/** As `send`, without the check whether the interpreter takes work. */
export function dispatch<T>(target: Target, work: WorkKind, sending: Sending): Operation<T> {
  const { rt, slot, id } = target;
  const { what, value, options, blocking, trace } = sending;
  const { signal } = options;
  const args = work.args && (value as unknown[]);
  signal?.throwIfAborted();
  const timeout = runningTime(options.timeout);
  const carrier = work.carries && target.tag === CODEC_JAVASCRIPT ? carried() : undefined;
  const message = Message.take(rt.m);
  const moves = args && new Moves(rt, options.transfer, SupervisorHandover.of);
  try {
    const operation = new Operation<T>(rt, id, what, trace);
    operation.keep = sending.keep;
    operation.code = sending.code;
    try {
      const kind = carrier === undefined ? work.kind : work.kind | WORK_CARRIES;
      message.header(operation.sequence, kind, sending.a, sending.b, 0, timeout);
      if (carrier !== undefined) message.list([...(args ?? [value]), carrier], work.root, moves);
      else if (args !== undefined) message.list(args, work.root, moves);
      else message.value(value, work.root);
      if (work.read) checkReadable(message.codec, languageOf(target.tag), work.root);
      moves?.check();
      // Encoding ran getters of user code, one of which may have aborted it.
      signal?.throwIfAborted();
      if (blocking) {
        const { waitTimeout = Infinity, resultTimeout = Infinity } = options;
        const takeBack = work.callback ? undefined : () => withdraw(target, operation);
        operation.announce(
          slot,
          takeBack,
          !work.callback && Math.min(waitTimeout, resultTimeout) === Infinity,
        );
      }
      const box = work.callback ? S_REPLIES : S_WORK;
      const status = message.intoMailbox(slot, box, id, rt.id, WITH_SENDER);
      operation.place = rt.m.lastPut;
      operation.sent(status);
      startIfLazy(rt, slot, id);
    } catch (error) {
      rt.forget(operation.sequence);
      if (error instanceof NotShareableError) useTrace(error, trace);
      throw error;
    }
    // After the record was put, so that a refusal leaves the buffers as they were.
    moves?.handover?.handOver();
    operation.channel = moves?.handover?.takeChannel();
    moves?.sent();
    operation.timeout = timeout;
    operation.ref = options.ref !== false;
    if (signal !== undefined || options.waitTimeout !== undefined || options.resultTimeout !== undefined)
      limit(target, operation, options, blocking);
    return operation;
  } finally {
    moves?.done();
    message.discard();
  }
}

/** Takes an operation back. Returns false if it has begun. */
export function withdraw(
  { rt, slot, id }: Pick<Target, "rt" | "slot" | "id">,
  operation: Operation<unknown>,
): boolean {
  if (!cancelWork(rt.m, slot, id, rt.id, operation.sequence, operation.place)) return false;
  rt.forget(operation.sequence);
  collectCarried(rt, (slotPointer(slot) + S_WORK) as Pointer);
  return true;
}

/** Stops the interpreter if it executes the operation. */
export function stop({ rt, id }: Target, operation: Operation<unknown>): void {
  request(rt, REQUEST_ABORT, id, reasonNumber("aborted"), operation.sequence);
}

/** Has the operation withdrawn, or stopped, by its signal and by its limit for waiting in line. */
function limit(
  target: Target,
  operation: Operation<unknown>,
  { signal, waitTimeout = Infinity, resultTimeout = Infinity }: CallOptions,
  blocking: boolean,
): void {
  operation.withdraw = () => withdraw(target, operation);
  operation.waitTimeout = waitTimeout;
  operation.resultTimeout = resultTimeout;
  operation.signal = signal;
  // A thread that blocks runs no timers; `block` has the limits.
  const timers = blocking
    ? []
    : [
        startTimer(waitTimeout, () => operation.waitedTooLong()),
        startTimer(resultTimeout, () => operation.leave()),
      ];
  if (!operation.ref) for (const timer of timers) timer?.unref();
  const stopListening =
    signal &&
    onAbort(signal, () => {
      if (operation.settled) return;
      if (operation.withdraw?.() === true) operation.reject(signal.reason);
      else stop(target, operation);
    });
  operation.whenSettled(() => {
    timers.forEach(stopTimer);
    stopListening?.();
  });
}
