/** Common to the contenders for queues and synchronization objects: their place in line, and how they try. */
import { OK } from "../memory/layout.js";
import type { Waiter, WaitQueue } from "../queue/wait-queue.js";

/** A contender that stands in the line of a queue, a lock, a semaphore or an event, with the thread's other waiters there. */
export abstract class LineContender {
  readonly #line: WaitQueue;
  #enlisted = false;
  /** The status of the last try. */
  protected status = OK as number;

  constructor(line: WaitQueue) {
    this.#line = line;
  }

  /** Tries once, and returns a status. With `wait`, this interpreter is rung when it is worth trying again. */
  protected abstract try(wait: boolean): number;

  poll(blocks: boolean): boolean {
    return this.#line.first(blocks) === undefined && this.#tryIt(false);
  }

  attempt(): boolean {
    return this.#tryIt(true);
  }

  join(waiter: Waiter): void {
    this.#line.join(waiter);
  }

  serve(): void {
    this.#line.poll();
  }

  leave(waiter: Waiter): void {
    this.#line.leave(waiter);
  }

  look(): boolean {
    return this.#line.look() && this.poll(true);
  }

  beginBlocking(): void {
    this.#line.beginBlocking();
  }

  pollBlocked(): boolean {
    if (!this.#line.mayTry(this.#enlisted)) return false;
    this.#enlisted = true;
    return this.#tryIt(true);
  }

  endBlocking(): void {
    this.#line.endBlocking(this.#enlisted);
  }

  #tryIt(wait: boolean): boolean {
    this.status = this.try(wait);
    return !this.#line.failed(this.status);
  }
}
