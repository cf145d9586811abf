/** Functions that return promises and thenables of every kind: the outcome is the one that `await` would give. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { create, InterpreterPoolExecutor, NotShareableError, type Queue } from "interpreters";
import { channel, deathByLimit, limits, rejection } from "../support/ways.js";

const interp = create();
const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
const beside = new InterpreterPoolExecutor({ maxWorkers: 1, concurrency: 2 });
after(() => Promise.all([interp.close(), pool.shutdown(), beside.shutdown()]));

/** Each returns 1, or fails with "expected". */
const functions: Record<string, () => unknown> = {
  "a then getter that throws": () => ({
    get then() {
      throw new Error("expected");
    },
  }),
  "a promise of one": async () => ({
    get then() {
      throw new Error("expected");
    },
  }),
  "a then getter that may be read only once"() {
    let reads = 0;
    return {
      get then() {
        if (reads++ > 0) throw new Error("read again");
        return (resolve: (value: number) => void) => resolve(1);
      },
    };
  },
  "a then that throws": () => ({
    then() {
      throw new Error("expected");
    },
  }),
  "a then that fulfils and rejects": () => ({
    then(resolve: (value: number) => void, reject: (reason: Error) => void) {
      resolve(1);
      reject(new Error("too late"));
    },
  }),
  "a then that rejects and fulfils": () => ({
    then(resolve: (value: number) => void, reject: (reason: Error) => void) {
      reject(new Error("expected"));
      resolve(2);
    },
  }),
  "a then that throws after it has fulfilled": () => ({
    then(resolve: (value: number) => void) {
      resolve(1);
      throw new Error("too late");
    },
  }),
  "a thenable of a thenable": () => ({
    then: (resolve: (value: unknown) => void) => resolve({ then: (inner: typeof resolve) => inner(1) }),
  }),
  "a thenable of a promise that rejects": () => ({
    then: (resolve: (value: unknown) => void) => resolve(Promise.reject(new Error("expected"))),
  }),
  "a function with a then": () =>
    Object.assign(() => 0, { then: (resolve: (value: number) => void) => resolve(1) }),
  "a proxy that throws": () =>
    new Proxy(
      {},
      {
        get() {
          throw new Error("expected");
        },
      },
    ),
  "a promise with a then that does nothing": () => Object.assign(Promise.resolve(1), { then() {} }),
  "a promise with a then that throws": () =>
    Object.assign(Promise.resolve(1), {
      then() {
        throw new Error("its own");
      },
    }),
  "a promise with a then that calls back": () =>
    Object.assign(Promise.resolve(1), { then: (resolve: (value: number) => number) => resolve(2) }),
  "a promise whose constructor gives thenables that do nothing"() {
    const species = function (executor: (...settle: (() => void)[]) => void) {
      executor(
        () => {},
        () => {},
      );
      return { then() {} };
    };
    return Object.assign(Promise.resolve(1), { constructor: { [Symbol.species]: species } });
  },
  "a subclass whose then delays"() {
    class Slow<T> extends Promise<T> {
      override then(...args: Parameters<Promise<T>["then"]>): never {
        return setImmediate(() => super.then(...args)) as never;
      }
    }
    return Slow.resolve(1);
  },
  "a promise whose constructor throws": () =>
    Object.defineProperty(Promise.resolve(1), "constructor", {
      get() {
        throw new Error("expected");
      },
    }),
};

/** The outcome in this thread. */
async function awaited(fn: () => unknown): Promise<unknown> {
  try {
    return await fn();
  } catch (error) {
    return (error as Error).message.replace(/^Error: /, "");
  }
}

const ways: Record<string, (fn: () => unknown) => unknown> = {
  call: (fn) => interp.call(fn),
  callSync: (fn) => interp.callSync(fn),
  "a task": (fn) => pool.submit(fn),
  "a task beside others": (fn) => beside.submit(fn),
  "calls of a chunk": async (fn) => {
    const results: unknown[] = [];
    for await (const result of pool.map(fn, [1, 2], { chunksize: 2 })) results.push(result);
    assert.equal(results.length, 2);
    return results.find((result) => result !== results[0]) ?? results[0];
  },
};

for (const [name, fn] of Object.entries(functions)) {
  test(`${name}: as await`, limits, async () => {
    const expected = await awaited(fn);
    assert.ok(expected === 1 || expected === "expected", String(expected));
    for (const [way, use] of Object.entries(ways)) assert.equal(await awaited(() => use(fn)), expected, way);
    const initialized = new InterpreterPoolExecutor({ maxWorkers: 1, initializer: fn, stderr: "ignore" });
    const outcome = await awaited(() => initialized.submit(() => 1));
    if (expected === 1) assert.equal(outcome, 1);
    else assert.match(String(outcome), /^The pool is broken: the initializer .* failed: Error: expected$/);
    await initialized.shutdown();
  });
}

test(
  "a thenable that never settles ends with its time limit, and its then is called once",
  limits,
  async () => {
    const calls = channel<string>();
    const never = (queue: Queue<string>): object => ({ then: () => queue.putNowait("called") });
    deathByLimit(await rejection(create().with({ timeout: 50 }).call(never, calls)));
    deathByLimit(await rejection(pool.with({ timeout: 50 }).submit(never, calls)));
    assert.equal(calls.qsize(), 2);
    assert.equal(await pool.submit(() => 1), 1);
  },
);

test(
  "thenables are no data: as an argument or an item they are refused, and their then is not called",
  limits,
  async () => {
    const queue = channel<unknown>();
    const values: [unknown, RegExp][] = [
      [{ then: () => assert.fail("called") }, /\.then is a function/],
      [{ nested: [{ then: () => assert.fail("called") }] }, /nested\[0\]\.then is a function/],
      [Promise.resolve(1), /is a Promise \(await it first\)/],
    ];
    for (const [value, message] of values) {
      for (const use of [
        () => interp.call((x: unknown) => x, value),
        () => pool.submit((x: unknown) => x, value),
        () => queue.put(value),
        () => queue.putMany([value]),
      ]) {
        const error = await rejection(Promise.resolve().then(use));
        assert.ok(error instanceof NotShareableError, String(error));
        assert.match(error.message, message);
      }
    }
    const data = { then: 5 };
    assert.deepEqual(await interp.call((x: object) => x, data), data);
    assert.ok(queue.empty());
  },
);
