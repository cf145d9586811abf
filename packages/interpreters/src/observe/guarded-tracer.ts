/**
 * A tracer that cannot fail: an exception in it (no memory, no stack left) would leave the operation that it looks at without an outcome. After one,
 * its thread traces no more.
 */
import type { Received } from "../kernel/receive.js";
import type { Death } from "../thread/death.js";
import type { Traced, Tracer } from "../thread/tracer.js";
import { reportProblem } from "./problem.js";

export class GuardedTracer implements Tracer {
  readonly #tracer: Tracer;
  readonly #stop: () => void;

  /** `stop` has the thread call this tracer no more. */
  constructor(tracer: Tracer, stop: () => void) {
    this.#tracer = tracer;
    this.#stop = stop;
  }

  began(sequence: number): void {
    try {
      this.#tracer.began(sequence);
    } catch (error) {
      this.#failed(error);
    }
  }

  replied(
    sequence: number,
    operation: Traced,
    status: number,
    received: Received,
  ): ((operation: Traced) => void) | undefined {
    try {
      return this.#tracer.replied(sequence, operation, status, received);
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  died(sequence: number, operation: Traced, death: Death): void {
    try {
      this.#tracer.died(sequence, operation, death);
    } catch (error) {
      this.#failed(error);
    }
  }

  forgotten(sequence: number): void {
    try {
      this.#tracer.forgotten(sequence);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#stop();
    reportProblem(`tracing this thread failed, and ends for it: ${String(error)}`);
  }
}
