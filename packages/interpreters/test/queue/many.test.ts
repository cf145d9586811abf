/** `putMany` and `getMany`: many items in one step. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import * as fc from "fast-check";
import {
  create,
  createQueue,
  fromModule,
  type InterpreterError,
  ItemInterpreterDestroyed,
  NotShareableError,
  type Queue,
  QueueEmpty,
  QueueFull,
  QueueNotFoundError,
  QueueShutDown,
  UNBOUND_ERROR,
  UNBOUND_KEEP,
} from "interpreters";
import { TAG_LATIN1 } from "../../src/codec/tags.js";
import { runtime } from "../../src/thread/current.js";
import { OK } from "../../src/memory/layout.js";
import { makeOutgoing } from "../../src/kernel/outgoing.js";
import { spaceOf } from "../../src/memory/space.js";
import { put } from "../../src/kernel/queues.js";
import { getters, putters, pointerOf } from "../support/queues.js";
import { rejection, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const others = [create(), create(), create()];
after(() => Promise.all(others.map((interp) => interp.terminate())));
type Numbers = Queue<number, never>;
const numbers = (maxsize = 0): Numbers => createQueue<number>(maxsize, { unboundItems: UNBOUND_KEEP });
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const { putEachWay } = fromModule<typeof import("./putter.js")>(new URL("putter.js", import.meta.url));

describe("putMany and getMany", limits, () => {
  test("keep the order, together and with the other forms, whatever the sizes", async () => {
    const queue = createQueue<unknown>();
    const values = Array.from({ length: 500 }, (_, i) =>
      i % 9 === 0 ? new Uint8Array(i * 40).fill(i) : i % 5 === 0 ? `text ${i}` : i,
    );
    await queue.putMany(values.slice(0, 200));
    queue.putManySync(values.slice(200, 400));
    queue.putNowait(values[400]);
    await queue.putMany(new Set(values.slice(401)));
    assert.equal(queue.qsize(), 500);
    const got = [
      ...(await queue.getMany(7)),
      ...queue.getManySync(150),
      queue.getNowait(),
      ...(await queue.getMany(100)),
    ];
    while (got.length < 500) got.push(...(await queue.getMany(1000)));
    assert.deepEqual(got, values);
    assert.equal(queue.qsize(), 0);
  });

  test("of any mixture of items, in batches of any size, are what was put, in order", async () => {
    const carried = createQueue<number>();
    const item = fc.oneof(
      fc.integer(),
      fc.string({ maxLength: 30 }),
      // Around the size from which an item has pages of its own, and more than are taken at once.
      fc.integer({ min: 2000, max: 2100 }).map((length) => "x".repeat(length)),
      fc.integer({ min: 1, max: 200_000 }).map((length) => new Uint8Array(length).fill(length)),
      fc.constant(carried),
      fc.array(fc.constant(carried), { maxLength: 3 }),
    );
    const batches = fc.array(fc.array(item, { maxLength: 120 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        batches,
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
        async (put, sizes) => {
          const queue = createQueue<unknown>();
          for (const batch of put) await queue.putMany(batch);
          const got: unknown[] = [];
          for (let i = 0; !queue.empty(); i++) got.push(...(await queue.getMany(sizes[i % sizes.length]!)));
          assert.deepEqual(got, put.flat());
          queue.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  test("of several interpreters do not come between each other's items", async () => {
    const queue = numbers();
    const putting = others.slice(0, 2).map((interp, n) =>
      interp.call(
        async (q, base) => {
          for (let i = 0; i < 100; i++) {
            const batch = Array.from({ length: 10 }, (_, j) => base + i * 10 + j);
            if (i % 2 === 0) q.putManySync(batch);
            else await q.putMany(batch);
          }
        },
        queue,
        n * 1000,
      ),
    );
    const got: number[] = [];
    while (got.length < 2000) got.push(...(await queue.getMany(64)));
    await Promise.all(putting);
    for (let i = 0; i < 2000; i += 10) assert.deepEqual(got.slice(i, i + 10), range(got[i], got[i] + 10));
    assert.deepEqual(
      [...got].sort((a, b) => a - b),
      range(0, 2000),
    );
  });

  test("wake as many waiters as there are items or there is room for", async () => {
    const queue = numbers();
    const theirs = others.map((interp) => interp.call((q) => q.getSync(), queue));
    const mine = [queue.get(), queue.get()];
    await until(() => getters(queue) === 4);
    await queue.putMany([1, 2, 3, 4, 5]);
    assert.deepEqual((await Promise.all([...theirs, ...mine])).sort(), [1, 2, 3, 4, 5]);
    assert.deepEqual([queue.qsize(), getters(queue)], [0, 0]);

    const bounded = numbers(3);
    await bounded.putMany([1, 2, 3]);
    const puts = others.map((interp, i) => interp.call((q, n) => q.putSync(n), bounded, 10 + i));
    await until(() => putters(bounded) === 3);
    assert.deepEqual(await bounded.getMany(3), [1, 2, 3]);
    await Promise.all(puts);
    assert.deepEqual((await bounded.getMany(10)).sort(), [10, 11, 12]);
  });
});

describe("putMany into a bounded queue", limits, () => {
  test("waits for room as often as it must, and everything comes in order", async () => {
    const queue = numbers(4);
    const putting = others[0].call((q) => q.putManySync(Array.from({ length: 100 }, (_, i) => i)), queue);
    const got: number[] = [];
    while (got.length < 100) {
      const some = await queue.getMany(3);
      assert.ok(some.length >= 1 && some.length <= 3);
      got.push(...some);
    }
    await putting;
    assert.deepEqual(got, range(0, 100));
  });

  test("that does not get room says how many it put", async () => {
    const queue = numbers(3);
    const full = await rejection<QueueFull & { put: number }>(queue.putMany([1, 2, 3, 4, 5], { timeout: 5 }));
    assert.ok(full instanceof QueueFull);
    assert.equal(full.put, 3);
    assert.throws(() => queue.putManySync([6], { timeout: 0 }), QueueFull);
    assert.deepEqual(await queue.getMany(9), [1, 2, 3]);
    const controller = new AbortController();
    const putting = rejection<Error & { put: number }>(
      queue.putMany(range(0, 10), { signal: controller.signal }),
    );
    await until(() => putters(queue) === 1);
    assert.deepEqual(await queue.getMany(2), [0, 1]);
    await until(() => queue.full() && putters(queue) === 1);
    const reason = new Error("enough");
    controller.abort(reason);
    assert.equal(await putting, reason);
    assert.deepEqual([await queue.getMany(9), putters(queue)], [[2, 3, 4], 0]);
  });

  test("aborted with one signal ends with its reason in every queue, whatever kind of reason that is", async () => {
    for (const reason of [undefined, Object.freeze(new Error("frozen")), "text"]) {
      const controller = new AbortController();
      const queues = [numbers(1), numbers(2)];
      const puts = queues.map((queue) =>
        rejection(queue.putMany(range(0, 5), { signal: controller.signal })),
      );
      await until(() => queues.every((queue) => putters(queue) === 1));
      controller.abort(reason);
      for (const putting of puts) assert.equal(await putting, controller.signal.reason);
    }
  });

  test("that is shut down or closed meanwhile says how many it put", async () => {
    for (const [end, expected] of [
      ["shutdown", QueueShutDown],
      ["close", QueueNotFoundError],
    ] as const) {
      const queue = numbers(2);
      const putting = rejection<Error & { put: number }>(queue.putMany(range(0, 5)));
      await until(() => putters(queue) === 1);
      queue[end]();
      const error = await putting;
      assert.ok(error instanceof expected, String(error));
      assert.equal(error.put, 2);
    }
  });

  test("of nothing is done at once, even where there is no room", async () => {
    const queue = numbers(1);
    queue.putNowait(1);
    await queue.putMany([]);
    queue.putManySync(new Set<number>());
    assert.equal(queue.qsize(), 1);
  });
});

describe("putMany of what cannot travel", limits, () => {
  test("puts nothing, wherever in the line it is", async () => {
    const queue = createQueue<unknown>();
    for (const values of [
      [() => {}],
      [1, 2, () => {}],
      [new Uint8Array(1 << 20), createQueue(), Promise.resolve(), 4],
    ]) {
      await assert.rejects(queue.putMany(values), NotShareableError);
      assert.throws(() => queue.putManySync(values), NotShareableError);
    }
    const failing = function* (): Generator<number> {
      yield 1;
      throw new RangeError("no more");
    };
    await assert.rejects(queue.putMany(failing()), { message: "no more" });
    for (const wrong of [5, null, undefined, {}])
      await assert.rejects(queue.putMany(wrong as unknown as []), TypeError);
    assert.equal(queue.qsize(), 0);
  });
});

describe("getMany", limits, () => {
  test("waits for the first item and takes what there is", async () => {
    const queue = numbers();
    const getting = queue.getMany(10);
    await until(() => getters(queue) === 1);
    queue.putManySync([1, 2, 3]);
    assert.deepEqual(await getting, [1, 2, 3]);
    const there = others[0].call((q) => q.getManySync(2), queue);
    await until(() => getters(queue) === 1);
    queue.putManySync([4, 5, 6]);
    assert.deepEqual(await there, [4, 5]);
    assert.deepEqual(await queue.getMany(100), [6]);
    await assert.rejects(queue.getMany(5, { timeout: 2 }), QueueEmpty);
    assert.throws(() => queue.getManySync(5, { timeout: 0 }), QueueEmpty);
  });

  test("refuses a number that is none, and takes nothing", async () => {
    const queue = numbers();
    queue.putNowait(1);
    for (const max of ["1", 1.5, NaN, null, undefined])
      await assert.rejects(queue.getMany(max as number), TypeError);
    for (const max of [0, -1]) {
      await assert.rejects(queue.getMany(max), RangeError);
      assert.throws(() => queue.getManySync(max), RangeError);
    }
    assert.equal(queue.qsize(), 1);
  });

  test("gives an item that is an error alone, so that nothing is lost with it", async () => {
    const queue = createQueue<unknown>(0, { unboundItems: UNBOUND_ERROR });
    const victim = create();
    queue.putNowait("a");
    queue.putNowait("b");
    await victim.call(putEachWay, [queue]);
    queue.putNowait("c");
    await victim.terminate();
    const found: unknown[] = [];
    while (!queue.empty()) {
      try {
        found.push(...queue.getManySync(100));
      } catch (error) {
        assert.ok(error instanceof ItemInterpreterDestroyed, String(error));
        found.push("error");
      }
    }
    assert.deepEqual(found.map(String), [
      "a",
      "b",
      "error",
      "error",
      "Symbol(interpreters.UNBOUND)",
      "error",
      "kept",
      "c",
    ]);
  });

  test("after a shutdown gives what is left, and then QueueShutDown", async () => {
    const queue = numbers();
    await queue.putMany([1, 2, 3]);
    queue.shutdown();
    assert.deepEqual(await queue.getMany(2), [1, 2]);
    assert.deepEqual(queue.getManySync(2), [3]);
    await assert.rejects(queue.getMany(2), QueueShutDown);
    await assert.rejects(queue.putMany([1]), QueueShutDown);
  });

  test("hands over what came with an item that cannot be read, on the error", async () => {
    const queue = createQueue<unknown>();
    const { m, id } = runtime();
    const putDamaged = (): void => {
      const space = spaceOf(Buffer.alloc(4));
      space.bytes.set([TAG_LATIN1, 100, 0x61]);
      const damaged = makeOutgoing(space);
      damaged.sender = id;
      damaged.length = 3;
      assert.equal(put(m, pointerOf(queue), false, damaged), OK);
    };
    const text = "x".repeat(5000);
    const forms = { getMany: () => queue.getMany(10), getManySync: async () => queue.getManySync(10) };
    for (const form of Object.values(forms)) {
      queue.putNowait(1);
      putDamaged();
      queue.putNowait(text);
      putDamaged();
      queue.putNowait(5);
      const { code, items } = await rejection<InterpreterError & { items: unknown }>(form());
      assert.deepEqual({ code, items }, { code: "ERR_MALFORMED_VALUE", items: [1, text, 5] });
      assert.equal(queue.qsize(), 0);
    }
  });
});
