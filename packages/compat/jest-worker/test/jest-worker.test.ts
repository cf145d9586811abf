/** The behaviour that programs of jest-worker rely on, and the one that they get here in its place: an outcome, however the worker ends. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import {
  FifoQueue,
  messageParent,
  PriorityQueue,
  type PromiseWithCustomMessage,
  Worker,
  type WorkerFarmOptions,
} from "../src/index";

type Methods = Record<string, (...args: unknown[]) => PromiseWithCustomMessage<unknown>>;

const file = (name: string): string => path.join(__dirname, "../../test/workers", name);

/** A farm that ends with the block. */
function farmOf(name: string, options: WorkerFarmOptions = {}) {
  const farm = new Worker(file(name), { enableWorkerThreads: true, numWorkers: 1, ...options });
  const methods = farm as unknown as Methods;
  return { farm, methods, [Symbol.asyncDispose]: async () => void (await farm.end().catch(() => {})) };
}

async function failure(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  return assert.fail("it was fulfilled");
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const part of stream) text += String(part);
  return text;
}

for (const enableWorkerThreads of [true, false]) {
  const kind = enableWorkerThreads ? "interpreters" : "processes";

  test(`functions run in ${kind}, whose output is collected`, async () => {
    const { farm, methods } = farmOf("ends.cjs", { enableWorkerThreads, numWorkers: 2 });
    assert.equal(await methods["echo"]("x"), "x");
    const ids = await Promise.all([methods["id"](), methods["id"]()]);
    assert.deepEqual(ids.sort(), ["1", "2"]);
    await methods["prints"]("hello");
    const [stdout, stderr] = [textOf(farm.getStdout()), textOf(farm.getStderr())];
    assert.deepEqual(await farm.end(), { forceExited: false });
    assert.deepEqual([await stdout, await stderr], ["hello\n", "HELLO\n"]);
    assert.throws(() => methods["echo"]("x"), /Farm is ended/);
  });

  test(`setup and teardown run in ${kind}`, async () => {
    const options = { enableWorkerThreads, setupArgs: ["a", 1], exposedMethods: ["given"] };
    const { farm, methods } = farmOf("set-up.cjs", options);
    await farm.start();
    assert.deepEqual(await methods["given"](), ["a", 1]);
    const stdout = textOf(farm.getStdout());
    await farm.end();
    assert.equal(await stdout, "torn down\n");
    await using bad = farmOf("set-up.cjs", { enableWorkerThreads, setupArgs: ["fail"] });
    const error = await failure(bad.methods["given"]());
    assert.deepEqual([error.message, error["type"]], ["Error when calling setup: no setup", "RangeError"]);
  });

  test(`messageParent reaches the listeners of its call, from ${kind}`, async () => {
    await using ends = farmOf("ends.cjs", { enableWorkerThreads });
    const call = ends.methods["reports"](2);
    const seen: unknown[] = [];
    call.UNSTABLE_onCustomMessage?.((message) => seen.push(message));
    assert.equal(await call, 2);
    assert.deepEqual(seen, [{ i: 1 }, { i: 2 }, { last: true }]);
  });

  test(`a result with functions arrives without them, from ${kind}`, async () => {
    await using ends = farmOf("ends.cjs", { enableWorkerThreads });
    const result = (await ends.methods["withFunctions"]()) as Record<string, unknown>;
    assert.deepEqual(Object.keys(result), ["name", "list", "at", "self"]);
    assert.deepEqual([result["list"], result["at"]], [[1, undefined], new Date(5)]);
    assert.equal(result["self"], result);
    assert.equal(await ends.methods["count"](), 1);
  });
}

test("a module that is a function is called as default; a URL names a module, too", async () => {
  await using standalone = farmOf("standalone.cjs");
  assert.equal(await standalone.methods["default"](6, 7), 42);
  const url = pathToFileURL(file("standalone.cjs"));
  const farm = new Worker(url, { enableWorkerThreads: true, numWorkers: 1 });
  assert.equal(await (farm as unknown as Methods)["default"](2, 3), 6);
  await farm.end();
  assert.throws(() => new Worker("./relative.cjs"), /must be absolute/);
});

