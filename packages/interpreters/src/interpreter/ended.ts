/**
 * Notice of an interpreter's end, for those that have no operation there which would fail.
 *
 * A notice comes to every thread that attends, and to every holder. The thread polls for it without keeping its event loop alive
 * (`Runtime.listen`). One listener serves all promises, which know their interpreters by id: they keep no handle, so an interpreter whose last handle is
 * collected is closed all the same.
 */
import type { DeathReason } from "../base/errors.js";
import { isBeingReaped } from "../kernel/registry.js";
import type { InterpreterId } from "../memory/brands.js";
import { setImmediate, setTimeout } from "../platform/timers.js";
import type { Death } from "../thread/death.js";
import type { Runtime } from "../thread/runtime.js";
import { deathOf, goneError } from "./gone.js";
import { isGone, type Target } from "./target.js";

/** How an interpreter ended. */
export interface InterpreterEnd {
  /** `"closed"` by `close()`, `using`, or because its last handle was collected; see `DeathReason` for the others. */
  readonly reason: DeathReason | "closed";
  /** The exit code of its thread. Undefined if the thread was stopped from outside, or never ran, and so has none of its own. */
  readonly exitCode: number | undefined;
  /** A copy of the error that ended it: an exception that no handler caught, or why it could not boot. Else undefined. */
  readonly error: unknown;
}

interface Waiter {
  readonly promise: Promise<InterpreterEnd>;
  readonly resolve: (end: InterpreterEnd) => void;
}

/** Milliseconds after which it looks again whether the reaping of an interpreter is over. */
const REAP_CHECK = 1;

const waiting = new Map<InterpreterId, Waiter>();
let stopListening: (() => void) | undefined;

function listen(rt: Runtime): void {
  if (stopListening !== undefined) return;
  const stop = rt.onDeath(settle);
  rt.listen();
  stopListening = () => {
    stopListening = undefined;
    stop();
    rt.stopListening();
  };
}

function forget(id: InterpreterId): Waiter | undefined {
  const waiter = waiting.get(id);
  waiting.delete(id);
  if (waiting.size === 0) stopListening?.();
  return waiter;
}

function settle({ id, reason, exitCode, error }: Death): void {
  if (waiting.has(id)) forget(id)?.resolve({ reason, exitCode, error });
}

/**
 * Resolves when the interpreter has ended; never rejects.
 *
 * @throws InterpreterNotFoundError it ended so long ago that nothing is known of it
 */
export function endOf(target: Target): Promise<InterpreterEnd> {
  const { rt, id } = target;
  const known = waiting.get(id);
  if (known !== undefined) return known.promise;
  let resolve!: (end: InterpreterEnd) => void;
  const promise = new Promise<InterpreterEnd>((settled) => (resolve = settled));
  waiting.set(id, { promise, resolve });
  // Before this looks whether it is gone: either the supervisor sends this thread a notice, or the end is on record.
  listen(rt);
  if (isGone(target)) settleGone(rt, id);
  return promise;
}

function settleGone(rt: Runtime, id: InterpreterId): void {
  const recorded = deathOf(rt, id);
  if (recorded === undefined) {
    forget(id);
    throw goneError(rt, `tell how interpreter ${id} ended`, id);
  }
  // The notice, which has the error, may lie in the mailbox or be about to come. None comes to a thread that got its handle too late.
  const look = (): void => {
    rt.poll();
    const noticed = rt.deathOf(id);
    if (noticed === undefined && isBeingReaped(rt.m, id)) setTimeout(look, REAP_CHECK).unref();
    else settle(noticed ?? recorded);
  };
  setImmediate(look);
}
