/** The two queues that the package brings along, and the interface of a custom one. */
import { ArrayQueue } from "../../shared/task-queue.cjs";
import type { kQueueOptions } from "./symbols";

/** A queue's view of a task. */
export interface Task {
  readonly [kQueueOptions]: object | null;
}

/** A task that waits. */
export interface PiscinaTask extends Task {
  taskId: number;
  filename: string;
  name: string;
  /** When `run` was called, by `performance.now()`. */
  created: number;
  isAbortable: boolean;
}

/** A queue of waiting tasks: the option `taskQueue`. */
export interface TaskQueue {
  readonly size: number;
  /** Takes the next task out. */
  shift(): Task | null;
  remove(task: Task): void;
  push(task: Task): void;
  /** Puts a task back that no worker could take yet. Without it, `push` does. */
  unshift?(task: Task): void;
}

/** A queue on one array: small, and slow when it is long. */
export class ArrayTaskQueue extends ArrayQueue<Task> implements TaskQueue {}

/** The default: a ring that grows, in which putting and taking do not depend on the length. */
export class FixedQueue implements TaskQueue {
  #ring: (Task | undefined)[] = Array.from({ length: 64 });
  #first = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }
  isEmpty(): boolean {
    return this.#size === 0;
  }
  /** The task that `shift` would take. */
  peek(): Task | null {
    return this.#ring[this.#first] ?? null;
  }
  push(task: Task): void {
    if (this.#size === this.#ring.length) this.#grow();
    this.#ring[this.#at(this.#size++)] = task;
  }
  unshift(task: Task): void {
    if (this.#size === this.#ring.length) this.#grow();
    this.#first = this.#at(-1);
    this.#ring[this.#first] = task;
    this.#size++;
  }
  shift(): Task | null {
    const task = this.#ring[this.#first];
    if (task === undefined) return null;
    this.#ring[this.#first] = undefined;
    this.#first = this.#at(1);
    this.#size--;
    return task;
  }
  remove(task: Task): void {
    let index = 0;
    while (index < this.#size && this.#ring[this.#at(index)] !== task) index++;
    if (index === this.#size) return;
    for (; index < this.#size - 1; index++) {
      this.#ring[this.#at(index)] = this.#ring[this.#at(index + 1)];
    }
    this.#ring[this.#at(--this.#size)] = undefined;
  }

  /** Where the task of this position is. The length is a power of two. */
  #at(index: number): number {
    return (this.#first + index) & (this.#ring.length - 1);
  }
  #grow(): void {
    const tasks = Array.from({ length: this.#size }, (_, i) => this.#ring[this.#at(i)]);
    this.#ring = [...tasks, ...Array.from<undefined>({ length: this.#size })];
    this.#first = 0;
  }
}
