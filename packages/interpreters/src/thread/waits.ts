/**
 * The operations that block this thread. Blocking operations nest: while one blocks, the thread runs the callbacks that others call, and a
 * callback may block in turn. S_WAITING_ON names the innermost; here are all of them.
 */
import {
  beginWaitingForCallback,
  beginWaitingOn,
  endWaitingOn,
  leadsTo,
  replyOf,
  waitingOn,
} from "../kernel/deadlock.js";
import type { Slot } from "../memory/brands.js";
import { deadlockError } from "./deadlock.js";
import type { Runtime, Wait } from "./runtime.js";

/**
 * This thread is about to block until what S_WAITING_ON will say (`on`). `what`: a verb phrase.
 *
 * @throws InterpreterError (`ERR_INTERPRETER_DEADLOCK`) that would never end
 */
export function beginWait(rt: Runtime, what: string, on: number): Wait {
  const wait = tryWait(rt, on);
  if ("on" in wait) return wait;
  throw deadlockError(rt, what, wait);
}

/** As `beginWait`, but returns the circle that the wait would close (kernel/deadlock.ts) instead of throwing. */
export function tryWait(rt: Runtime, on: number): Wait | readonly number[] {
  const wait: Wait = { on, before: waitingOn(rt.m) };
  const circle = beginWaitingOn(rt.m, on);
  if (circle !== undefined) return circle;
  rt.waits.push(wait);
  return wait;
}

/** As `beginWait`, for a wait that has begun and may have become endless since. */
function checkWait(rt: Runtime, what: string, on: number): void {
  const circle = beginWaitingOn(rt.m, on);
  if (circle !== undefined) throw deadlockError(rt, what, circle);
}

/** This thread is about to block until the interpreter in `slot`, whatever it does, has run a callback. */
export function beginWaitForCallback(rt: Runtime, slot: Slot): Wait {
  const wait: Wait = { on: replyOf(slot), before: waitingOn(rt.m) };
  beginWaitingForCallback(rt.m, slot);
  rt.waits.push(wait);
  return wait;
}

export function endWait(rt: Runtime, wait: Wait): void {
  endWaitingOn(rt.m, wait.before);
  const at = rt.waits.lastIndexOf(wait);
  // Those within it have ended, too: an exception may have unwound them.
  if (at !== -1) rt.waits.length = at;
}

/** Whether this thread blocks, in any of its operations, until the interpreter in `slot` goes on. */
export function blocksFor(rt: Runtime, slot: Slot): boolean {
  return rt.waits.some((wait) => leadsTo(rt.m, wait.on, slot));
}

/** A wait that is announced only when this thread is about to sleep, and looked at again each time that it is. */
export class LateWait {
  readonly #rt: Runtime;
  readonly #what: string;
  readonly #on: number;
  #wait: Wait | undefined;

  /** `what`, `on`: see `beginWait`. */
  constructor(rt: Runtime, what: string, on: number) {
    this.#rt = rt;
    this.#what = what;
    this.#on = on;
  }

  /** This thread is about to try, and runs as long as it does. */
  pause(): void {
    if (this.#wait !== undefined) endWaitingOn(this.#rt.m, this.#wait.before);
  }

  /** This thread is about to sleep. @throws as `beginWait` */
  begin(): void {
    if (this.#wait === undefined) this.#wait = beginWait(this.#rt, this.#what, this.#on);
    else checkWait(this.#rt, this.#what, this.#on);
  }

  end(): void {
    if (this.#wait !== undefined) endWait(this.#rt, this.#wait);
  }
}
