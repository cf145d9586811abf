import assert from "node:assert/strict";
import { test } from "node:test";
import {
  create,
  createQueue,
  ItemInterpreterDestroyed,
  NotShareableError,
  type Queue,
  QueueEmpty,
  QueueFull,
  QueueShutDown,
  UNBOUND_ERROR,
} from "../../src/index.js";

test("putMany puts all items in order, small and large, and getMany gets them back", async () => {
  const queue = createQueue();
  const items = [1, "two", { three: [3] }, new Uint8Array(100_000).fill(7), queue, null];
  await queue.putMany(items);
  assert.equal(queue.qsize(), items.length);
  assert.deepEqual(queue.getManySync(2), items.slice(0, 2));
  const rest = await queue.getMany(100);
  assert.deepEqual(rest.slice(0, 2), items.slice(2, 4));
  assert.equal(rest[2], queue);
  assert.equal(rest[3], null);
});

test("putMany of nothing does nothing, also in a full queue", async () => {
  const queue = createQueue(1);
  queue.putNowait(1);
  queue.putManySync([], { timeout: 0 });
  await queue.putMany([]);
  assert.equal(queue.qsize(), 1);
});

test("putMany with an item that cannot travel names it and puts nothing", async () => {
  const queue = createQueue();
  await assert.rejects(queue.putMany([1, { f: () => 1 }]), (error: Error) => {
    assert.ok(error instanceof NotShareableError);
    assert.match(error.message, /values\[1\]\.f is a function/);
    return true;
  });
  assert.throws(() => queue.putManySync([1, Symbol("s")]), NotShareableError);
  assert.throws(() => queue.putManySync(5 as never), TypeError);
  assert.equal(queue.qsize(), 0);
});

test("putMany into a bounded queue waits for room and keeps the order", async () => {
  const queue = createQueue<number>(3);
  const putting = queue.putMany([0, 1, 2, 3, 4, 5, 6, 7]);
  const got: unknown[] = [];
  while (got.length < 8) got.push(...(await queue.getMany(2)));
  await putting;
  assert.deepEqual(got, [0, 1, 2, 3, 4, 5, 6, 7]);
});

test("putMany that runs out of time says how many were put, and those stay", () => {
  const queue = createQueue<number>(3);
  assert.throws(
    () => queue.putManySync([1, 2, 3, 4, 5], { timeout: 1 }),
    (error: Error) => error instanceof QueueFull && (error as { put?: number }).put === 3,
  );
  assert.deepEqual(queue.getManySync(10), [1, 2, 3]);
});

test("getMany waits for the first item, and throws QueueEmpty or QueueShutDown when none comes", async () => {
  const queue = createQueue<number>();
  assert.throws(() => queue.getManySync(5, { timeout: 0 }), QueueEmpty);
  const getting = queue.getMany(5);
  queue.putManySync([1, 2]);
  const got = await getting;
  assert.equal(got[0], 1);
  queue.shutdown();
  if (got.length === 1) assert.deepEqual(queue.getManySync(5), [2]);
  assert.throws(() => queue.getManySync(5), QueueShutDown);
  await assert.rejects(queue.putMany([1]), QueueShutDown);
  assert.throws(() => queue.getManySync(0), RangeError);
  await assert.rejects(queue.getMany(1.5), TypeError);
});

test("getMany gives an item that is an error alone, and loses nothing before or behind it", async () => {
  const queue = createQueue<number>(0, { unboundItems: UNBOUND_ERROR });
  const interp = create();
  queue.putManySync([1, 2]);
  await interp.call((q: Queue<number, never>) => q.putNowait(3), queue);
  queue.putManySync([4, 5]);
  await interp.close();
  assert.deepEqual(queue.getManySync(10), [1, 2]);
  assert.throws(() => queue.getManySync(10), ItemInterpreterDestroyed);
  assert.deepEqual(queue.getManySync(10), [4, 5]);
});

test("getMany of more than are taken at once gets the rest next time", () => {
  const queue = createQueue<number>();
  const numbers = Array.from({ length: 3000 }, (_, i) => i);
  queue.putManySync(numbers);
  const got: unknown[] = [];
  while (got.length < numbers.length) got.push(...queue.getManySync(5000));
  assert.deepEqual(got, numbers);
});

test("batches of several producers are not mixed in an unbounded queue", async () => {
  const queue = createQueue<[number, number]>();
  const producers = [create(), create()];
  const produce = (q: Queue<[number, number]>, who: number): void => {
    for (let batch = 0; batch < 50; batch++) {
      q.putManySync(Array.from({ length: 20 }, (_, i) => [who, batch * 20 + i] as [number, number]));
    }
  };
  await Promise.all(producers.map((producer, who) => producer.call(produce, queue, who)));
  const got: [number, number][] = [];
  while (queue.qsize() > 0) got.push(...(queue.getManySync(1000) as [number, number][]));
  assert.equal(got.length, 2000);
  for (let i = 0; i < got.length; i += 20) {
    const batch = got.slice(i, i + 20);
    assert.ok(batch.every(([who]) => who === batch[0][0]));
    assert.ok(batch.every(([, n], k) => n === batch[0][1] + k));
  }
  await Promise.all(producers.map((producer) => producer.close()));
});
