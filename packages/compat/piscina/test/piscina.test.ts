/** The behaviour that programs of piscina rely on, and where this package does better. piscina's own suite is run by scripts/conformance.mjs. */
import assert from "node:assert/strict";
import { once } from "node:events";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { MessageChannel, Worker } from "node:worker_threads";
import { Claims, noteTime } from "../../shared/claims.cjs";
import { ReadAhead } from "../src/read-ahead";
import { FixedQueue, Piscina, type PiscinaTask, type PiscinaWorker, type TaskQueue } from "../src/index";

const worker = (name: string): string => path.join(__dirname, "../../../test/workers", name);
const filename = worker("tasks.cjs");
const rejection = async (promise: Promise<unknown>): Promise<Error & Record<string, unknown>> => {
  try {
    await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  return assert.fail("it did not reject");
};
const counter = (): Int32Array => new Int32Array(new SharedArrayBuffer(4));

test("files are CommonJS or ES modules, by path or by URL; functions have names", async () => {
  await using pool = new Piscina({ filename, name: "echo", maxThreads: 1, workerData: { a: 1 } });
  assert.deepEqual(await pool.run({ b: [2] }), { b: [2] });
  assert.deepEqual(await pool.run(0, { name: "data" }), [{ a: 1 }, { a: 1 }, true]);
  const module = worker("module.mjs");
  assert.deepEqual(await pool.run(3, { filename: module, name: "default" }), [3, true, { a: 1 }]);
  assert.equal(await pool.run(4, { filename: pathToFileURL(module).href, name: "other" }), "other 4");
  const absent = await rejection(pool.run(0, { name: "absent" }));
  assert.equal(absent.message, `No handler function exported from ${filename}`);
});

test("a worker's start loads none of Node's modules that a task does not need", async () => {
  await using pool = new Piscina({ filename: worker("builtins.cjs"), maxThreads: 1 });
  const bare = new Worker("require('worker_threads').parentPort.postMessage(process.moduleLoadList)", {
    eval: true,
  });
  const [loaded] = (await once(bare, "message")) as [string[]];
  const more = ((await pool.run(0)) as string[]).filter((name) => !loaded.includes(name));
  assert.deepEqual(
    more.filter((name) => /perf_hooks|performance/.test(name)),
    [],
  );
});

test("modules that the worker's options of Node load first find workerData, as Angular's do", async () => {
  const required = worker("preload.cjs");
  const execArgv = [`--import=${pathToFileURL(worker("preload.mjs")).href}`, "--no-warnings", "-r", required];
  for (const concurrentTasksPerWorker of [1, 2]) {
    const options = { filename: required, maxThreads: 1, execArgv, concurrentTasksPerWorker };
    await using pool = new Piscina({ ...options, workerData: { a: 1 } });
    const preloaded = [
      ["require", { a: 1 }],
      ["import", { a: 1 }],
    ];
    assert.deepEqual(await Promise.all([pool.run(0), pool.run(0)]), [
      [preloaded, execArgv],
      [preloaded, execArgv],
    ]);
    await using broken = new Piscina({ ...options, workerData: "broken" });
    for (let i = 0; i < 2; i++)
      assert.equal((await rejection(broken.run(0))).message, "a preload that throws");
  }
});

test("an error arrives as itself: class, properties, cause", async () => {
  await using pool = new Piscina({ filename, maxThreads: 1 });
  const error = await rejection(pool.run(0, { name: "fail" }));
  assert.ok(error instanceof RangeError && error.cause instanceof TypeError);
  assert.deepEqual([error.message, error["limit"]], ["too far", 3]);
});

test("a worker that ends fails its task with what it died of; those that wait are run", async () => {
  await using pool = new Piscina({ filename, maxThreads: 1 });
  const tasks = [pool.run(3, { name: "exit" }), ...[1, 2, 3].map((n) => pool.run(n, { name: "echo" }))];
  const [died, ...others] = await Promise.allSettled(tasks);
  assert.equal((died as PromiseRejectedResult).reason.message, "worker exited with code: 3");
  assert.deepEqual((died as PromiseRejectedResult).reason.cause.reason, "exit");
  assert.deepEqual(
    others.map((each) => (each as PromiseFulfilledResult<number>).value),
    [1, 2, 3],
  );
});

test("tasks that a worker got ahead, and had not begun when it died, run elsewhere, once", async () => {
  await using pool = new Piscina({ filename, maxThreads: 1 });
  // Short tasks, so that the pool gives them ahead.
  for (let i = 0; i < 20; i++) await pool.run(i, { name: "echo" });
  const hits = counter();
  const tasks = Array.from({ length: 60 }, (_, i) =>
    i === 5 ? pool.run(7, { name: "exit" }) : pool.run(hits, { name: "count" }),
  );
  const outcomes = await Promise.allSettled(tasks);
  const failed = outcomes.filter(({ status }) => status === "rejected");
  assert.equal(failed.length, 1);
  assert.equal((failed[0] as PromiseRejectedResult).reason.message, "worker exited with code: 7");
  assert.equal(Atomics.load(hits, 0), 59);
});

test("what waits behind a task that turns out to be long goes to another worker", async () => {
  await using pool = new Piscina({ filename, minThreads: 2, maxThreads: 2 });
  await Promise.all(Array.from({ length: 200 }, (_, i) => pool.run(i, { name: "echo" })));
  const signal = counter();
  const burst = Array.from({ length: 30 }, (_, i) => pool.run(i, { name: "echo" }));
  const long = pool.run({ signal, milliseconds: 60_000 }, { name: "block" });
  burst.push(...Array.from({ length: 30 }, (_, i) => pool.run(i, { name: "echo" })));
  await Promise.all(burst);
  Atomics.store(signal, 0, 2);
  Atomics.notify(signal, 0);
  assert.equal(await long, 2);
});

test("a new task goes to a worker without work, whatever others have ahead", async () => {
  await using pool = new Piscina({ filename, minThreads: 2, maxThreads: 2 });
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 50 }, (_, i) => pool.run(i, { name: "echo" })));
    const signal = counter();
    const burst = Array.from({ length: 20 }, (_, i) => pool.run(i, { name: "echo" }));
    const long = pool.run({ signal, milliseconds: 60_000 }, { name: "block" });
    await Promise.all(burst);
    assert.deepEqual(await Promise.all([1, 2, 3].map((n) => pool.run(n, { name: "echo" }))), [1, 2, 3]);
    Atomics.store(signal, 0, 2);
    Atomics.notify(signal, 0);
    assert.equal(await long, 2);
    assert.equal(pool.completed, (round + 1) * 74, "a task that was shared counts");
  }
  assert.ok(pool.histogram.runTime.max < performance.now(), "no task began before the process did");
});

