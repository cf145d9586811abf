/**
 * Gives workers short tasks ahead, so that they need not wait for the pool between two of them: a worker that has just done one would else sleep
 * until the pool has woken up, and the pool until the worker has.
 *
 * A task that was given ahead may still go to another worker: a worker without work takes half of what the others have not begun, and what waits
 * behind a task that turns out to be long goes back to the queue.
 */
import { removeFrom } from "../../shared/task-queue.cjs";
import type { FilledOptions } from "./options";
import type { PoolTask, PoolWorker } from "./work";
import { FixedQueue } from "./task-queues";
import type { Workers } from "./workers";

/** Most tasks that a worker gets ahead. */
const DEPTH = 16;
/** Milliseconds: tasks are given ahead while they take less on average. */
const SHORT = 1;
/** Milliseconds after which a task is long, and what waits behind it is taken back. */
const STUCK = 5;

export class ReadAhead {
  readonly #workers: Workers;
  readonly #post: (worker: PoolWorker, task: PoolTask) => void;
  readonly #queue: FixedQueue;
  #lastCheck = 0;

  constructor(workers: Workers, options: FilledOptions, post: (worker: PoolWorker, task: PoolTask) => void) {
    this.#workers = workers;
    this.#post = (worker, task) => {
      this.include(worker);
      post(worker, task);
    };
    this.#queue = options.taskQueue as FixedQueue;
  }

  /** From its next task on, the worker counts the time that its tasks take, and may get some ahead. */
  include(worker: PoolWorker): void {
    worker.thread.shareClaims(this.#workers.claims.words);
  }

  /** How many tasks are posted ahead. */
  get count(): number {
    let count = 0;
    for (const worker of this.#workers) count += worker.ahead;
    return count;
  }

  /** Posts tasks ahead, or takes some back. `free` has just got room. */
  fill(now: number, free?: PoolWorker): void {
    if (now - this.#lastCheck > STUCK) {
      this.#lastCheck = now;
      this.#takeBackStuck(now);
    }
    if (free !== undefined && free.tasks.length === 0 && this.#queue.size === 0) this.#share(free);
    if (this.#queue.size === 0 || this.#workers.claims.time > SHORT) return;
    const worker = free ?? this.#leastAhead();
    if (worker !== undefined) this.#fill(worker);
  }

  /** Gives workers without work a part of what others have not begun: those come before a new task. */
  shareWithIdle(): void {
    for (const worker of this.#workers) if (worker.tasks.length === 0) this.#share(worker);
  }

  #leastAhead(): PoolWorker | undefined {
    let least: PoolWorker | undefined;
    for (const worker of this.#workers) if (worker.ahead < (least?.ahead ?? DEPTH)) least = worker;
    return least;
  }

  #fill(worker: PoolWorker): void {
    if (worker.isRunningAbortableTask) return;
    while (worker.ahead < DEPTH && this.#workers.claims.available > 0) {
      const task = this.#queue.peek() as PoolTask | null;
      if (task === null || !task.isPlain) return;
      this.#queue.shift();
      this.#post(worker, task);
    }
  }

  /** Puts back into the queue what waits behind a long task. */
  #takeBackStuck(now: number): void {
    for (const worker of this.#workers) {
      if (worker.ahead === 0 || now - worker.lastChange < STUCK) continue;
      for (const task of this.#withdraw(worker, worker.ahead)) this.#queue.unshift(task);
    }
  }

  /** Gives a worker without work half of what the busiest one has not begun. */
  #share(free: PoolWorker): void {
    let busiest: PoolWorker | undefined;
    for (const worker of this.#workers) if (worker.ahead > (busiest?.ahead ?? 0)) busiest = worker;
    if (busiest === undefined) return;
    // A task that is withdrawn keeps its claim until that worker has seen it.
    const most = Math.min(Math.ceil(busiest.ahead / 2), this.#workers.claims.available);
    for (const task of this.#withdraw(busiest, most).reverse()) this.#post(free, task);
  }

  /** Takes the last tasks of a worker that it has not begun; the last one comes first. */
  #withdraw(worker: PoolWorker, most: number): PoolTask[] {
    const withdrawn: PoolTask[] = [];
    for (const task of [...worker.tasks].reverse()) {
      if (withdrawn.length === most) break;
      const { posting } = task;
      if (posting === undefined || !posting.ahead || !this.#workers.claims.withdraw(posting.claim)) continue;
      removeFrom(worker.tasks, task);
      worker.ahead--;
      task.posting = undefined;
      withdrawn.push(task);
    }
    return withdrawn;
  }
}
