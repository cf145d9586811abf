/**
 * Finds the task that ends an interpreter which runs several tasks at once: an uncaught exception, or `process.exit()`, comes from
 * one of them, and the others must fail with another reason.
 *
 * Each task runs in an asynchronous context of its own (`AsyncLocalStorage`), which its timers and promises inherit. When the end
 * begins, S_FAULT gets the execution of the task in whose context that happens, or 0 if that task was done already or the code
 * belongs to no task.
 */
import { AsyncLocalStorage } from "../platform/async-context.js";
import { load, type SharedMemory, store } from "../memory/atomics.js";
import type { Pointer } from "../memory/brands.js";
import { EXECUTION_NUMBER_SHIFT, EXECUTION_WORD, S_FAULT } from "../memory/layout.js";

/** A task, identified by its execution and the number that distinguishes it from other tasks in the same execution. */
interface Suspect {
  readonly execution: Pointer;
  readonly number: number;
}

export class FaultAttribution {
  readonly #m: SharedMemory;
  readonly #contexts = new AsyncLocalStorage<Suspect>();

  constructor(m: SharedMemory) {
    this.#m = m;
    // The last event before either end. If a handler catches the exception after all, a later event overwrites what this one wrote.
    process.on("uncaughtExceptionMonitor", this.#find);
    process.on("exit", this.#find);
  }

  /** Runs `execute` as the task that was taken into `execution`. */
  run<T>(execution: Pointer, execute: () => T): T {
    return this.#contexts.run({ execution, number: numberOf(this.#m, execution) }, execute);
  }

  readonly #find = (): void => {
    const suspect = this.#contexts.getStore();
    const guilty = suspect !== undefined && numberOf(this.#m, suspect.execution) === suspect.number;
    store(this.#m, this.#m.me + S_FAULT, guilty ? suspect.execution : 0);
  };
}

function numberOf(m: SharedMemory, execution: Pointer): number {
  return load(m, execution + EXECUTION_WORD) >>> EXECUTION_NUMBER_SHIFT;
}
