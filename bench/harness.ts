/**
 * Measures contenders against each other, in rounds that take turns: whatever slows the machine down for a
 * while then hits all of them alike, which runs one after another would not give.
 *
 * A contender is started once, warmed up, measured once per round, and stopped. A case's figure is the median.
 */

import { setTimeout as sleep } from "node:timers/promises";

export type Unit = "ops/s" | "µs" | "ms" | "MB" | "%";

/** Throughput and shares are better when high, everything else when low. */
export const higherIsBetter = (unit: Unit): boolean => unit === "ops/s" || unit === "%";

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
  start(): Promise<Session>;
}

export interface Case {
  /** Stable: names the case in `--filter` and in the results. */
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  /** Rounds when this case should differ from the rest, because one round takes long. */
  readonly rounds?: { readonly full: number; readonly quick: number };
  readonly contenders: readonly Contender[];
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
 * `"ops/s"` gives the throughput, `"µs"` the mean duration of one.
 */
export function repeated(unit: "ops/s" | "µs", workload: Workload): Session {
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
      const end = performance.now() + roundMs;
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

/** What is happening, as it happens, so that a watcher knows who was at work when nothing happens any more. */
export type Progress =
  | { readonly kind: "step"; readonly contender: string; readonly step: string }
  | { readonly kind: "figure"; readonly contender: string; readonly value: number }
  | { readonly kind: "failed"; readonly contender: string; readonly message: string };

/** The step after the last figure: whoever hangs or fails in it has been measured all the same. */
export const STOP = "stop";

/** Ample for ending a few idle threads. The process ends soon anyway; this is to tell who does not end by himself. */
const STOP_MS = 3_000;

/** Runs a case, without the contenders named in `skip`. A contender that fails drops out; the others go on. */
export async function runCase(
  { contenders, rounds }: Case,
  effort: Effort,
  skip: ReadonlySet<string>,
  report: (progress: Progress) => void,
): Promise<void> {
  const sessions = new Map<string, Session>();
  const attempt = async (contender: string, step: string, action: () => Promise<void>): Promise<void> => {
    report({ kind: "step", contender, step });
    try {
      await action();
    } catch (error) {
      sessions.delete(contender);
      const message = error instanceof Error ? error.message : String(error);
      report({ kind: "failed", contender, message: `${step}: ${message}` });
    }
  };

  for (const contender of contenders) {
    const { name } = contender;
    if (skip.has(name)) continue;
    await attempt(name, "start", async () => {
      sessions.set(name, await contender.start());
    });
    await attempt(name, "warm-up", async () => sessions.get(name)?.warmUp?.(effort));
  }
  const total = rounds?.[effort.quick ? "quick" : "full"] ?? effort.rounds;
  for (let round = 0; round < total; round += 1) {
    const order = [...sessions];
    // Nobody always runs after the same neighbour.
    if (round % 2 === 1) order.reverse();
    for (const [contender, session] of order) {
      await attempt(contender, `round ${round + 1}`, async () => {
        report({ kind: "figure", contender, value: await session.round(effort) });
      });
    }
  }
  for (const [contender, session] of sessions) {
    await attempt(contender, STOP, async () => {
      const late = sleep(STOP_MS, "late", { ref: false });
      if ((await Promise.race([session.stop(), late])) === "late") throw new Error(`hung for ${STOP_MS} ms`);
    });
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
