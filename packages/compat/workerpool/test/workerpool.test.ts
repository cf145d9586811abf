/** The behaviour that programs of workerpool rely on, and the one that they get here in its place: an outcome, however the worker ends. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import * as workerpool from "../src/index";

const file = (name: string): string => path.join(__dirname, "../../test/workers", name);

/** A pool that ends with the block. */
function poolOf(script: string | undefined, options: workerpool.WorkerPoolOptions = {}) {
  const pool = workerpool.pool(script && file(script), { maxWorkers: 1, ...options });
  return { pool, [Symbol.asyncDispose]: async () => void (await pool.terminate(true)) };
}

/** The error that a task rejects with. */
async function failure(promise: PromiseLike<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  return assert.fail("it was fulfilled");
}

/** Calls `look` until it returns true. */
async function until(look: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await look())) await new Promise((resolve) => setTimeout(resolve, 1));
}

for (const workerType of ["auto", "thread", "process"] as const) {
  test(`functions, named functions and a proxy run in workers of type ${workerType}`, async () => {
    await using simple = poolOf(undefined, { workerType });
    assert.equal(await simple.pool.exec((a: number, b: number) => a + b, [3, 4]), 7);
    await using named = poolOf("ends.cjs", { workerType });
    assert.equal(await named.pool.exec("echo", ["x"]), "x");
    const proxy = await named.pool.proxy<{ echo: (value: string) => string }>();
    assert.equal(await proxy.echo("y"), "y");
    const unknown = await failure(named.pool.exec("absent"));
    assert.equal(unknown.message, 'Unknown method "absent"');
  });
}

test("a worker's script may be an ES module", async () => {
  await using module = poolOf("module.mjs");
  assert.equal(await module.pool.exec("add", [1, 2]), 3);
  assert.equal(await module.pool.exec("isMainThread"), false);
  assert.equal(workerpool.isMainThread, true);
});

test("an error arrives as itself: its class, its properties, its cause", async () => {
  await using ends = poolOf("ends.cjs");
  const thrown = (what: string) => failure(ends.pool.exec("throws", [what]));
  const range = await thrown("range");
  assert.ok(range instanceof RangeError);
  assert.deepEqual([range.message, range["at"]], ["too far", new Date(0)]);
  assert.match(range.stack ?? "", /ends\.cjs/);
  const own = await thrown("own class");
  assert.deepEqual([own.name, own.message, own["code"]], ["NotFound", "not here", "E_NOT_FOUND"]);
  assert.ok(own.cause instanceof TypeError);
  const both = (await thrown("aggregate")) as unknown as AggregateError;
  assert.ok(both instanceof AggregateError && both.errors[0] instanceof TypeError && both.errors[1] === "b");
  const hidden = await thrown("toJSON");
  assert.deepEqual([hidden.message, hidden["detail"]], ["hidden", 42]);
});

test("what is thrown and is no object is thrown as it is; of an object, an Error gets the properties", async () => {
  await using ends = poolOf("ends.cjs");
  assert.equal(await failure(ends.pool.exec("throws", ["text"])), "just text");
  assert.equal(await failure(ends.pool.exec("throws", ["nothing"])), undefined);
  const plain = await failure(ends.pool.exec("throws", ["object"]));
  assert.ok(plain instanceof Error);
  assert.deepEqual([plain.message, plain["code"]], ["plain", 7]);
});

test("a task that ends its worker is rejected, and the tasks behind it run in another one", async () => {
  await using ends = poolOf("ends.cjs");
  const exits = failure(ends.pool.exec("exit", [3]));
  const behind = [ends.pool.exec("count"), ends.pool.exec("count")];
  const error = await exits;
  assert.ok(error instanceof workerpool.TerminateError);
  assert.match(error.message, /terminated Unexpectedly\n +exitCode: `3`/);
  assert.deepEqual(await Promise.all(behind), [1, 2]);
});

test("a task that runs out of memory is rejected, and says so", async () => {
  const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 };
  await using ends = poolOf("ends.cjs", { workerThreadOpts: { resourceLimits } });
  const error = await failure(ends.pool.exec("exhaust"));
  assert.ok(error instanceof workerpool.TerminateError);
  assert.match(error.message, /memory/);
  assert.equal(await ends.pool.exec("count"), 1);
});

test("cancelling an endless loop frees its place at once", async () => {
  await using ends = poolOf("ends.cjs", { workerTerminateTimeout: 1 << 30 });
  const loop = ends.pool.exec("loop");
  const next = ends.pool.exec("count");
  setTimeout(() => loop.cancel(), 20);
  assert.ok((await failure(loop)) instanceof workerpool.Promise.CancellationError);
  assert.equal(await next, 1);
});

test("a task that times out frees its place; its waiting does not count", async () => {
  await using ends = poolOf("ends.cjs", { workerTerminateTimeout: 1 << 30 });
  await ends.pool.exec("count");
  const waits = ends.pool.exec("waits").timeout(20);
  const next = ends.pool.exec("echo", [5]).timeout(10_000);
  assert.ok((await failure(waits)) instanceof workerpool.Promise.TimeoutError);
  assert.equal(await next, 5);
});

test("an exception of a timer ends its worker, and no task waits for ever", async () => {
  await using ends = poolOf("ends.cjs");
  const waits = ends.pool.exec("laterWhileWaiting");
  const behind = ends.pool.exec("count");
  const error = await failure(waits);
  assert.ok(error instanceof workerpool.TerminateError);
  assert.match(error.message, /from a timer/);
  assert.equal((error.cause as Error).message, "from a timer");
  assert.equal(typeof (await behind), "number");
});

