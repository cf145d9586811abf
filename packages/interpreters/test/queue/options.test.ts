/** Options of queues: what is misspelt or cannot be done is refused at once, and buffers are moved or refused, never silently copied. */
import assert from "node:assert/strict";
import { describe as group, test } from "node:test";
import { create, createQueue, move, type Queue, QueueFull, QueueShutDown } from "interpreters";
import { limits, rejection, using } from "../support/ways.js";

test("an unknown option is a TypeError that names it, in every form, and nothing is put or taken", async () => {
  const queue = createQueue<number>(5);
  queue.putNowait(0);
  const bad = { timuot: 30 } as never;
  for (const refused of [queue.put(1, bad), queue.putMany([1], bad), queue.get(bad), queue.getMany(1, bad)]) {
    const error = await rejection(refused);
    assert.ok(error instanceof TypeError);
    assert.match(error.message, /there is no option timuot/);
  }
  for (const refused of [
    () => queue.putSync(1, bad),
    () => queue.putNowait(1, bad),
    () => queue.putManySync([1], bad),
    () => queue.getSync(bad),
    () => queue.getManySync(1, bad),
    () => queue.shutdown(bad),
  ]) {
    assert.throws(refused, { name: "TypeError", message: /there is no option timuot/ });
  }
  assert.throws(() => queue.putNowait(1, { timeout: 1 } as never), /there is no option timeout/);
  assert.equal(queue.qsize(), 1);
});

test("a signal that is aborted already throws its reason at once in blocking forms, too", () => {
  const queue = createQueue<number>(1);
  const signal = AbortSignal.abort("enough");
  const throwsReason = (action: () => unknown): void =>
    assert.throws(action, (reason) => reason === "enough");
  throwsReason(() => queue.getSync({ signal }));
  throwsReason(() => queue.getManySync(1, { signal }));
  throwsReason(() => queue.putSync(1, { signal }));
  throwsReason(() => queue.putManySync([1], { signal }));
  assert.ok(queue.empty());
  assert.throws(() => queue.getSync({ signal: {} as AbortSignal }), TypeError);
});

test("a signal that a getter or an iterator aborts while the items are encoded counts", async () => {
  const queue = createQueue<unknown>(1);
  queue.putNowait("full");
  const abort = new AbortController();
  const { signal } = abort;
  function* values(): Generator<number> {
    yield 1;
    abort.abort("meanwhile");
  }
  assert.equal(await rejection<unknown>(queue.putMany(values(), { signal })), "meanwhile");
  const again = new AbortController();
  const trap = {
    get value() {
      again.abort("again");
      return 1;
    },
  };
  queue.getNowait();
  assert.equal(await rejection<unknown>(queue.put(trap, { signal: again.signal })), "again");
  const third = new AbortController();
  const blocking = {
    get value() {
      third.abort("third");
      return 1;
    },
  };
  assert.throws(
    () => queue.putSync(blocking, { signal: third.signal }),
    (reason) => reason === "third",
  );
  assert.ok(queue.empty());
});

test("id, maxsize and unboundItems are read-only, and maxsize is kept as given", () => {
  const queue = createQueue(-10);
  assert.equal(queue.maxsize, -10);
  assert.equal(queue.full(), false);
  for (const key of ["id", "maxsize", "unboundItems"]) {
    assert.throws(() => Reflect.apply(Object.assign, undefined, [queue, { [key]: 77 }]), TypeError, key);
  }
  assert.throws(() => createQueue(-(2 ** 31) - 1), RangeError);
});

group("buffers of an item", () => {
  for (const [size, bytes] of [
    ["small", 1000],
    ["large", 5_000_000],
  ] as const) {
    test(`${size}: are moved with transfer and with move(), and arrive in another interpreter`, limits, () =>
      using(async (interp) => {
        const queue = createQueue<Uint8Array>();
        const lengths = interp.call((q: Queue<Uint8Array>) => {
          const found: number[] = [];
          for (let i = 0; i < 3; i++) {
            const item = q.getSync() as Uint8Array;
            found.push(item.length, item[item.length - 1]);
          }
          return found;
        }, queue);
        const views = Array.from({ length: 3 }, (_, i) => new Uint8Array(bytes).fill(i + 1));
        await queue.put(views[0], { transfer: [views[0].buffer] });
        queue.putSync(move(views[1]));
        queue.putNowait(views[2], { transfer: [views[2].buffer] });
        for (const view of views) assert.equal(view.byteLength, 0);
        assert.deepEqual(await lengths, [bytes, 1, bytes, 2, bytes, 3]);
      }),
    );

    test(`${size}: stay where they are if the item is refused`, limits, async () => {
      const queue = createQueue<Uint8Array>(1);
      queue.putNowait(new Uint8Array(1));
      const view = new Uint8Array(bytes);
      const transfer = [view.buffer];
      assert.throws(() => queue.putNowait(view, { transfer }), QueueFull);
      assert.ok((await rejection(queue.put(view, { transfer, timeout: 10 }))) instanceof QueueFull);
      queue.shutdown();
      assert.throws(() => queue.putSync(move(view)), QueueShutDown);
      assert.equal(view.byteLength, bytes);
    });
  }

  test("that wait for room are moved when there is room", limits, async () => {
    const queue = createQueue<Uint8Array>(1);
    queue.putNowait(new Uint8Array(1));
    const view = new Uint8Array(5_000_000).fill(7);
    const put = queue.put(view, { transfer: [view.buffer] });
    assert.equal(view.byteLength, 5_000_000);
    await queue.get();
    await put;
    assert.equal(view.byteLength, 0);
    const item = (await queue.get()) as Uint8Array;
    assert.deepEqual([item.length, item[4_999_999]], [5_000_000, 7]);
  });

  test("whose item is never taken are given back with the queue", limits, async () => {
    const queue = createQueue<Uint8Array>();
    const view = new Uint8Array(5_000_000);
    queue.putNowait(move(view));
    queue.close();
    await using interp = create();
    assert.equal(await interp.call(() => 1), 1);
  });

  test("of several items cannot be moved: refused, and nothing is put", () => {
    const queue = createQueue<Uint8Array>();
    const view = new Uint8Array(10);
    assert.throws(() => queue.putManySync([new Uint8Array(1), move(view)]), /is marked by move\(\)/);
    const transfer = { transfer: [view.buffer] } as never;
    assert.throws(() => queue.putManySync([view], transfer), /there is no option transfer/);
    assert.ok(queue.empty());
    assert.equal(view.byteLength, 10);
  });
});
