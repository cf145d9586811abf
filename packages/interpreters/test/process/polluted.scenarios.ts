/** Programs in which `Object.prototype` has members of options' names; polluted.test.ts runs each in its own process. */
import assert from "node:assert/strict";
import {
  asCompleted,
  create,
  createQueue,
  Event,
  functionsOf,
  InterpreterPoolExecutor,
  Lock,
  onGet,
  prewarm,
  select,
  Semaphore,
  UNBOUND,
  wait,
} from "interpreters";

const members: Record<string, unknown> = {
  // Of `create`.
  env: { FROM_PROTOTYPE: "1" },
  argv: ["--polluted"],
  execArgv: ["--no-such-flag"],
  resourceLimits: { maxOldGenerationSizeMb: 4 },
  config: "none",
  stdout: "ignore",
  language: 5,
  workerData: "polluted",
  parentPort: 5,
  environmentData: 5,
  transfer: [5],
  // Of operations.
  timeout: 1,
  waitTimeout: 0,
  resultTimeout: 0,
  signal: AbortSignal.abort(new Error("polluted")),
  ref: false,
  base: 5,
  buffersize: -1,
  wait: false,
  immediate: true,
  unboundItems: 5,
  // Of pools.
  maxWorkers: 0,
  minWorkers: 5,
  maxQueue: 0,
  concurrency: 0,
  initializer: 5,
  initargs: 5,
  shared: 5,
  retries: -1,
  priority: 9,
  onProgress: 5,
  cancelFutures: true,
  shutdownTimeout: 1,
  chunksize: 0,
  ordered: 5,
  settled: 5,
  returnWhen: 5,
  default: 5,
  in: 5,
};

// Node's own streams have such options, too.
const { stdout } = process;

const polluted: object = Object.getPrototypeOf({}) as object;
for (const [name, value] of Object.entries(members)) {
  Object.defineProperty(polluted, name, { value, configurable: true, writable: true });
}

const double = async (n: number): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, 30));
  return n * 2;
};

const scenarios: Record<string, () => Promise<void>> = {
  async interpreters() {
    const interp = create();
    const seen = await interp.call(() => [
      process.env["FROM_PROTOTYPE"],
      process.argv.length,
      process.getBuiltinModule("node:worker_threads").workerData as unknown,
    ]);
    assert.deepEqual(seen, [undefined, 2, null]);
    assert.equal(await interp.call(double, 2), 4);
    assert.equal(interp.callSync(double, 3), 6);
    assert.equal(await interp.with({ timeout: 60_000 }).call(double, 4), 8);
    await interp.exec("var n = 1");
    await interp.exec("n++", { filename: "n.js" });
    await interp.with({ timeout: 60_000 }).exec("n++");
    await interp.prepareMain({ m: 1 });
    const items: number[] = [];
    for await (const item of interp.iterate(async function* (n: number) {
      yield n;
    }, 5)) {
      items.push(item);
    }
    assert.deepEqual(items, [5]);
    const call = interp.call(double, 5);
    await interp.close({ wait: true });
    assert.equal(await call, 10);
    await create({ name: "named" }).close();
    prewarm(1);
    await using standby = create();
    assert.equal(await standby.call((n: number) => -n, -1), 1);
    prewarm(0);
    assert.deepEqual(await functionsOf("data:text/javascript,export const f = () => 1"), ["f"]);
  },
  async queues() {
    const queue = createQueue<number>(1);
    await queue.put(1);
    assert.equal(await queue.get(), 1);
    const later = queue.get();
    setTimeout(() => queue.putNowait(2), 30);
    assert.equal(await later, 2);
    const limited = queue.get({ timeout: 60_000 });
    setTimeout(() => void queue.put(3, { timeout: 60_000 }), 30);
    assert.equal(await limited, 3);
    await queue.putMany([4]);
    assert.deepEqual(await queue.getMany(1), [4]);
    assert.deepEqual(
      await select([onGet(queue)], { timeout: 1 }).catch((error: Error) => error.name),
      "TimeoutError",
    );
    const other = createQueue<number>(0, {});
    const dead = create();
    await dead.call((queue: typeof other) => queue.putNowait(1), other);
    await dead.close();
    assert.equal(await other.get(), UNBOUND);
    other.putNowait(1);
    other.shutdown();
    assert.equal(await other.get(), 1);
  },
  async coordination() {
    const lock = new Lock();
    const held = await lock.acquire();
    const waiting = lock.acquire({ timeout: 60_000 });
    setTimeout(() => held.release(), 30);
    (await waiting).release();
    const event = new Event();
    setTimeout(() => event.set(), 30);
    await event.wait();
    (await new Semaphore(1).acquire()).release();
  },
  async pools() {
    const executor = new InterpreterPoolExecutor({ name: "pool" });
    const future = executor.submit(double, 1);
    assert.equal((await wait([future])).done.size, 1);
    assert.equal(await future, 2);
    assert.equal(await executor.with({ priority: 1 }).submit(double, 2), 4);
    const results: number[] = [];
    for await (const result of executor.map(double, [3, 4])) results.push(result);
    for await (const result of executor.map(double, [5], {})) results.push(result);
    assert.deepEqual(results, [6, 8, 10]);
    for await (const { status } of asCompleted([executor.submit(double, 1)]))
      assert.equal(status, "fulfilled");
    for await (const item of executor.iterate((n: number) => [n], 7)) assert.equal(item, 7);
    await using group = executor.group();
    assert.equal(await group.submit(double, 6), 12);
    await executor.room();
    const last = executor.submit(double, 8);
    await executor.shutdown();
    assert.equal(await last, 16);
  },
};

await scenarios[process.argv[2]]();
for (const name of Object.keys(members)) Reflect.deleteProperty(polluted, name);
stdout.write("done\n");