test("a worker that ends while it is idle fails no task", async () => {
  await using ends = poolOf("ends.cjs");
  await ends.pool.exec("later");
  await until(() => ends.pool.stats().totalWorkers === 0);
  assert.equal(await ends.pool.exec("count"), 1);
});

test("a worker that died idle gets no task, even before the pool has seen the notice of its end", () => {
  const program = `
    const workerpool = require("@interpreters/workerpool");
    const pool = workerpool.pool(${JSON.stringify(file("ends.cjs"))}, { maxWorkers: 1 });
    pool.exec("later").then(() => {
      // This thread does not come to its event loop.
      while (pool.workers[0].worker.isThere);
      pool.exec("count").then(console.log, console.log);
    });
  `;
  const { stdout, status } = spawnSync(process.execPath, ["-e", program], {
    encoding: "utf8",
    cwd: __dirname,
  });
  assert.deepEqual([stdout, status], ["1\n", 0]);
});

test("processes that cannot be started fail every task", async () => {
  await using broken = poolOf("ends.cjs", { workerType: "process", forkOpts: { cwd: file("absent") } });
  const errors = await Promise.all([1, 2, 3].map(() => failure(broken.pool.exec("count"))));
  for (const { message } of errors) assert.match(message, /Workerpool Worker error: spawn/);
});

test("an event that cannot travel is an error of the function that emits it", async () => {
  await using ends = poolOf("ends.cjs");
  assert.equal(await ends.pool.exec("count"), 1);
  assert.equal((await failure(ends.pool.exec("emitsFunction")))["code"], "ERR_NOT_SHAREABLE");
  assert.equal(await ends.pool.exec("count"), 2);
});

test("a listener to events that throws is an uncaught exception here, and harms no worker", () => {
  const program = `
    const workerpool = require("@interpreters/workerpool");
    process.on("uncaughtException", ({ message }) => console.log(message));
    const pool = workerpool.pool(${JSON.stringify(file("ends.cjs"))}, { maxWorkers: 1 });
    const on = () => { throw new Error("of the listener"); };
    pool.exec("emits", [1], { on }).then(() => pool.exec("count")).then(console.log, console.log);
  `;
  const { stdout, status } = spawnSync(process.execPath, ["-e", program], {
    encoding: "utf8",
    cwd: __dirname,
  });
  assert.deepEqual([stdout, status], ["of the listener\n1\n", 0]);
});

test("a result or an argument that cannot travel fails that task only, and names the culprit", async () => {
  await using ends = poolOf("ends.cjs");
  const result = await failure(ends.pool.exec("cannotTravel"));
  assert.equal(result["code"], "ERR_NOT_SHAREABLE");
  const bad = (): PromiseLike<unknown> => ends.pool.exec("echo", [{ items: [() => {}] }]);
  for (const error of await Promise.all([failure(bad()), failure(bad()), failure(bad())])) {
    assert.match(error.message, /items\[0\] is a function/);
  }
  assert.equal(await ends.pool.exec("count"), 1);
});

test("a script that cannot be loaded rejects every task, and is not started again without one", async () => {
  let started = 0;
  const options = { minWorkers: 2, maxWorkers: 2, onCreateWorker: () => void started++ };
  await using broken = poolOf("broken.cjs", options);
  const errors = await Promise.all([1, 2, 3, 4].map(() => failure(broken.pool.exec("anything"))));
  for (const error of errors) assert.match(error.message, /Workerpool Worker error: broken at load/);
  // Two at first, and one for each task that was told.
  assert.ok(started <= 6, `${started} workers were started`);
});

test("a timer of an idle worker runs", async () => {
  await using ends = poolOf("ends.cjs");
  await ends.pool.exec("ticks");
  await until(async () => ((await ends.pool.exec("ticked")) as unknown as number) > 3);
});

test("events arrive in order, and before the result", async () => {
  await using ends = poolOf("ends.cjs");
  const seen: unknown[] = [];
  const on = (payload: unknown): void => void seen.push(payload);
  seen.push(await ends.pool.exec("emits", [3], { on }));
  assert.deepEqual(seen, [{ i: 1 }, { i: 2 }, { i: 3 }, 3]);
});

test("buffers are moved to a task and back", async () => {
  await using ends = poolOf("ends.cjs");
  const bytes = new Uint8Array(1 << 16).fill(7);
  const back: unknown = await ends.pool.exec("echo", [bytes], { transfer: [bytes.buffer] });
  assert.equal(bytes.length, 0);
  assert.equal((back as Uint8Array).length, 1 << 16);
  assert.equal(((await ends.pool.exec("moves", [8])) as unknown as Uint8Array).length, 8);
});

test("workerType web, and worker() outside of a worker, are refused", () => {
  const { pool } = poolOf(undefined, { workerType: "web" });
  assert.throws(() => pool.exec(() => 1), /Web Workers not supported/);
  assert.throws(() => workerpool.worker({}), /not a worker of a pool/);
});

test("a pool that is never terminated does not keep the process alive, and a task does", () => {
  const program = `
    const workerpool = require("@interpreters/workerpool");
    const pool = workerpool.pool({ maxWorkers: 2, minWorkers: 1 });
    pool.exec((ms) => new Promise((resolve) => setTimeout(resolve, ms, "done")), [50]).then(console.log);
  `;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["-e", program], {
    encoding: "utf8",
    cwd: __dirname,
  });
  assert.deepEqual([stdout, status], ["done\n", 0], stderr);
});