test("an error arrives as itself: its class, its properties, its cause", async () => {
  await using ends = farmOf("ends.cjs");
  const thrown = (what: string) => failure(ends.methods["throws"](what));
  const range = await thrown("range");
  assert.ok(range instanceof RangeError);
  assert.deepEqual([range.message, range["at"], range["type"]], ["too far", new Date(0), "RangeError"]);
  assert.match(range.stack ?? "", /ends\.cjs/);
  const own = await thrown("own class");
  assert.deepEqual([own.name, own["code"], own["type"]], ["NotFound", "E_NOT_FOUND", "NotFound"]);
  assert.ok(own.cause instanceof TypeError);
  const both = (await thrown("aggregate")) as unknown as AggregateError;
  assert.ok(both instanceof AggregateError && both.errors[0] instanceof TypeError);
});

test("a stack that the module captures after an await shows no frames of this package: Jest prints it", async () => {
  await using ends = farmOf("ends.cjs");
  const [, ...frames] = ((await ends.methods["stack"]()) as string).split("\n");
  assert.deepEqual(
    frames.filter((frame) => !/ends\.cjs|\(node:/.test(frame)),
    [],
  );
});

test("what is thrown and is no object is thrown as it is; nothing is thrown as an error that says so", async () => {
  await using ends = farmOf("ends.cjs");
  assert.equal(await failure(ends.methods["throws"]("text")), "just text");
  assert.equal(await failure(ends.methods["throws"]("zero")), 0);
  assert.match((await failure(ends.methods["throws"]("nothing"))).message, /"null" or "undefined" thrown/);
});

test("a call that ends its worker is run again up to maxRetries; the calls behind it run", async () => {
  await using ends = farmOf("ends.cjs", { maxRetries: 2 });
  const exits = failure(ends.methods["exit"](3));
  const behind = ends.methods["count"]();
  const error = await exits;
  assert.deepEqual([error.message, error["type"]], ["Call retries were exceeded", "WorkerError"]);
  assert.equal(await behind, 1);
  const clean = failure(ends.methods["exit"](0));
  const next = [ends.methods["count"](), ends.methods["count"]()];
  assert.match((await clean).message, /exited unexpectedly before finishing/);
  assert.deepEqual(await Promise.all(next), [1, 2]);
});

test("a call that runs out of memory is rejected, and the one behind it has a new worker", async () => {
  const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 };
  await using ends = farmOf("ends.cjs", { resourceLimits });
  const exhausts = failure(ends.methods["exhaust"]());
  const next = ends.methods["count"]();
  assert.match((await exhausts).message, /ran out of memory/);
  assert.equal(await next, 1);
});

test("an exception of a timer fails the call that runs with that cause, once it has been tried again", async () => {
  await using ends = farmOf("ends.cjs", { maxRetries: 0 });
  await ends.methods["count"]();
  const [, error] = await Promise.all([ends.methods["later"](), failure(ends.methods["never"]())]);
  assert.equal(error.message, "Call retries were exceeded");
  assert.equal((error.cause as Error).message, "from a timer");
});

test("an argument that cannot travel fails its call only, and names the culprit", async () => {
  await using ends = farmOf("ends.cjs");
  const error = await failure(ends.methods["echo"]({ items: [() => {}] }));
  assert.match(error.message, /items\[0\] is a function/);
  assert.equal(await ends.methods["count"](), 1);
});

test("an argument that a process cannot take fails its call only", async () => {
  await using ends = farmOf("ends.cjs", { enableWorkerThreads: false });
  const errors = await Promise.all([1, 2].map(() => failure(ends.methods["echo"]({ fn: () => {} }))));
  for (const { message } of errors) assert.match(message, /could not be cloned/);
  assert.equal(await ends.methods["count"](), 1);
});

test("a call to a worker that died idle is run, even before the farm has seen the notice of its end", () => {
  const program = `
    const { Worker } = require("@interpreters/jest-worker");
    const farm = new Worker(${JSON.stringify(file("ends.cjs"))}, { enableWorkerThreads: true, numWorkers: 1 });
    farm.later().then(() => {
      // This thread does not come to its event loop.
      const { interp } = farm._workerPool._workers[0]._life;
      try {
        for (;;) interp.isRunning();
      } catch {}
      farm.count().then(console.log, console.log);
    });
  `;
  const { stdout, status } = spawnSync(process.execPath, ["-e", program], {
    encoding: "utf8",
    cwd: __dirname,
  });
  assert.deepEqual([stdout, status], ["1\n", 0]);
});

