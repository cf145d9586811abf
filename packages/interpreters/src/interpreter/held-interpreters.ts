/**
 * The interpreters that a guest of this thread holds by their ids alone, without an object of the class `Interpreter` (core.ts). The
 * thread's one bit among the holders stands for both, as for queues (queue/held-queues.ts).
 */
import { idOf, isAlive, slotOf } from "../kernel/registry.js";
import { clearBit, isEmptySet, setBit } from "../memory/bitset.js";
import type { InterpreterId, Slot } from "../memory/brands.js";
import { S_HOLDERS, slotPointer } from "../memory/layout.js";
import { runtime } from "../thread/current.js";
import { request } from "../thread/supervisor-client.js";
import { REQUEST_COLLECT } from "../wire/protocol.js";
import { whenceOf } from "./target.js";

interface HeldInterpreter {
  readonly slot: Slot;
  count: number;
}

const held = new Map<number, HeldInterpreter>();

/** Whether the guest holds the interpreter. */
export function isHeld(id: number): boolean {
  return held.has(id);
}

/** Holds interpreter `id` once more. Returns false if none has that id. */
export function holdInterpreter(id: number): boolean {
  const { m } = runtime();
  const slot = slotOf(m, id as InterpreterId);
  if (slot === -1) return false;
  const known = held.get(id);
  if (known !== undefined) {
    known.count++;
    return true;
  }
  setBit(m, slotPointer(slot) + S_HOLDERS, m.slot);
  held.set(id, { slot, count: 1 });
  return true;
}

/** Forgets an interpreter that is gone. */
export function forgetInterpreter(id: number): void {
  held.delete(id);
}

/**
 * Gives back one handle. `hasObject`: this thread also has an object for it. Returns whether it was the last handle in the process, so that the
 * supervisor will end the interpreter.
 */
export function releaseInterpreter(id: number, hasObject: boolean): boolean {
  const handle = held.get(id);
  if (handle === undefined || --handle.count > 0) return false;
  held.delete(id);
  return !hasObject && giveBack(id as InterpreterId, handle.slot);
}

/** This thread no longer holds the interpreter. Has it ended if no thread does. */
export function giveBack(id: InterpreterId, slot: Slot): boolean {
  const rt = runtime();
  const { m } = rt;
  if (idOf(m, slot) !== id || !isAlive(m, slot)) return false;
  const holders = slotPointer(slot) + S_HOLDERS;
  clearBit(m, holders, m.slot);
  const last = isEmptySet(m, holders) && whenceOf(rt, slot) === "interpreters module";
  if (last) request(rt, REQUEST_COLLECT);
  return last;
}

const MAIN = 0 as InterpreterId;

/** Holds an interpreter that this thread has just made. Main holds it, too, so that it outlives this thread. */
export function holdCreated(id: number, slot: Slot): void {
  const { m } = runtime();
  const main = slotOf(m, MAIN);
  if (main !== -1) setBit(m, slotPointer(slot) + S_HOLDERS, main);
  held.set(id, { slot, count: 1 });
}

/** The interpreter ends with the last handle: the next one that the guest takes is the one that it got by making it. */
export function adoptCreated(id: number): void {
  const handle = held.get(id);
  if (handle === undefined) return;
  handle.count = 0;
  const { m } = runtime();
  const main = slotOf(m, MAIN);
  if (main !== -1 && main !== m.slot) clearBit(m, slotPointer(handle.slot) + S_HOLDERS, main);
}
