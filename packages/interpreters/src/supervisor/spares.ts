/**
 * Threads that are started before they are needed (`prewarm`): booted, and waiting for the slot that they are to serve.
 */
import type { Worker } from "node:worker_threads";
import type { BootOptions } from "../interpreter/options.js";

/** After one was taken, so that the next one's boot does not compete with the first calls of this one; milliseconds. */
const REFILL_DELAY = 20;

export class Spares {
  readonly #start: (options: BootOptions) => Worker;
  /** And how each is struck off where it ends. */
  readonly #idle = new Map<Worker, () => void>();
  #wanted = 0;
  #options: BootOptions | undefined;
  /** What `#options` are compared by. */
  #key = "";
  #refill: NodeJS.Timeout | undefined;

  /** `start` starts a thread that waits for a message with its slot. */
  constructor(start: (options: BootOptions) => Worker) {
    this.#start = start;
  }

  /** From now on there are to be `count`, started with `options`; others are let go. */
  keep(count: number, options: BootOptions): void {
    const key = keyOf(options);
    if (key !== this.#key) this.#drop(0);
    this.#wanted = count;
    this.#options = options;
    this.#key = key;
    this.#drop(count);
    this.#fill();
  }

  /** One that was started with the very same options, the longest waiting first; undefined: there is none. */
  take(options: BootOptions): Worker | undefined {
    if (this.#wanted === 0 || keyOf(options) !== this.#key) return undefined;
    // Also where it found none: those that died unneeded are replaced when there is a need.
    clearTimeout(this.#refill);
    this.#refill = setTimeout(() => this.#fill(), REFILL_DELAY);
    const [found] = this.#idle;
    if (found === undefined) return undefined;
    const [worker, forget] = found;
    this.#idle.delete(worker);
    worker.off("error", forget).off("exit", forget);
    return worker;
  }

  #fill(): void {
    const options = this.#options;
    while (options !== undefined && this.#idle.size < this.#wanted) {
      let worker: Worker;
      try {
        worker = this.#start(options);
      } catch {
        // Whoever needs an interpreter is told why there can be none.
        return;
      }
      const forget = (): void => void this.#idle.delete(worker);
      this.#idle.set(worker, forget);
      worker.postMessage(undefined);
      worker.on("error", forget).on("exit", forget);
    }
  }

  #drop(count: number): void {
    for (const worker of this.#idle.keys()) {
      if (this.#idle.size <= count) return;
      this.#idle.delete(worker);
      void worker.terminate();
    }
  }
}

function keyOf(options: BootOptions): string {
  // A worker's variables come in any order.
  const env = Object.entries(options.env).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({ ...options, env });
}
