/**
 * What is measured, and how: contenders take turns, round by round (watcher.ts), so that whatever slows the machine down for
 * a while hits all of them alike, which runs one after another would not give.
 *
 * A contender is started once, warmed up, measured once per round, and stopped. A case's figure is the median.
 */

export type Unit = "ops/s" | "µs" | "ms" | "MB" | "%";

/** Throughput and shares are better when high, everything else when low. */
export const higherIsBetter = (unit: Unit): boolean => unit === "ops/s" || unit === "%";

/** How many times as good `value` is as `other`. Times and memory are inverted, so that above 1 is always better. */
export const timesAsGood = (unit: Unit, value: number, other: number): number =>
  higherIsBetter(unit) ? value / other : other / value;

/** A contender that has been started. */
export interface Session {
  /** Anything that must happen before the first figure counts. */
  warmUp?(effort: Effort): Promise<void>;
  /** One measurement, in the unit of the case. */
  round(effort: Effort): Promise<number>;
  stop(): void | Promise<void>;
}

export interface Contender {
  readonly name: string;
  /** True for this package; the first such contender of a case is what the others are compared with. */
  readonly ours?: boolean;
  /** `common` is what its case has found out for all of them. */
  start(common: number): Promise<Session>;
}

export interface Case {
  /** Stable: names the case in `--filter` and in the results. */
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  /** Rounds when this case should differ from the rest, because one round takes long. */
  readonly rounds?: { readonly full: number; readonly quick: number };
  readonly contenders: readonly Contender[];
  /** Found out once, for all contenders alike. */
  readonly common?: () => number;
}

/** How long a run may take. */
export interface Effort {
  readonly rounds: number;
  readonly roundMs: number;
  readonly quick: boolean;
}

export function effortFor(quick: boolean): Effort {
  return quick ? { rounds: 3, roundMs: 60, quick } : { rounds: 5, roundMs: 250, quick };
}

/** Something that can be done many times in a row. */
export interface Workload {
  /** Does `count` operations and returns when all are done. */
  run(count: number): void | Promise<void>;
  stop(): void | Promise<void>;
}

/**
 * Turns a workload into a session: it finds out how many operations fill a round, then times that many.
 * `"ops/s"` gives the throughput, `"µs"` the mean duration of one. Warming up takes `rounds` rounds' time: as long as it takes
 * until the compiler has seen enough of the operations.
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
      // The same wall time for everybody, with the count growing on the way: the compiler has seen the hot
      // loop by then, and the last, longest batch tells the speed.
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

/** As `repeated`, but always with so many operations. */
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

/** Keeps `inFlight` operations under way until `count` have been done. */
export async function pipelined(
  count: number,
  inFlight: number,
  operation: () => PromiseLike<unknown>,
): Promise<void> {
  let started = 0;
  const lane = async (): Promise<void> => {
    while (started < count) {
      started += 1;
      await operation();
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, inFlight) }, lane));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
