/** The orders in which waiting tasks begin. */
import type { Task, TaskQueue } from "./types";

abstract class ArrayQueue<T> implements TaskQueue<T> {
  tasks: Task<T>[] = [];

  push(task: Task<T>): void {
    this.tasks.push(task);
  }

  abstract pop(): Task<T> | undefined;

  size(): number {
    return this.tasks.length;
  }

  contains(task: Task<T>): boolean {
    return this.tasks.includes(task);
  }

  clear(): void {
    this.tasks.length = 0;
  }
}

export class FIFOQueue<T = unknown> extends ArrayQueue<T> {
  pop(): Task<T> | undefined {
    return this.tasks.shift();
  }
}

export class LIFOQueue<T = unknown> extends ArrayQueue<T> {
  pop(): Task<T> | undefined {
    return this.tasks.pop();
  }
}

/**
 * The queue that the option `queueStrategy` names.
 *
 * @throws Error the name is unknown, or the object lacks a method
 */
export function queueOf(strategy: TaskQueue | string): TaskQueue {
  if (strategy === "fifo") return new FIFOQueue();
  if (strategy === "lifo") return new LIFOQueue();
  if (typeof strategy === "string") throw new Error(`Unknown queue strategy: ${strategy}`);
  for (const method of ["push", "pop", "size", "contains", "clear"] as const) {
    if (typeof strategy[method] !== "function") {
      throw new Error(`Queue strategy must implement method: ${method}`);
    }
  }
  return strategy;
}
