/**
 * Statistics of a pool: `executor.stats()`.
 *
 * Counts are exact and cost one addition each. Times come from a sample, because reading a clock four times would be a
 * good part of the cost of an empty task. The sample is the first ALL_TIMED tasks and one in ONE_IN of the later ones,
 * chosen at random, so that no rhythm of the program coincides with the sampling. The worker measures how long a timed
 * task ran and reports it in the reply. The rest of the time from `submit` to the reply is waiting. So each duration is
 * measured by one thread's clock; clocks of two threads are never compared.
 */
import { clock } from "../base/clock.js";
import { Histogram } from "./histogram.js";

/** The first tasks, which are all timed. Of later ones, one in ONE_IN is. */
const ALL_TIMED = 256;
const ONE_IN = 16;
// As it was when this was loaded: a program's tests may replace it.
const { random } = Math;

/** The distribution of a duration over the timed tasks, in milliseconds. All fields are 0 while none was timed. */
export interface Times {
  /** How many tasks were timed: the first 256, and about one in 16 of the later ones. */
  readonly count: number;
  /** The shortest. */
  readonly min: number;
  /** The arithmetic mean. */
  readonly mean: number;
  /** The median. Percentiles are exact to two digits, rounded up. */
  readonly p50: number;
  /** The 90th percentile. */
  readonly p90: number;
  /** The 99th percentile. */
  readonly p99: number;
  /** The longest. */
  readonly max: number;
}

/** A snapshot of a pool's work: `InterpreterPoolExecutor.stats`. A call batch of `map` (`chunksize`) is one task. */
export interface ExecutorStats {
  /** Tasks in line. */
  readonly queued: number;
  /** Tasks that an interpreter has taken and whose reply has not arrived yet. */
  readonly running: number;
  /** Tasks that returned. */
  readonly completed: number;
  /** Tasks that threw, were stopped, or whose interpreter died. */
  readonly failed: number;
  /** Tasks that were cancelled in line, or that their signal ended. */
  readonly cancelled: number;
  /** Interpreters that may take tasks, including those that are still booting. */
  readonly workers: number;
  /** From `submit` to the reply, without the time that the task ran. */
  readonly waitTime: Times;
  /** In the interpreter, from taking the task to its (awaited) result. */
  readonly runTime: Times;
  /**
   * The share of the interpreters' lifetimes in which they ran tasks that are done by now, from 0 to 1; 1 means that each
   * ran as many at a time as it may. Estimated from the timed tasks.
   */
  readonly utilisation: number;
}

/** Counts a pool's tasks and records the durations of the timed ones. */
export class Stats {
  completed = 0;
  failed = 0;
  cancelled = 0;
  /**
   * How long tasks run at present, in microseconds. A longer task raises it at once; shorter ones lower it little by little. Infinity
   * until a task has been timed.
   */
  recent = Infinity;
  #submitted = 0;
  /** When each timed task was submitted (milliseconds of `clock`), by sequence number, until its reply or its end. */
  readonly #timed = new Map<number, number>();
  #waits: Histogram | undefined;
  #runs: Histogram | undefined;

  /** Counts a task that is being submitted. Returns whether to time it. */
  choose(): boolean {
    return ++this.#submitted <= ALL_TIMED || random() * ONE_IN < 1;
  }

  /** A timed task is submitted. */
  begin(sequence: number): void {
    this.#timed.set(sequence, clock());
  }

  /** The task will have no reply, or has had it. */
  forget(sequence: number): void {
    if (this.#timed.size > 0) this.#timed.delete(sequence);
  }

  /** The reply to a timed task arrived: it ran for `ran` microseconds. */
  end(sequence: number, ran: number): void {
    const began = this.#timed.get(sequence);
    if (began === undefined) return;
    this.#timed.delete(sequence);
    this.recent = ran > this.recent || this.recent === Infinity ? ran : (3 * this.recent + ran) / 4;
    const all = (clock() - began) * 1000;
    (this.#runs ??= new Histogram()).record(ran);
    (this.#waits ??= new Histogram()).record(all - ran);
  }

  /**
   * @param open tasks in line or being executed
   * @param lifetime the interpreters' lifetimes added up, in milliseconds, times the tasks that each may run at a time
   */
  snapshot(open: number, queued: number, workers: number, lifetime: number): ExecutorStats {
    const { completed, failed, cancelled } = this;
    const [waitTime, runTime] = [timesOf(this.#waits), timesOf(this.#runs)];
    const ran = runTime.mean * (completed + failed);
    return {
      queued,
      running: Math.max(0, open - queued),
      completed,
      failed,
      cancelled,
      workers,
      waitTime,
      runTime,
      utilisation: lifetime === 0 ? 0 : Math.min(1, ran / lifetime),
    };
  }
}

function timesOf(histogram: Histogram | undefined): Times {
  if (histogram === undefined) return { count: 0, min: 0, mean: 0, p50: 0, p90: 0, p99: 0, max: 0 };
  const { count, min, mean, max } = histogram;
  const at = (percentile: number): number => histogram.percentile(percentile) / 1000;
  return {
    count,
    min: min / 1000,
    mean: mean / 1000,
    p50: at(50),
    p90: at(90),
    p99: at(99),
    max: max / 1000,
  };
}
