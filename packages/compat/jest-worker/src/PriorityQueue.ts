import type { QueueChildMessage, TaskQueue } from "./types";

export type ComputeTaskPriorityCallback = (method: string, ...args: unknown[]) => number;

interface Entry {
  readonly task: QueueChildMessage;
  readonly priority: number;
}

/** A binary heap: the entry with the lowest number comes first. */
class Heap {
  readonly #entries: Entry[] = [];

  peek(): Entry | undefined {
    return this.#entries[0];
  }

  add(entry: Entry): void {
    const entries = this.#entries;
    let at = entries.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (entries[parent].priority <= entry.priority) break;
      entries[at] = entries[parent];
      at = parent;
    }
    entries[at] = entry;
  }

  take(): Entry | undefined {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= entries.length) break;
      if (child + 1 < entries.length && entries[child + 1].priority < entries[child].priority) child++;
      if (entries[child].priority >= last.priority) break;
      entries[at] = entries[child];
      at = child;
    }
    entries[at] = last;
    return first;
  }
}

/** Tasks with a lower number come first. Among equals, those that only this worker can run do. */
export default class PriorityQueue implements TaskQueue {
  readonly #shared = new Heap();
  readonly #own = new Map<number, Heap>();
  readonly #priorityOf: ComputeTaskPriorityCallback;

  /** @param computePriority gets the method's name and the arguments of a call */
  constructor(computePriority: ComputeTaskPriorityCallback) {
    this.#priorityOf = computePriority;
  }

  enqueue(task: QueueChildMessage, workerId?: number): void {
    let heap = this.#shared;
    if (workerId !== undefined) {
      heap = this.#own.get(workerId) ?? new Heap();
      this.#own.set(workerId, heap);
    }
    const [, , method, args] = task.request;
    heap.add({ task, priority: this.#priorityOf(method, ...args) });
  }

  dequeue(workerId: number): QueueChildMessage | null {
    const shared = this.#shared.peek();
    const own = this.#own.get(workerId);
    const first = own?.peek();
    const heap =
      first !== undefined && (shared === undefined || first.priority <= shared.priority)
        ? own!
        : this.#shared;
    return heap.take()?.task ?? null;
  }
}
