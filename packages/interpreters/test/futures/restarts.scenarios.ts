/**
 * Programs whose interpreters do not always boot, each run in its own process by restarts.test.ts. `restarts.preload.cts` is
 * loaded before each interpreter, and fails as often as there are files in a folder: it takes one away each time.
 */
import { subscribe } from "node:diagnostics_channel";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createQueue, InterpreterPoolExecutor, listAll, type Queue, type WorkerEvent } from "interpreters";
import { outcome } from "../support/processes.js";

const folder = mkdtempSync(path.join(tmpdir(), "interpreters-boots-"));
process.env["FAILING_BOOTS"] = folder;
/** The next boots fail, so many of them. */
const failNext = (count: number): void => {
  for (let n = 0; n < count; n++) writeFileSync(path.join(folder, String(n)), "");
};
const print = (value: unknown): void => console.log(JSON.stringify(value));

const describe = (result: { value: unknown } | { error: unknown }): unknown => {
  if ("value" in result) return result.value;
  const { name, code, message, cause } = result.error as Error & { code?: string };
  return [name, code, message.replace(/\d+/g, "N"), (cause as Error | undefined)?.message];
};

/** Has each worker whose boot fails be gone before the pool sends it its set-up: only then does the pool go on. */
function failAtOnce(): void {
  subscribe("interpreters:worker:start", (message) => {
    const { interpreterId } = message as WorkerEvent;
    const pause = new Int32Array(new SharedArrayBuffer(4));
    if (readdirSync(folder).length === 0) return;
    while (listAll().some(({ id }) => id === interpreterId)) Atomics.wait(pause, 0, 0, 1);
  });
}

const double = async (n: number): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return n * 2;
};

const scenarios: Record<string, () => Promise<void>> = {
  /** One of four workers fails to boot. */
  async one() {
    failNext(1);
    const pool = new InterpreterPoolExecutor({ maxWorkers: 4 });
    const futures = Array.from({ length: 40 }, (_, n) => pool.submit(double, n));
    print((await Promise.all(futures.map(outcome))).map(describe));
    await pool.shutdown();
  },
  /** None of them boots, and later all of them do. */
  async none() {
    failNext(2);
    const pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
    const futures = [1, 2, 3, 4].map((n) => pool.submit(double, n));
    print((await Promise.all(futures.map(outcome))).map(describe));
    print(await pool.submit(double, 4));
    await pool.shutdown();
  },
  /** The only worker fails to boot before it can be set up, and then the next one; one of two. */
  async early() {
    failAtOnce();
    failNext(2);
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const buffer = new ArrayBuffer(1 << 20);
    const first = pool.with({ transfer: [buffer] }).submit((b: ArrayBuffer) => b.byteLength, buffer);
    print(describe(await outcome(first)));
    print(describe(await outcome(pool.map(double, [1]).next())));
    const { queued, running, failed } = pool.stats();
    print([queued, running, failed, buffer.byteLength]);
    // Nothing but the pending task keeps the process alive.
    print(await pool.submit(double, 1));
    await pool.shutdown();
    const two = new InterpreterPoolExecutor({ maxWorkers: 2 });
    const gate = createQueue<number>();
    const one = two.submit((queue: Queue<number>) => queue.getSync(), gate);
    while (!one.running()) await new Promise((resolve) => setImmediate(resolve));
    failNext(1);
    const other = two.submit(double, 3);
    gate.putNowait(4);
    print(await Promise.all([one, other]));
    await two.shutdown();
  },
  /** One of `minWorkers` fails to boot before the pool is there. */
  async earlyLeast() {
    failAtOnce();
    failNext(1);
    const pool = new InterpreterPoolExecutor({ maxWorkers: 2, minWorkers: 2 });
    print(pool.stats().workers < 2);
    print(await pool.submit(double, 2));
    const alive = setInterval(() => {}, 1000);
    while (pool.stats().workers < 2) await new Promise((resolve) => setImmediate(resolve));
    clearInterval(alive);
    await pool.shutdown();
  },
  /** An interpreter that fails to boot does not keep `minWorkers` from being there. */
  async least() {
    failNext(1);
    const pool = new InterpreterPoolExecutor({ maxWorkers: 2, minWorkers: 2 });
    // The pool alone does not keep the process alive.
    const alive = setInterval(() => {}, 1000);
    while (pool.stats().workers === 2) await new Promise((resolve) => setImmediate(resolve));
    print(pool.stats().workers);
    while (pool.stats().workers < 2) await new Promise((resolve) => setImmediate(resolve));
    print(await pool.submit(double, 2));
    clearInterval(alive);
    await pool.shutdown();
  },
};

try {
  await scenarios[process.argv[2]]();
} finally {
  rmSync(folder, { recursive: true });
}
