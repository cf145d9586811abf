/** The snapshot that a process gives of itself (packages/interpreters/src/observe/inspection.ts). Times are in milliseconds, sizes in bytes. */

export interface Snapshot {
  readonly version: number;
  readonly pid: number;
  readonly title: string;
  readonly node: string;
  /** Seconds. */
  readonly uptime: number;
  /** Microseconds of processor time. */
  readonly cpu: { readonly user: number; readonly system: number };
  readonly rss: number;
  readonly interpreters: readonly InterpreterSnapshot[];
  readonly queues: readonly QueueSnapshot[];
  /** The uptime at which the queues were like this. */
  readonly queuesAt: number;
  readonly pools: readonly PoolSnapshot[];
}

export interface InterpreterSnapshot {
  readonly id: number;
  readonly name: string | null;
  readonly whence: string;
  readonly state: string;
  readonly executing: readonly { readonly what: string; readonly from: number; readonly ms: number }[];
  /** Work items in its mailbox. */
  readonly waiting: number;
  /** Of its event loop, from 0 to 1; null if it is unknown. */
  readonly utilisation: number | null;
  readonly heap: number | null;
  /** How long its event loop has said nothing; null if it never says anything. */
  readonly silent: number | null;
}

export interface QueueSnapshot {
  readonly id: number;
  readonly size: number;
  readonly maxsize: number;
  readonly getters: number;
  readonly putters: number;
  /** How many items were ever put and taken, modulo 2^32. */
  readonly put: number;
  readonly taken: number;
}

export interface PoolSnapshot {
  /** The interpreter that has made it. */
  readonly owner: number;
  readonly name: string;
  readonly maxWorkers: number;
  readonly concurrency: number;
  readonly workers: readonly number[];
  readonly inLine: number;
  readonly running: number;
  readonly stats: {
    readonly completed: number;
    readonly failed: number;
    readonly cancelled: number;
    readonly waitTime: Times;
    readonly runTime: Times;
    readonly utilisation: number;
  };
  /** How old the statistics are. */
  readonly age: number;
}

interface Times {
  readonly p50: number;
  readonly p99: number;
}

/** Items for each second, between two snapshots. */
export interface Rates {
  readonly put: number;
  readonly taken: number;
}

/** By queue, if the process has looked at it between the snapshots. */
export function ratesOf(before: Snapshot | undefined, now: Snapshot): Map<number, Rates> {
  const rates = new Map<number, Rates>();
  if (before === undefined) return rates;
  const seconds = now.queuesAt - before.queuesAt;
  if (seconds <= 0) return rates;
  const old = new Map(before.queues.map((queue) => [queue.id, queue]));
  for (const { id, put, taken } of now.queues) {
    const from = old.get(id);
    if (from === undefined) continue;
    // The counters wrap around.
    rates.set(id, {
      put: ((put - from.put) >>> 0) / seconds,
      taken: ((taken - from.taken) >>> 0) / seconds,
    });
  }
  return rates;
}
