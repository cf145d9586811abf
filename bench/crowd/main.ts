/**
 * The cost of each public operation beside 10, 100 and 1000 queues, pending gets or pending calls, and beside 10, 100, 300 and
 * 1000 interpreters; microseconds. Only `listAll` and `listQueues`, whose results grow, may take longer beside more. 1000 interpreters need
 * 10 GB of memory: the row is left out where less is free.
 *
 *     npm run crowd --workspace bench [-- interpreters]        only the rows beside interpreters
 */
import { freemem } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { create, createQueue, InterpreterPoolExecutor, listAll, listQueues, Queue } from "interpreters";

/** Memory for an idle interpreter, and for others meanwhile. */
const EACH_MB = 10;
const SPARE_MB = 4000;
const IDLE_MS = 500;

async function cost(times: number, operation: () => unknown): Promise<number> {
  for (let i = 0; i < Math.min(times, 50); i++) await operation();
  const began = performance.now();
  for (let i = 0; i < times; i++) await operation();
  return ((performance.now() - began) / times) * 1000;
}

const interp = create();
const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
const queue = createQueue<number>();
const operations: readonly (readonly [name: string, times: number, operation: () => unknown])[] = [
  ["createQueue", 300, () => createQueue().close()],
  [
    "put, get",
    3000,
    () => {
      queue.putNowait(1);
      queue.getNowait();
    },
  ],
  ["Queue(id)", 1000, () => new Queue(queue.id)],
  ["call", 500, () => interp.call(Math.max, 1)],
  ["submit", 500, () => pool.submit(Math.max, 1)],
  ["stats", 1000, () => pool.stats()],
  ["listAll", 200, () => listAll()],
  ["listQueues", 100, () => listQueues()],
  [
    "create, end",
    12,
    async () => {
      const other = create();
      await other.call(Math.max, 1);
      await other.terminate();
    },
  ],
];

async function row(title: string): Promise<void> {
  const cells: string[] = [];
  for (const [, times, operation] of operations) {
    cells.push((await cost(times, operation)).toFixed(1).padStart(12));
  }
  console.log(title.padEnd(20) + cells.join(""));
}

/** Measures beside growing numbers of what `make` makes. */
async function beside(what: string, counts: readonly number[], make: () => unknown): Promise<void> {
  for (const count of counts) {
    const made = (kept[what] ??= []);
    while (made.length < count) made.push(make());
    await idle();
    await row(`${count} ${what}`);
  }
}
/** Waits until the new threads rest: V8 collects the garbage of their start when they have been idle for some seconds. */
async function idle(): Promise<void> {
  for (let before = process.cpuUsage(); ; before = process.cpuUsage()) {
    await sleep(IDLE_MS);
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1000 < IDLE_MS / 10) return;
  }
}

/** What was made, by what it is. */
const kept: Record<string, unknown[]> = {};

console.log(" ".repeat(20) + operations.map(([name]) => name.padStart(12)).join(""));
const all = process.argv[2] !== "interpreters";
if (all) await beside("queues", [10, 100, 1000], () => createQueue());
const empty = createQueue();
if (all) await beside("pending gets", [10, 100, 1000], () => empty.get().catch(() => {}));
const blocked = create();
const ignore = (): void => {};
void blocked.call(() => new Promise(() => {})).catch(ignore);
if (all) await beside("pending calls", [10, 100, 1000], () => void blocked.call(Math.max, 1).catch(ignore));
const interpreter = (): unknown => {
  const other = create();
  other.callSync(Math.max, 1);
  return other;
};
await beside("interpreters", [10, 100, 300], interpreter);
const needed = 700 * EACH_MB;
const free = freemem() / 1e6;
if (free > needed + SPARE_MB) await beside("interpreters", [1000], interpreter);
else console.log(`1000 interpreters   need ${needed + SPARE_MB} MB, and ${free.toFixed()} are free`);
process.exit();
