/** The error for blocking where no wait would ever end, which names the circle of those that would wait for each other. */
import { InterpreterError } from "../base/errors.js";
import type { Pointer, Slot } from "../memory/brands.js";
import { SYNC_BOUNDED } from "../memory/layout.js";
import { idOf, nameOf } from "../kernel/registry.js";
import { syncIdOf, syncKindOf } from "../kernel/sync-objects.js";
import type { Runtime } from "./runtime.js";

/** The number by which a synchronization object is known to users, from its id as a hidden queue. */
export function syncNumber(id: number): number {
  return -2 - id;
}

/**
 * The error for an operation (`what`: a verb phrase, "acquire lock 3") that would close a circle: pairs of a slot and what it waits for, this
 * interpreter first (kernel/deadlock.ts).
 */
export function deadlockError(rt: Runtime, what: string, circle: readonly number[]): InterpreterError {
  const steps: string[] = [];
  for (let i = 0; i < circle.length; i += 2) {
    const next = circle[(i + 2) % circle.length] as Slot;
    steps.push(i === 0 ? wouldWait(rt, circle[1], next) : waits(rt, circle[i] as Slot, circle[i + 1], next));
  }
  return new InterpreterError(
    `Cannot ${what}: this would never end. ${steps.join("; ")}. Use the form that returns a promise.`,
    { code: "ERR_INTERPRETER_DEADLOCK" },
  );
}

function wouldWait(rt: Runtime, on: number, next: Slot): string {
  return `${title(rt, rt.m.slot, "Interpreter")} would wait for ${held(rt, on, next)}`;
}

function waits(rt: Runtime, slot: Slot, on: number, next: Slot): string {
  return `${title(rt, slot, "interpreter")} waits for ${held(rt, on, next)}`;
}

/** The object of a wait, and the interpreter that it depends on. */
function held(rt: Runtime, on: number, next: Slot): string {
  if (on > 0) return `a reply of ${title(rt, next, "interpreter")}`;
  const q = (0 - on) as Pointer;
  const what = syncKindOf(rt.m, q) === SYNC_BOUNDED ? "semaphore" : "lock";
  return `${what} ${syncNumber(syncIdOf(rt.m, q))}, which ${title(rt, next, "interpreter")} holds`;
}

function title(rt: Runtime, slot: Slot, word: string): string {
  const name = nameOf(rt.m, slot);
  return `${word} ${idOf(rt.m, slot)}${name === undefined ? "" : ` (${name})`}`;
}
