/** Sending work to an interpreter's mailbox, and withdrawing or stopping it when its signal aborts. */
import { onAbort } from "../base/abort.js";
import { NotShareableError } from "../base/errors.js";
import { startTimer, stopTimer } from "../base/timer.js";
import { languageOf } from "../guests/language.js";
import { cancelWork } from "../kernel/mailbox.js";
import type { Pointer } from "../memory/brands.js";
import { S_WORK, slotPointer } from "../memory/layout.js";
import { collectCarried, request, startIfLazy } from "../thread/supervisor-client.js";
import { takeTrace, useTrace } from "../thread/trace.js";
import { SupervisorHandover } from "../transfer/handover.js";
import { forgetMoves, movesOfCall } from "../transfer/move.js";
import { checkTransfer, detach } from "../transfer/transfer-list.js";
import type { Code } from "../wire/code.js";
import { checkReadable, Message, runningTime, WITH_SENDER } from "../wire/message.js";
import {
  reasonNumber,
  REQUEST_ABORT,
  WORK_CALL,
  WORK_EXEC,
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
}

export const CALL: WorkKind = { kind: WORK_CALL, verb: "call a function in", root: "args" };
export const EXEC: WorkKind = { kind: WORK_EXEC, verb: "execute a script in", root: "script" };
export const PREPARE: WorkKind = { kind: WORK_PREPARE, verb: "prepare", root: "namespace" };
export const SERVE: WorkKind = { kind: WORK_SERVE, verb: "set up", root: "setup" };

/**
 * Sends work. `value` is its body, for CALL the array of arguments; `code` is the function to call. If this throws, nothing has happened:
 * no buffer was moved, and no record was put.
 */
export function send<T>(
  target: Target,
  { kind, verb, root }: WorkKind,
  options: CallOptions,
  value: unknown,
  blocking: boolean,
  code?: Code,
): Operation<T> {
  const { rt, slot, id } = target;
  const what = `${verb} interpreter ${id}`;
  checkTarget(target, what, blocking);
  const { signal } = options;
  const args = kind === WORK_CALL ? (value as unknown[]) : undefined;
  const transfer = args && movesOfCall(args, options.transfer);
  signal?.throwIfAborted();
  const timeout = runningTime(options.timeout);
  // Calls of one function share a trace.
  const trace = takeTrace(code === undefined ? kind : code.id);
  const message = Message.take(rt.m);
  const handover = SupervisorHandover.of(rt, transfer);
  try {
    const operation = new Operation<T>(rt, id, what, trace);
    operation.keep = code;
    try {
      message.header(operation.sequence, kind, code?.id, code?.pointer, 0, timeout);
      if (args !== undefined) message.list(args, root, handover);
      else message.value(value, root);
      if (kind === WORK_CALL || kind === WORK_PREPARE)
        checkReadable(message.codec, languageOf(target.tag), root);
      if (transfer !== undefined) checkTransfer(transfer);
      // Encoding ran getters of user code, one of which may have aborted it.
      signal?.throwIfAborted();
      if (blocking) operation.announce(slot);
      const status = message.intoMailbox(slot, S_WORK, id, rt.id, WITH_SENDER);
      operation.place = rt.m.lastPut;
      operation.sent(status);
      startIfLazy(rt, slot, id);
    } catch (error) {
      rt.forget(operation.sequence);
      if (error instanceof NotShareableError) useTrace(error, trace);
      throw error;
    }
    // After the record was put, so that a refusal leaves the buffers as they were.
    handover?.handOver();
    operation.channel = handover?.takeChannel();
    if (transfer !== undefined) detach(transfer, handover);
    if (args !== undefined) forgetMoves(args);
    operation.timeout = timeout;
    if (signal !== undefined || options.waitTimeout !== undefined)
      limit(target, operation, options, blocking);
    return operation;
  } finally {
    handover?.done();
    message.discard();
  }
}

/** Has the operation withdrawn, or stopped, by its signal and by its limit for waiting in line. */
function limit(
  { rt, slot, id }: Target,
  operation: Operation<unknown>,
  { signal, waitTimeout = Infinity }: CallOptions,
  blocking: boolean,
): void {
  operation.withdraw = () => {
    if (!cancelWork(rt.m, slot, id, rt.id, operation.sequence, operation.place)) return false;
    rt.forget(operation.sequence);
    collectCarried(rt, (slotPointer(slot) + S_WORK) as Pointer);
    return true;
  };
  operation.waitTimeout = waitTimeout;
  operation.signal = signal;
  // A thread that blocks runs no timers; `block` has the limit.
  const timer = blocking ? undefined : startTimer(waitTimeout, () => operation.waitedTooLong());
  const stopListening =
    signal &&
    onAbort(signal, () => {
      if (operation.settled) return;
      if (operation.withdraw?.() === true) operation.reject(signal.reason);
      else request(rt, REQUEST_ABORT, id, reasonNumber("aborted"), operation.sequence);
    });
  operation.whenSettled(() => {
    stopTimer(timer);
    stopListening?.();
  });
}
