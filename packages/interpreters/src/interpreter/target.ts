/** The interpreter that an operation addresses, and the checks whether it takes work. */
import { InterpreterError } from "../base/errors.js";
import { idOf, isAlive } from "../kernel/registry.js";
import { get, load } from "../memory/atomics.js";
import type { InterpreterId, Slot } from "../memory/brands.js";
import { S_LANGUAGE, S_WHENCE, slotPointer, STATUS_NOT_FOUND } from "../memory/layout.js";
import type { Runtime } from "../thread/runtime.js";
import { replyOf } from "../kernel/deadlock.js";
import { deadlockError } from "../thread/deadlock.js";
import { goneError, goneOrRefused } from "./gone.js";

/**
 * Where an interpreter comes from (CPython: `_interpreters.whence`): `"runtime init"` is the main one, `"interpreters module"` one that
 * `create` made, `"worker_threads"` a thread that another module started and that uses this package. `"unknown"` does not occur.
 */
export type Whence = "runtime init" | "interpreters module" | "worker_threads" | "unknown";
const WHENCE: readonly Whence[] = ["unknown", "runtime init", "interpreters module", "worker_threads"];

/** A slot is used again, an id never: an operation addresses a slot and names the id that it means. */
export interface Target {
  readonly rt: Runtime;
  readonly slot: Slot;
  readonly id: InterpreterId;
  readonly whence: Whence;
  /** The codec tag of its language. */
  readonly tag: number;
}

/** The codec tag of the interpreter that lives in `slot`. */
export function tagOf({ m }: Runtime, slot: Slot): number {
  return get(m, slotPointer(slot) + S_LANGUAGE);
}

/** The whence of the interpreter that lives in `slot`. */
export function whenceOf({ m }: Runtime, slot: Slot): Whence {
  return WHENCE[load(m, slotPointer(slot) + S_WHENCE)] ?? "unknown";
}

/** The handle of one object for an interpreter. */
export interface InterpreterHandle {
  readonly id: InterpreterId;
  readonly slot: Slot;
}

export function isGone({ rt, slot, id }: Target): boolean {
  return idOf(rt.m, slot) !== id || !isAlive(rt.m, slot);
}

/** `what` is the operation's verb. @throws InterpreterNotFoundError the interpreter is gone */
export function checkAlive(target: Target, what: string): void {
  if (isGone(target)) throw goneError(target.rt, `${what} interpreter ${target.id}`, target.id);
}

/**
 * Throws unless the interpreter takes work from this one: it must be alive, must not be the current one, and `create()` must have made
 * it. `what` is a verb phrase for the operation, with the interpreter.
 */
export function checkTarget(target: Target, what: string, blocking: boolean): void {
  const { rt, id, slot, whence } = target;
  if (isGone(target)) throw goneOrRefused(rt, STATUS_NOT_FOUND, id, what);
  const created = whence === "interpreters module";
  if (id === rt.id) {
    if (blocking && created) throw deadlockError(rt, what, { waits: [slot, replyOf(slot)], all: false });
    throw new InterpreterError(`Cannot ${what}: it is the current interpreter`, {
      code: "ERR_INTERPRETER_CURRENT",
    });
  }
  if (!created) {
    throw new InterpreterError(`Cannot ${what}: interpreters.create() did not make it (whence: ${whence})`, {
      code: "ERR_INTERPRETER_FOREIGN",
    });
  }
}