test("tasks of one worker begin in their order", async () => {
  await using pool = new Piscina({ filename, maxThreads: 1 });
  const numbers = await Promise.all(Array.from({ length: 300 }, () => pool.run(0, { name: "runs" })));
  assert.deepEqual(
    numbers,
    Array.from({ length: 300 }, (_, i) => i + 1),
  );
});

test("a worker runs several tasks at once where that is asked for", async () => {
  await using pool = new Piscina({ filename, maxThreads: 1, concurrentTasksPerWorker: 2 });
  const { port1, port2 } = new MessageChannel();
  const first = pool.run({ port: port2 }, { name: "port", transferList: [port2] });
  // The first one ends when the second one has.
  port1.postMessage(await pool.run("both ran", { name: "echo" }));
  assert.equal(await first, "both ran");
  assert.equal(pool.threads[0].threadId, await pool.run(0, { name: "who" }));
});

test("aborting a task that runs stops its worker, and no other task", async () => {
  await using pool = new Piscina({ filename, minThreads: 2, maxThreads: 2 });
  const controller = new AbortController();
  const nap = pool.run(300, { name: "nap" });
  const endless = pool.run(0, { name: "loop", signal: controller.signal });
  const waiting = pool.run(1, { name: "echo" });
  controller.abort("enough");
  const error = await rejection(endless);
  assert.deepEqual(
    [error.name, error.message, error.cause],
    ["AbortError", "The task has been aborted", "enough"],
  );
  assert.deepEqual(await Promise.all([nap, waiting]), ["slept", 1]);
});

test("an exception in an idle worker is an error event where there is a listener, and harms no task", async () => {
  await using pool = new Piscina({ filename, maxThreads: 1 });
  const event = once(pool, "error");
  await pool.run(1, { name: "later" });
  pool.threads[0].ref();
  assert.equal(((await event)[0] as Error).message, "thrown later");
  assert.equal(await pool.run(1, { name: "echo" }), 1);
});

