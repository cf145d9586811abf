/**
 * Learns of deaths while a pool is idle.
 *
 * A thread observes its doorbell only while something is pending (thread/runtime.ts), so it would learn of an idle worker's
 * death no sooner than when the next task is submitted. A pool with `minWorkers` must replace that worker before. So while it has no task
 * it observes the doorbell too: parked, without a timer, and without keeping the process alive.
 */
import { inThreadContext } from "../platform/async-context.js";
import { setImmediate } from "../platform/timers.js";
import { observe, parkAsync } from "../memory/doorbell.js";
import type { Runtime } from "../thread/runtime.js";

export class IdleWatch {
  readonly #rt: Runtime;
  /** Undefined once the pool is garbage. */
  readonly #isIdle: () => boolean | undefined;
  #watching = false;

  /** @param isIdle must not keep the pool reachable: a park may last for ever */
  constructor(rt: Runtime, isIdle: () => boolean | undefined) {
    this.#rt = rt;
    this.#isIdle = isIdle;
  }

  /** The pool may be idle now. Watches from the next turn of the event loop on: until then, most pools have the next task. */
  start(): void {
    if (this.#watching) return;
    this.#watching = true;
    inThreadContext(() => setImmediate(this.#watch));
  }

  readonly #watch = (): void => {
    this.#watching = this.#isIdle() === true;
    if (!this.#watching) return;
    const seen = observe(this.#rt.m);
    try {
      this.#rt.poll();
    } finally {
      const rung = parkAsync(this.#rt.m, seen);
      if (rung === undefined) setImmediate(this.#watch);
      else void rung.then(this.#watch);
    }
  };
}
