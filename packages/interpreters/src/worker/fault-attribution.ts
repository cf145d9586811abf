/**
 * Whose fault it is that an interpreter ends which runs several tasks at once: an exception that nobody catches, or
 * `process.exit()`, comes from one of them, and the others are to be told that it was not theirs.
 *
 * Each task runs in an asynchronous context of its own (`AsyncLocalStorage`), which its timers and promises inherit. When
 * the end begins, S_BLAME is told the run of the task in whose context that happens; none, where that task was done
 * before, or nobody's code is running.
 */
import { AsyncLocalStorage } from "../platform/async-context.js";
import { load, type SharedMemory, store } from "../memory/atomics.js";
import { EXECUTION_NUMBER_SHIFT, EXECUTION_WORD, S_FAULT } from "../memory/layout.js";

/** A task, by what distinguishes it from others in the same run. */
interface Suspect {
  readonly execution: number;
  readonly number: number;
}

export class FaultAttribution {
  readonly #m: SharedMemory;
  readonly #contexts = new AsyncLocalStorage<Suspect>();

  constructor(m: SharedMemory) {
    this.#m = m;
    // The last that happens before either end. One that somebody handles after all is followed by another, or by none.
    process.on("uncaughtExceptionMonitor", this.#find);
    process.on("exit", this.#find);
  }

  /** Has `execute` run as the task that was taken into `run`. */
  run<T>(execution: number, execute: () => T): T {
    return this.#contexts.run({ execution, number: numberOf(this.#m, execution) }, execute);
  }

  readonly #find = (): void => {
    const suspect = this.#contexts.getStore();
    const guilty = suspect !== undefined && numberOf(this.#m, suspect.execution) === suspect.number;
    store(this.#m, this.#m.me + S_FAULT, guilty ? suspect.execution : 0);
  };
}

function numberOf(m: SharedMemory, execution: number): number {
  return load(m, execution + EXECUTION_WORD) >>> EXECUTION_NUMBER_SHIFT;
}
