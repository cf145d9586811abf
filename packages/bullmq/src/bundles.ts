/**
 * Bundles: several quick tasks of one function in one job. The cost of a job, at its caller, in Redis and at its worker, is many times that of
 * running a small function.
 *
 * Tasks are bundled only while many are open, and only if those of their function have been quick. Each has an outcome
 * of its own, and can be cancelled by itself. If the worker of a bundle dies, the job goes back to the caller, who knows which tasks
 * are open (`Returned`), and each goes on in a job of its own: one that kills its worker takes no others with it a second time.
 */
import type { TaskData } from "./messages.js";

/** The most tasks of a bundle. */
const MOST = 32;
/** Milliseconds that the tasks of a bundle may take together: enough to hide their way, and soon over. */
const TIME = 16;
/** Characters of arguments up to which a task is bundled. */
const SMALL = 2048;
/** Open tasks for each task of a bundle: all workers should have something to do. */
export const MANY = 16;

/** A task that waits to be sent. */
export interface Job {
  readonly id: number;
  /** How dashboards show it. */
  readonly name: string;
  readonly data: TaskData;
  readonly priority: number | undefined;
  /** The arguments, if they travel apart. */
  readonly apart: string | undefined;
  /** How often its workers have died, as far as this caller has counted. */
  deaths: number;
  /** Whether it must be alone in its job. */
  alone: boolean;
}

/** Knows how long the tasks of each function take, and puts tasks together. */
export class Bundler {
  /** Milliseconds by name: a moving average. */
  readonly #times = new Map<string, number>();

  /** A task of a function took so long. */
  learn(name: string, milliseconds: number): void {
    const before = this.#times.get(name);
    const now = Math.min(milliseconds, 10 * TIME);
    this.#times.set(name, before === undefined ? now : (7 * before + now) / 8);
  }

  /** The tasks, in order, in groups that may share a job. `open`: how many others are under way. */
  bundle(jobs: readonly Job[], open: number): Job[][] {
    const all = jobs.length + open;
    if (all < MANY) return jobs.map((job) => [job]);
    const groups: Job[][] = [];
    let group: Job[] | undefined;
    let size = 1;
    for (const job of jobs) {
      if (group !== undefined && group.length < size && fits(group[0], job)) {
        group.push(job);
        continue;
      }
      size = bundled(job) ? this.#sizeOf(job.name, all) : 1;
      group = [job];
      groups.push(group);
    }
    return groups;
  }

  #sizeOf(name: string, all: number): number {
    const time = this.#times.get(name) ?? Infinity;
    return Math.max(1, Math.min(MOST, Math.floor(TIME / Math.max(time, 0.05)), Math.floor(all / MANY) + 1));
  }
}

function bundled({ alone, apart, data }: Job): boolean {
  return !alone && apart === undefined && data.b === undefined && (data.a?.length ?? 0) <= SMALL;
}

function fits(first: Job, job: Job): boolean {
  return (
    bundled(job) &&
    job.name === first.name &&
    job.priority === first.priority &&
    job.data.t === first.data.t &&
    job.data.f === first.data.f
  );
}
