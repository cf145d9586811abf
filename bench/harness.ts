/**
 * Defines cases and contenders, and how a contender is measured. Contenders take turns, round by round (watcher.ts), so that a
 * machine that slows down for a while slows all of them alike. Complete runs one after another would not ensure that.
 *
 * A contender is started once, warmed up, measured once per round, and stopped. A case's figure is the median.
 */

export type Unit = "ops/s" | "µs" | "ms" | "MB" | "%";

/** Throughput and shares are better when high, all other units when low. */
export const higherIsBetter = (unit: Unit): boolean => unit === "ops/s" || unit === "%";

/** How many times as good `value` is as `other`. Times and memory are inverted, so that above 1 is always better. */
export const timesAsGood = (unit: Unit, value: number, other: number): number =>
  higherIsBetter(unit) ? value / other : other / value;

/** A started contender. */
export interface Session {
  /** Does what must happen before the first figure counts. */
  warmUp?(effort: Effort): Promise<void>;
  /** One measurement, in the unit of the case. */
  round(effort: Effort): Promise<number>;
  stop(): void | Promise<void>;
}

export interface Contender {
  readonly name: string;
  /** True for this package. The first such contender of a case is the reference for all others. */
  readonly ours?: boolean;
  /** `common`: the value that the case determined once for all contenders. */
  start(common: number): Promise<Session>;
}

export interface Case {
  /** Stable: names the case in `--filter` and in the results. */
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  /** Number of rounds, for cases whose rounds take long or vary much; the default is in `effortFor`. */
  readonly rounds?: { readonly full: number; readonly quick: number };
  readonly contenders: readonly Contender[];
  /** Determines a value once, for all contenders. */
  readonly common?: () => number;
}

/** How long to measure. */
export interface Effort {
  readonly rounds: number;
  readonly roundMs: number;
  readonly quick: boolean;
}

export function effortFor(quick: boolean): Effort {
  return quick ? { rounds: 3, roundMs: 60, quick } : { rounds: 5, roundMs: 250, quick };
}

/** An operation that can be repeated. */
export interface Workload {
  /** Does `count` operations and returns when all are done. */
  run(count: number): void | Promise<void>;
  stop(): void | Promise<void>;
}

/**
 * Turns a workload into a session, which determines how many operations fill a round and then times that many.
 * `"ops/s"` returns the throughput, `"µs"` the mean duration of one operation. Warming up takes the time of `rounds` rounds: long
 * enough for the compiler to see enough operations.
 */
export function repeated(unit: "ops/s" | "µs", workload: Workload, rounds = 1): Session {
  let count = 1;
  const time = async (operations: number): Promise<number> => {
    const start = performance.now();
    await workload.run(operations);
    return performance.now() - start;
  };
  return {
    async warmUp({ roundMs }) {
      // Every contender gets the same wall time, and the count grows meanwhile: by the end the compiler has seen the hot
      // loop, and the last and longest batch shows the speed.
      const end = performance.now() + rounds * roundMs;
      let elapsed = await time(count);
      while (performance.now() < end) {
        if (elapsed < roundMs / 4) count *= 2;
        elapsed = await time(count);
      }
      count = Math.max(1, Math.round((count * roundMs) / Math.max(elapsed, 0.001)));
    },
    async round() {
      const elapsed = await time(count);
      return unit === "ops/s" ? (count / elapsed) * 1000 : (elapsed * 1000) / count;
    },
    stop: () => workload.stop(),
  };
}

/** As `repeated`, but always with the given number of operations. */
export function counted(
  unit: "ops/s" | "µs",
  workload: Workload,
  operations: { readonly full: number; readonly quick: number },
): Session {
  return {
    async round({ quick }) {
      const count = quick ? operations.quick : operations.full;
      const start = performance.now();
      await workload.run(count);
      const elapsed = performance.now() - start;
      return unit === "ops/s" ? (count / elapsed) * 1000 : (elapsed * 1000) / count;
    },
    stop: () => workload.stop(),
  };
}

/** Keeps `inFlight` operations in flight until `count` are done. */
export async function pipelined(
  count: number,
  inFlight: number,
  operation: () => PromiseLike<unknown>,
): Promise<void> {
  let started = 0;
  const repeat = async (): Promise<void> => {
    while (started < count) {
      started += 1;
      await operation();
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, inFlight) }, repeat));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