test("a module that cannot be loaded rejects each call with its own error", async () => {
  await using broken = farmOf("broken.cjs", { exposedMethods: ["anything"] });
  for (let i = 0; i < 2; i++) {
    assert.equal((await failure(broken.methods["anything"]())).message, "broken at load");
  }
});

test("end() lets a call finish that ends in time, and stops one that does not; those that wait are rejected", async () => {
  const soon = farmOf("ends.cjs", { workerGracefulExitTimeout: 60_000 });
  const waited = soon.methods["waits"](20);
  const behind = Array.from({ length: 20_000 }, () => failure(soon.methods["count"]()));
  assert.deepEqual(await soon.farm.end(), { forceExited: false });
  assert.equal(await waited, "waited");
  for (const { message } of await Promise.all(behind)) assert.match(message, /Farm is ended/);
  const stuck = farmOf("ends.cjs", { workerGracefulExitTimeout: 50 });
  await stuck.methods["count"]();
  const loop = failure(stuck.methods["loop"]());
  assert.deepEqual(await stuck.farm.end(), { forceExited: true });
  assert.match((await loop).message, /exited unexpectedly/);
});

test("calls with one key run in one worker, and a queue of priorities orders those that wait", async () => {
  await using keyed = farmOf("ends.cjs", { numWorkers: 2, computeWorkerKey: (_, value) => String(value) });
  const ids = new Set<unknown>();
  for (let i = 0; i < 4; i++) ids.add(await keyed.methods["id"]("key"));
  assert.equal(ids.size, 1);
  const taskQueue = new PriorityQueue((method, value) => (method === "echo" ? Number(value) : 0));
  await using ordered = farmOf("ends.cjs", { taskQueue });
  const order: unknown[] = [];
  const echo = async (value: number): Promise<void> => void order.push(await ordered.methods["echo"](value));
  await Promise.all([ordered.methods["waits"](5), echo(3), echo(1), echo(2)]);
  assert.deepEqual(order, [1, 2, 3]);
  assert.ok(new FifoQueue().dequeue(0) === null);
});

test("a worker above idleMemoryLimit is replaced after its call", async () => {
  await using limited = farmOf("ends.cjs", { idleMemoryLimit: 1000 });
  assert.equal(await limited.methods["count"](), 1);
  // The worker is replaced while the next calls wait or fail over to the new one.
  for (let seen: unknown = 2; seen !== 1;) seen = await limited.methods["count"]();
});

test("a farm keeps neither the arguments of a call nor its result", () => {
  const program = `
    const { Worker } = require("@interpreters/jest-worker");
    const farm = new Worker(${JSON.stringify(file("ends.cjs"))}, { enableWorkerThreads: true, numWorkers: 1 });
    let refs;
    async function call() {
      const sent = {};
      refs = [new WeakRef(sent), new WeakRef(await farm.echo(sent))];
    }
    call().then(async () => {
      while (refs.some((ref) => ref.deref() !== undefined)) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        gc();
      }
      console.log("free");
    });
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ["--expose-gc", "-e", program], {
    encoding: "utf8",
    cwd: __dirname,
    timeout: 60_000,
  });
  assert.equal(stdout, "free\n", stderr);
});

test("messageParent is refused outside of a worker", () => {
  assert.throws(() => messageParent("x"), /can only be used inside a worker/);
});

test("a farm that was never ended does not keep the process alive", () => {
  const program = `
    const { Worker } = require("@interpreters/jest-worker");
    const farm = new Worker(${JSON.stringify(file("ends.cjs"))}, { enableWorkerThreads: true, numWorkers: 2 });
    farm.waits(20).then(console.log);
  `;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["-e", program], {
    encoding: "utf8",
    cwd: __dirname,
  });
  assert.deepEqual([stdout, status], ["waited\n", 0], stderr);
});
