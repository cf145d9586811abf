/**
 * What this thread blocks for. Blocking operations nest: while one blocks, the thread runs the callbacks that others call, and a
 * callback may block in turn. S_WAITING_ON names the innermost; here are all of them.
 */
import {
  beginWaitingForCallback,
  beginWaitingOn,
  endWaitingOn,
  leadsTo,
  waitingOn,
} from "../kernel/registry.js";
import type { Slot } from "../memory/brands.js";
import type { Runtime, Wait } from "./runtime.js";

/** This thread is about to block until the interpreter in `slot` replies. Returns undefined if that would never end. */
export function beginWait(rt: Runtime, slot: Slot): Wait | undefined {
  const wait: Wait = { slot, before: waitingOn(rt.m) };
  if (!beginWaitingOn(rt.m, slot)) return undefined;
  rt.waits.push(wait);
  return wait;
}

/** This thread is about to block until the interpreter in `slot`, whatever it does, has run a callback. */
export function beginWaitForCallback(rt: Runtime, slot: Slot): Wait {
  const wait: Wait = { slot, before: waitingOn(rt.m) };
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
  return rt.waits.some((wait) => leadsTo(rt.m, wait.slot, slot));
}
