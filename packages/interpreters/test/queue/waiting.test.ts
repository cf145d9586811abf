/** Bounded queues, time limits and signals: a wait that ends early leaves nothing behind. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { create, createQueue, type Queue, QueueEmpty, QueueFull, type WaitOptions } from "interpreters";
import { getters, putters } from "../support/queues.js";
import { outcome, rejection, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const other = create();
after(() => other.terminate());

const block = (queue: Queue<number>): Promise<number | symbol> => other.call((q) => q.getSync(), queue);
const blockPutting = (queue: Queue<number>, value: number): Promise<void> =>
  other.call((q, v) => q.putSync(v), queue, value);

describe("a bounded queue", limits, () => {
  test("takes as many as it may hold, and then one for each that is got", () => {
    const queue = createQueue<number>(2);
    assert.deepEqual([queue.empty(), queue.full(), queue.qsize(), queue.maxsize], [true, false, 0, 2]);
    queue.putNowait(1);
    assert.deepEqual([queue.empty(), queue.full(), queue.qsize()], [false, false, 1]);
    queue.putNowait(2);
    assert.deepEqual([queue.empty(), queue.full(), queue.qsize()], [false, true, 2]);
    assert.throws(() => queue.putNowait(3), { name: "QueueFull", code: "ERR_QUEUE_FULL" });
    assert.equal(queue.getNowait(), 1);
    queue.putNowait(4);
    assert.deepEqual([queue.getNowait(), queue.getNowait()], [2, 4]);
    assert.throws(() => queue.getNowait(), { name: "QueueEmpty", code: "ERR_QUEUE_EMPTY" });
  });

  test("holds back a producer that is faster than its consumer", async () => {
    const queue = createQueue<number>(3);
    const begun = createQueue<number>();
    const producing = other.call(
      (q, counter) => {
        for (let i = 0; i < 500; i++) {
          counter.putSync(i);
          q.putSync(i);
        }
      },
      queue,
      begun,
    );
    for (let i = 0; i < 500; i++) {
      assert.ok(queue.qsize() <= 3);
      // i were got, 3 are in the queue, one is being put.
      assert.ok(begun.qsize() <= i + 4, `${begun.qsize()} were begun when ${i} were got`);
      assert.equal(await queue.get(), i);
    }
    await producing;
  });

  test("lets asynchronous producers through in the order in which they came", async () => {
    const queue = createQueue<number>(1);
    const puts = Array.from({ length: 50 }, (_, i) => queue.put(i));
    for (let i = 0; i < 50; i++) assert.equal(await queue.get(), i);
    await Promise.all(puts);
  });
});

test("asynchronous getters are served in the order in which they came", limits, async () => {
  const queue = createQueue<number>();
  const order: unknown[] = [];
  const gets = Array.from({ length: 50 }, (_, i) => queue.get().then((item) => order.push([i, item])));
  for (let i = 0; i < 50; i++) queue.putNowait(i);
  await Promise.all(gets);
  assert.deepEqual(
    order,
    Array.from({ length: 50 }, (_, i) => [i, i]),
  );
});

describe("a time limit", limits, () => {
  const since = (start: number): number => performance.now() - start;

  test("that passes while the event loop is busy does not hide what came meanwhile", async () => {
    const queue = createQueue<number>(1);
    await other.call(Math.max, 1);
    for (let round = 0; round < 20; round++) {
      const got = queue.get({ timeout: 1 });
      const start = performance.now();
      void other.call((q) => q.putSync(1), queue);
      while (queue.qsize() === 0 || since(start) < 2);
      assert.equal(await got, 1);

      await queue.put(2);
      const put = queue.put(3, { timeout: 1 });
      const then = performance.now();
      void other.call((q) => q.getSync(), queue);
      while (queue.qsize() === 1 || since(then) < 2);
      await put;
      assert.equal(await queue.get(), 3);
    }
  });

  test("of 0 tries once", async () => {
    const queue = createQueue<number>(1);
    await assert.rejects(queue.get({ timeout: 0 }), QueueEmpty);
    assert.throws(() => queue.getSync({ timeout: 0 }), QueueEmpty);
    await queue.put(1, { timeout: 0 });
    await assert.rejects(queue.put(2, { timeout: 0 }), QueueFull);
    assert.throws(() => queue.putSync(2, { timeout: 0 }), QueueFull);
    assert.equal(await queue.get({ timeout: 0 }), 1);
    assert.equal(queue.qsize(), 0);
  });

  test("of 0 tries once, after those who came before", async () => {
    const queue = createQueue<number>(2);
    const before = queue.get();
    queue.putNowait(1);
    queue.putNowait(2);
    assert.equal(await queue.get({ timeout: 0 }), 2);
    assert.equal(await before, 1);
    queue.putNowait(3);
    queue.putNowait(4);
    const waiting = queue.put(5);
    assert.deepEqual([queue.getNowait(), queue.getNowait()], [3, 4]);
    await queue.put(6, { timeout: 0 });
    await waiting;
    assert.deepEqual([queue.getNowait(), queue.getNowait()], [5, 6]);
  });

  test("that passes ends the wait, not earlier, and leaves nothing behind", async () => {
    const queue = createQueue<number>(1);
    for (const get of [() => queue.get({ timeout: 30 }), async () => queue.getSync({ timeout: 30 })]) {
      const start = performance.now();
      await assert.rejects(get(), QueueEmpty);
      assert.ok(since(start) > 28, `${since(start)} ms`);
      assert.equal(getters(queue), 0);
    }
    queue.putNowait(1);
    for (const put of [() => queue.put(2, { timeout: 30 }), async () => queue.putSync(2, { timeout: 30 })]) {
      const start = performance.now();
      await assert.rejects(put(), QueueFull);
      assert.ok(since(start) > 28, `${since(start)} ms`);
      assert.equal(putters(queue), 0);
    }
    assert.equal(queue.getNowait(), 1);
    assert.ok(queue.empty());
  });

  test("that does not pass makes no difference", async () => {
    const queue = createQueue<number>(1);
    queue.putNowait(1);
    const putting = blockPutting(queue, 2);
    assert.equal(await queue.get({ timeout: WATCHDOG }), 1);
    assert.equal(queue.getSync({ timeout: WATCHDOG }), 2);
    await putting;
    await queue.put(3, { timeout: Infinity });
    assert.equal(await queue.get({ timeout: Infinity }), 3);
  });

  test("is looked at before anything is done", async () => {
    const queue = createQueue<number>(1);
    for (const [timeout, error] of [
      [-1, RangeError],
      [-Infinity, RangeError],
      [NaN, TypeError],
      ["1", TypeError],
      [null, TypeError],
    ] as const) {
      const options = { timeout } as { timeout: number };
      await assert.rejects(queue.put(1, options), error);
      assert.throws(() => queue.putSync(1, options), error);
      assert.equal(queue.qsize(), 0);
      await assert.rejects(queue.get(options), error);
      assert.throws(() => queue.getSync(options), error);
    }
    const options = { signal: {} } as WaitOptions;
    await assert.rejects(queue.put(1, options), TypeError);
    await assert.rejects(queue.get(options), TypeError);
    assert.equal(queue.qsize(), 0);
  });
});

describe("a signal", limits, () => {
  test("that was aborted before refuses to begin, with its own reason", async () => {
    const queue = createQueue<number>();
    const reason = new Error("no");
    queue.putNowait(1);
    const signal = AbortSignal.abort(reason);
    assert.equal(await rejection(queue.get({ signal })), reason);
    assert.equal(await rejection(queue.put(2, { signal })), reason);
    assert.equal(queue.qsize(), 1);
  });

  test("that is aborted meanwhile ends the wait, whatever its reason is", async () => {
    const queue = createQueue<number>(1);
    for (const reason of [new Error("enough"), "text", undefined]) {
      const controller = new AbortController();
      const getting = queue.get({ signal: controller.signal, timeout: WATCHDOG });
      await until(() => getters(queue) === 1, "it waits");
      controller.abort(reason);
      assert.equal(await rejection(getting), controller.signal.reason);
      assert.equal(getters(queue), 0);
    }
    queue.putNowait(1);
    const controller = new AbortController();
    const putting = queue.put(2, { signal: controller.signal });
    await until(() => putters(queue) === 1, "it waits");
    controller.abort();
    assert.equal(await rejection(putting), controller.signal.reason);
    assert.deepEqual([putters(queue), queue.getNowait(), queue.qsize()], [0, 1, 0]);
  });

  test("that is aborted as an item comes hands the item to the next who waits", async () => {
    const queue = createQueue<number>();
    for (let round = 0; round < 20; round++) {
      const controller = new AbortController();
      const mine = outcome(queue.get({ signal: controller.signal }));
      const theirs = block(queue);
      await until(() => getters(queue) === 2, "both wait");
      queue.putNowait(round);
      controller.abort(round);
      assert.deepEqual(await mine, { error: round });
      assert.equal(await theirs, round);
    }
  });

  test("that is aborted as room comes hands the room to the next who waits", async () => {
    const queue = createQueue<number>(1);
    queue.putNowait(-1);
    for (let round = 0; round < 20; round++) {
      const controller = new AbortController();
      const mine = outcome(queue.put(-2, { signal: controller.signal }));
      const theirs = blockPutting(queue, round);
      await until(() => putters(queue) === 2, "both wait");
      assert.equal(queue.getNowait(), round - 1);
      controller.abort(round);
      assert.deepEqual(await mine, { error: round });
      await theirs;
      assert.equal(queue.qsize(), 1);
    }
  });

  test("aborts one of several waiters of an interpreter, and no other", async () => {
    const queue = createQueue<number>();
    const controllers = Array.from({ length: 9 }, () => new AbortController());
    const gets = controllers.map(({ signal }) => outcome(queue.get({ signal })));
    for (const i of [0, 4, 8]) controllers[i].abort(i);
    for (let i = 0; i < 6; i++) queue.putNowait(i);
    const aborted = [0, 4, 8].map((error) => ({ error }));
    const got = [0, 1, 2, 3, 4, 5].map((value) => ({ value }));
    const [a, b, c, d, e, f, g, h, i] = await Promise.all(gets);
    assert.deepEqual([a, e, i], aborted);
    assert.deepEqual([b, c, d, f, g, h], got);
    assert.deepEqual([queue.qsize(), getters(queue)], [0, 0]);
  });
});
