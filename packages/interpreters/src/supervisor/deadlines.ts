/**
 * The time limits of executions.
 *
 * Invariants: an execution has at most one timer. No timer outlives its interpreter: reaping clears those of the slot, and a
 * request for another one that arrives later does not find its sender.
 */
import type { SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import { executionOf } from "../kernel/executions.js";
import type { Children } from "./children.js";
import { executionsIn } from "./interrupted-work.js";

export class Deadlines {
  readonly #m: SharedMemory;
  readonly #children: Children;
  readonly #timers = new Map<Pointer, NodeJS.Timeout>();

  constructor(m: SharedMemory, children: Children) {
    this.#m = m;
    this.#children = children;
  }

  /** Stops the work item that the slot executes now, unless it is done within `limit` milliseconds. */
  start(slot: Slot, caller: InterpreterId, sequence: number, limit: number): void {
    const execution = executionOf(this.#m, slot, caller, sequence);
    if (execution === 0) return;
    // An execution has one work item at a time: a new limit replaces the last.
    clearTimeout(this.#timers.get(execution));
    const timer = setTimeout(() => {
      this.#timers.delete(execution);
      this.#children.stopWorkIn(slot, caller, sequence, "timeout");
    }, limit);
    this.#timers.set(execution, timer);
  }

  /** Forgets the limits of all that `slot` executes. Must be called before its pages are freed. */
  clear(slot: Slot): void {
    for (const execution of executionsIn(this.#m, slot)) {
      clearTimeout(this.#timers.get(execution));
      this.#timers.delete(execution);
    }
  }
}