test("ports move with a task; a worker's parentPort posts messages to the pool", async () => {
  await using pool = new Piscina({ filename, maxThreads: 1 });
  const { port1, port2 } = new MessageChannel();
  const received = pool.run({ port: port2 }, { name: "port", transferList: [port2] });
  port1.postMessage("through the port");
  assert.equal(await received, "through the port");
  const message = once(pool, "message");
  await pool.run({ posted: true }, { name: "post" });
  assert.deepEqual((await message)[0], { posted: true });
});

test("what is moved is gone here, and not copied from there", async () => {
  await using pool = new Piscina({ filename, maxThreads: 1 });
  const bytes = new Uint8Array(100_000);
  const back = (await pool.run(Piscina.move(bytes), { name: "echo" })) as Uint8Array;
  assert.deepEqual([bytes.byteLength, back.byteLength], [0, 100_000]);
  assert.equal(((await pool.run(0, { name: "moved" })) as Uint8Array).byteLength, 10);
});

test("a result or a task that cannot travel fails that task alone", async () => {
  await using pool = new Piscina({ filename, maxThreads: 1 });
  const error = await rejection(pool.run({ onClick() {} }, { name: "echo" }));
  assert.match(error.message, /onClick is a function/);
  assert.equal(await pool.run(1, { name: "echo" }), 1);
});

test("a list of what to move that is refused fails its task alone, whether it waited or not", async () => {
  await using pool = new Piscina({ filename, name: "echo", maxThreads: 1 });
  for (const waits of [false, true]) {
    const before = waits ? pool.run(1, { name: "nap" }) : undefined;
    const error = await rejection(pool.run(2, { transferList: [{} as never] }));
    assert.ok(error instanceof TypeError);
    await before;
    assert.equal(await pool.run(3), 3);
  }
});

test("a signal that is none, a load balancer or a queue that throws fails its task, and close does not wait for that", async () => {
  const pool = new Piscina({ filename, name: "echo", maxThreads: 1, closeTimeout: Infinity });
  assert.ok((await rejection(pool.run(1, { signal: {} as never }))) instanceof TypeError);
  await pool.close();
  let throws = true;
  const balanced = new Piscina({
    filename,
    name: "echo",
    maxThreads: 1,
    closeTimeout: Infinity,
    loadBalancer(_task, [first]) {
      if (throws) throw new RangeError("balancer");
      return first !== undefined && first.currentUsage === 0 ? first : null;
    },
  });
  assert.equal((await rejection(balanced.run(1))).message, "balancer");
  throws = false;
  const busy = balanced.run(10, { name: "nap" });
  const waiting = rejection(balanced.run(2));
  throws = true;
  assert.equal((await waiting).message, "balancer");
  assert.equal(await busy, "slept");
  await balanced.close();
});

test("tasks that wait for a load balancer reject if no worker can start", async () => {
  const pool = new Piscina({
    filename,
    name: "echo",
    minThreads: 0,
    maxThreads: 2,
    execArgv: ["--no-such-flag"],
    loadBalancer: (_task, workers) => workers[0] ?? null,
  });
  const errors = await Promise.all([1, 2, 3].map((n) => rejection(pool.run(n))));
  for (const { message } of errors) assert.match(message, /--no-such-flag/);
  await pool.close();
});

test("a worker that died idle gets no task, even before the pool has seen the notice of its end", async () => {
  await using pool = new Piscina({ filename, name: "echo", maxThreads: 1 });
  const event = once(pool, "error");
  await pool.run(1, { name: "later" });
  const thread = pool.threads[0] as unknown as { readonly isThere: boolean };
  // This thread does not come to its event loop.
  while (thread.isThere);
  assert.equal(await pool.run(2), 2);
  assert.equal(((await event)[0] as Error).message, "thrown later");
});

