import type { QueueChildMessage, TaskQueue } from "./types";

interface Entry {
  readonly task: QueueChildMessage;
  /** Counts the tasks of all queues. */
  readonly order: number;
}

/** A queue whose head moves, so that taking is not linear. */
class Entries {
  #entries: (Entry | undefined)[] = [];
  #head = 0;

  add(entry: Entry): void {
    this.#entries.push(entry);
  }

  peek(): Entry | undefined {
    return this.#entries[this.#head];
  }

  take(): QueueChildMessage | null {
    const entry = this.#entries[this.#head];
    if (entry === undefined) return null;
    // Requests that were taken must not be kept.
    this.#entries[this.#head++] = undefined;
    if (this.#head > 64 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return entry.task;
  }
}

/** First in, first out, over the tasks of any worker and those that a certain worker must run. */
export default class FifoQueue implements TaskQueue {
  readonly #shared = new Entries();
  readonly #own = new Map<number, Entries>();
  #order = 0;

  enqueue(task: QueueChildMessage, workerId?: number): void {
    let queue = this.#shared;
    if (workerId !== undefined) {
      queue = this.#own.get(workerId) ?? new Entries();
      this.#own.set(workerId, queue);
    }
    queue.add({ task, order: this.#order++ });
  }

  dequeue(workerId: number): QueueChildMessage | null {
    const shared = this.#shared.peek();
    const own = this.#own.get(workerId);
    const first = own?.peek();
    if (first !== undefined && (shared === undefined || first.order < shared.order)) return own!.take();
    return this.#shared.take();
  }
}
