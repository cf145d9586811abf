/**
 * The cost of each public operation beside 10, 100 and 1000 queues, locks, callbacks, objects in other interpreters, pending gets or pending
 * calls, and beside 10, 100, 300 and 1000 interpreters; microseconds. Only `listAll` and `listQueues`, whose results grow, may take longer
 * beside more. 1000 interpreters need 10 GB of memory: the row is left out where less is free.
 *
 *     npm run crowd --workspace bench [-- interpreters]        only the rows beside interpreters
 */
import { freemem } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import {
  asCompleted,
  callback,
  create,
  createQueue,
  fromModule,
  InterpreterPoolExecutor,
  listAll,
  listQueues,
  Lock,
  onGet,
  Queue,
  selectSync,
  wait,
} from "interpreters";

/** Memory for an idle interpreter, and for others meanwhile. */
const EACH_MB = 10;
const SPARE_MB = 4000;
const IDLE_MS = 500;

/** How often a cost is measured. The least counts: what else the machine does only adds to it. */
const ROUNDS = 3;

async function cost(times: number, operation: () => unknown): Promise<number> {
  for (let i = 0; i < Math.min(times, 50); i++) await operation();
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    for (let i = 0; i < times; i++) await operation();
    least = Math.min(least, ((performance.now() - began) / times) * 1000);
  }
  return least;
}

const interp = create();
const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
const queue = createQueue<number>();
const other = createQueue<number>();
const lock = new Lock();
const called = callback((n: number) => n + 1);
const { URL: Url } = fromModule<typeof import("node:url")>("node:url");
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
  [
    "select",
    1000,
    () => {
      other.putNowait(1);
      selectSync([onGet(queue), onGet(other)]);
    },
  ],
  [
    "acquire",
    3000,
    () => {
      lock.acquireSync();
      lock.release();
    },
  ],
  ["Queue(id)", 1000, () => new Queue(queue.id)],
  ["call", 500, () => interp.call(Math.max, 1)],
  ["callSync", 500, () => interp.callSync(Math.max, 1)],
  ["exec", 200, () => interp.exec("1")],
  [
    "iterate",
    100,
    async () => {
      for await (const _ of interp.iterate((n: number) => [n, n], 1));
    },
  ],
  [
    "construct",
    100,
    async () => {
      await using url = await interp.construct(Url, "http://a.b/");
      await url.toJSON();
    },
  ],
  ["callback", 300, () => interp.call((fn: typeof called) => fn(1), called)],
  ["submit", 500, () => pool.submit(Math.max, 1)],
  ["wait", 200, () => wait([pool.submit(Math.max, 1), pool.submit(Math.max, 2)])],
  [
    "asCompleted",
    200,
    async () => {
      for await (const _ of asCompleted([pool.submit(Math.max, 1), pool.submit(Math.max, 2)]));
    },
  ],
  [
    "map",
    100,
    async () => {
      for await (const _ of pool.map(Math.max, [1, 2]));
    },
  ],
  ["stats", 1000, () => pool.stats()],
  ["listAll", 200, () => listAll()],
  ["listQueues", 100, () => listQueues()],
  [
    "create, end",
    12,
    async () => {
      const made = create();
      await made.call(Math.max, 1);
      await made.terminate();
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
if (all) await beside("locks", [10, 100, 1000], () => new Lock());
if (all) await beside("callbacks", [10, 100, 1000], () => callback((n: number) => n));
if (all) await beside("objects", [10, 100, 1000], () => interp.constructSync(Url, "http://a.b/"));
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