test("read-ahead posts no task that it could not withdraw", () => {
  const claims = new Claims(3);
  const worker = { ahead: 0, isRunningAbortableTask: false, thread: { shareClaims() {} } };
  const taskQueue = new FixedQueue();
  for (let taskId = 0; taskId < 8; taskId++)
    taskQueue.push({ taskId, isPlain: true } as unknown as PiscinaTask);
  noteTime(claims.words, 0.01);
  const posted: unknown[] = [];
  const workers = Object.assign([worker], { claims }) as unknown as ConstructorParameters<
    typeof ReadAhead
  >[0];
  const readAhead = new ReadAhead(workers, { taskQueue } as never, (_, task) => {
    worker.ahead++;
    posted.push(claims.open());
    assert.notEqual(task, null);
  });
  readAhead.fill(0);
  assert.deepEqual(posted, [1, 2, 3]);
  assert.equal(taskQueue.size, 5);
});

test("close may be called again while it waits", { timeout: 60_000 }, async () => {
  const pool = new Piscina({ filename, maxThreads: 1, closeTimeout: Infinity });
  const nap = pool.run(20, { name: "nap" });
  await Promise.all([pool.close(), pool.close()]);
  assert.equal(await nap, "slept");
});

test("close waits for tasks, destroy does not; the pool can be used again", async () => {
  const pool = new Piscina({ filename, maxThreads: 1 });
  const naps = [pool.run(50, { name: "nap" }), pool.run(50, { name: "nap" })];
  await pool.close();
  assert.deepEqual(await Promise.all(naps), ["slept", "slept"]);
  assert.equal(pool.threads.length, 0);
  const endless = rejection(pool.run(0, { name: "loop" }));
  await pool.destroy();
  assert.equal((await endless).message, "Terminating worker thread");
});

test("a queue and a load balancer of one's own decide", async () => {
  class Last implements TaskQueue {
    readonly tasks: PiscinaTask[] = [];
    get size(): number {
      return this.tasks.length;
    }
    shift(): PiscinaTask | null {
      return this.tasks.pop() ?? null;
    }
    push(task: PiscinaTask): void {
      this.tasks.push(task);
    }
    remove(task: PiscinaTask): void {
      this.tasks.splice(this.tasks.indexOf(task), 1);
    }
  }
  const order: number[] = [];
  await using pool = new Piscina({ filename, maxThreads: 1, taskQueue: new Last() });
  const run = async (n: number): Promise<void> =>
    void order.push((await pool.run(n, { name: "echo" })) as number);
  await Promise.all([1, 2, 3, 4].map(run));
  assert.deepEqual(order, [1, 4, 3, 2]);

  const chosen: number[] = [];
  await using balanced = new Piscina({
    filename,
    minThreads: 2,
    maxThreads: 2,
    loadBalancer(_task: PiscinaTask, workers: PiscinaWorker[]) {
      const free = workers.filter(({ currentUsage }) => currentUsage === 0).at(-1) ?? null;
      if (free !== null) chosen.push(free.id);
      return free;
    },
  });
  const names = { name: "echo" };
  assert.deepEqual(await Promise.all([1, 2, 3].map((n) => balanced.run(n, names))), [1, 2, 3]);
  assert.equal(new Set(chosen).size, 2);
});

test("FixedQueue keeps the order while it grows and tasks leave its middle", () => {
  const queue = new FixedQueue();
  const tasks = Array.from({ length: 200 }, (_, taskId) => ({ taskId }) as unknown as PiscinaTask);
  for (const task of tasks.slice(0, 40)) queue.push(task);
  for (let i = 0; i < 30; i++) assert.equal(queue.shift(), tasks[i]);
  for (const task of tasks.slice(40)) queue.push(task);
  for (const i of [30, 100, 199]) queue.remove(tasks[i]);
  queue.unshift(tasks[0]);
  const rest = [tasks[0], ...tasks.filter((_, i) => i > 30 && i !== 100 && i !== 199)];
  assert.equal(queue.size, rest.length);
  for (const task of rest) assert.equal(queue.shift(), task);
  assert.ok(queue.isEmpty());
});

test("types: a pool has those of its tasks and results; without any, everything goes", async () => {
  await using pool = new Piscina<number, number>({ filename, name: "echo", maxThreads: 1 });
  const result: number = await pool.run(1);
  // @ts-expect-error a string is no task of this pool
  const other = pool.run("text");
  await using untyped = new Piscina({ filename, name: "echo", maxThreads: 1 });
  const text: string = await untyped.run("text");
  assert.deepEqual([result, await other, text], [1, "text", "text"]);
});
