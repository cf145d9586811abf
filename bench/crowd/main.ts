/**
 * The cost of each public operation beside 10, 100 and 1000 queues, pending gets or pending calls, and beside 10, 100 and 300
 * interpreters; microseconds. Only `listAll` and `listQueues`, whose results grow, may take longer beside more.
 *
 *     npm run crowd --workspace bench
 */
import { create, createQueue, InterpreterPoolExecutor, listAll, listQueues, Queue } from "interpreters";

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
  let made = 0;
  for (const count of counts) {
    const all: unknown[] = [];
    for (; made < count; made++) all.push(make());
    kept.push(...all);
    await row(`${count} ${what}`);
  }
}
const kept: unknown[] = [];

console.log(" ".repeat(20) + operations.map(([name]) => name.padStart(12)).join(""));
await beside("queues", [10, 100, 1000], () => createQueue());
const empty = createQueue();
await beside("pending gets", [10, 100, 1000], () => empty.get().catch(() => {}));
const blocked = create();
const ignore = (): void => {};
void blocked.call(() => new Promise(() => {})).catch(ignore);
await beside("pending calls", [10, 100, 1000], () => void blocked.call(Math.max, 1).catch(ignore));
await beside("interpreters", [10, 100, 300], () => {
  const other = create();
  other.callSync(Math.max, 1);
  return other;
});
process.exit();
