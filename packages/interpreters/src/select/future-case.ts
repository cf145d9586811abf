/** The case of a future: it is ready when the future is done. */
import type { Future } from "../futures/future.js";
import type { Waiter } from "../queue/wait-queue.js";
import type { Contender } from "./contender.js";

/** Futures stay done, so this one has no line: each waiter is notified. */
export class FutureContender<T> implements Contender<T> {
  readonly future: Future<T>;
  #listener: (() => void) | undefined;

  constructor(future: Future<T>) {
    this.future = future;
  }

  poll(): boolean {
    return this.future.done();
  }

  attempt(): boolean {
    return this.future.done();
  }

  join(waiter: Waiter): void {
    this.#listener = () => void waiter.attempt();
    this.future.addDoneListener(this.#listener);
  }

  serve(waiter: Waiter): void {
    waiter.attempt();
  }

  leave(): void {
    if (this.#listener !== undefined) this.future.removeDoneListener(this.#listener);
  }

  look(): boolean {
    return this.future.done();
  }

  beginBlocking(): void {
    if (!this.future.done()) this.future.checkBlocking();
  }

  pollBlocked(): boolean {
    return this.future.done();
  }

  endBlocking(): void {}

  outcome(): T {
    // It is handed over: its failure is no unhandled rejection any more.
    this.future.abandon();
    const settled = this.future.settled();
    if (settled.status === "rejected") throw settled.reason;
    return settled.value;
  }

  end(): void {}
}
