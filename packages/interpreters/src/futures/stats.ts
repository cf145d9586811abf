/**
 * What a pool knows of its work: `executor.stats()`.
 *
 * Counts are exact and cost an addition each. Times are those of a sample, for asking a clock four times costs a good
 * part of what an empty task does: the first tasks, and then one in so many by chance, so that no rhythm of the program's
 * can meet one of ours. The worker measures how long a timed task ran and says so in its answer; all the rest, from
 * `submit` to the answer, is waiting. No two threads' clocks are compared.
 */
import type { RecordableHistogram } from "../platform/histogram.js";
import { clock } from "../base/clock.js";

/** So many tasks are all timed; of later ones, one in so many. */
const ALL_TIMED = 256;
const ONE_IN = 16;
/** Histograms count microseconds up to an hour, to two digits: some 25 kB each, made with the first time. */
const HIGHEST = 3_600_000_000;

/** Times in milliseconds, of the tasks that were timed. */
export interface Times {
  /** How many were timed: the first 256, and one in 16 of those after. */
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** What `executor.stats()` gives. A chunk of `map` is one task. */
export interface ExecutorStats {
  /** Tasks in line. */
  readonly queued: number;
  /** Tasks that an interpreter has taken and whose answer is not here yet. */
  readonly running: number;
  /** Tasks that returned. */
  readonly completed: number;
  /** Tasks that threw, were stopped, or whose interpreter died. */
  readonly failed: number;
  readonly cancelled: number;
  /** Interpreters that there are. */
  readonly workers: number;
  /** From `submit` to the answer, without the time that the task ran. */
  readonly waitTime: Times;
  /** In the interpreter, from when the task is taken to its (awaited) result. */
  readonly runTime: Times;
  /**
   * Of the time that the interpreters were there, since they were started, what share they ran tasks that are done by now,
   * each as many at a time as it may; 0 to 1, estimated from the tasks that were timed.
   */
  readonly utilisation: number;
}

export class Stats {
  completed = 0;
  failed = 0;
  cancelled = 0;
  #submitted = 0;
  /** When the tasks that are timed were submitted, by sequence number. */
  readonly #timed = new Map<number, number>();
  #waits: RecordableHistogram | undefined;
  #runs: RecordableHistogram | undefined;

  /** Whether to time the task that is being submitted. */
  choose(): boolean {
    return ++this.#submitted <= ALL_TIMED || Math.random() * ONE_IN < 1;
  }

  begin(sequence: number): void {
    this.#timed.set(sequence, clock());
  }

  /** It will have no answer. */
  forget(sequence: number): void {
    if (this.#timed.size > 0) this.#timed.delete(sequence);
  }

  /** The answer to one that is timed came: it ran for so many microseconds. */
  end(sequence: number, ran: number): void {
    const began = this.#timed.get(sequence);
    if (began === undefined) return;
    this.#timed.delete(sequence);
    const all = (clock() - began) * 1000;
    record((this.#runs ??= makeHistogram()), ran);
    record((this.#waits ??= makeHistogram()), all - ran);
  }

  /** @param lifetime milliseconds that all interpreters were there, together, times the tasks that each may run at once */
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

function makeHistogram(): RecordableHistogram {
  // Only now: an interpreter that has no pool of its own need not load it.
  const { createHistogram } = process.getBuiltinModule("node:perf_hooks");
  return createHistogram({ lowest: 1, highest: HIGHEST, figures: 2 });
}

function record(histogram: RecordableHistogram, microseconds: number): void {
  histogram.record(Math.min(Math.max(1, Math.round(microseconds)), HIGHEST));
}

function timesOf(histogram: RecordableHistogram | undefined): Times {
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
