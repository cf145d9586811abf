/** Values that go through a queue, their sizes and identity, and values that are refused before anything is put. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import {
  create,
  createQueue,
  getCurrent,
  Interpreter,
  NotShareableError,
  Queue,
  UNBOUND,
  UNBOUND_ERROR,
  UNBOUND_KEEP,
} from "interpreters";
import { getters } from "../support/queues.js";
import { until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const other = create();
after(() => other.terminate());

/** Sends back everything that comes, until it gets the item that stops it. */
async function echo(requests: Queue, replies: Queue, asynchronous: boolean): Promise<void> {
  for (;;) {
    const item = asynchronous ? await requests.get() : requests.getSync();
    if (item === "stop") return;
    if (asynchronous) await replies.put(item);
    else replies.putSync(item);
  }
}

function bytes(length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + length, 2654435761);
  return new Uint8Array(words.buffer, 0, length);
}

describe("sizes", limits, () => {
  const sizes = [
    0,
    1,
    3,
    47,
    48,
    49,
    2000,
    2047,
    2048,
    2049,
    4095,
    4096,
    4097,
    65_535,
    65_536,
    1 << 20,
    (1 << 20) + 1,
  ];
  for (const asynchronous of [false, true]) {
    test(`from 0 bytes to a megabyte come back as they were (${asynchronous ? "put and get" : "putSync and getSync"})`, async () => {
      const [requests, replies] = [createQueue(), createQueue()];
      const echoing = other.call(echo, requests, replies, asynchronous);
      for (const size of sizes) {
        const sent = bytes(size);
        if (asynchronous) await requests.put(sent);
        else requests.putSync(sent);
        const got = (
          asynchronous ? await replies.get() : replies.getSync({ timeout: WATCHDOG })
        ) as Uint8Array;
        assert.equal(got.length, size);
        assert.equal(Buffer.compare(got, sent), 0, `${size} bytes`);
        const text = "é".repeat(size >> 3) + "x".repeat(size & 7);
        requests.putNowait(text);
        assert.equal(replies.getSync({ timeout: WATCHDOG }) === text, true, `text of ${text.length}`);
      }
      requests.putNowait("stop");
      await echoing;
    });
  }

  test("of 64 MiB come back as they were, and the memory is used again", async () => {
    const [requests, replies] = [createQueue(1), createQueue(1)];
    const echoing = other.call(echo, requests, replies, false);
    const sent = bytes(64 << 20);
    for (let i = 0; i < 3; i++) {
      await requests.put(sent);
      assert.equal(Buffer.compare((await replies.get()) as Uint8Array, sent), 0);
    }
    await requests.put("stop");
    await echoing;
  });

  test("of all kinds may be mixed in one queue, in which many of them wait", () => {
    const queue = createQueue<Uint8Array>();
    const order = Array.from({ length: 400 }, (_, i) => sizes[(i * 7) % 14]);
    for (const size of order) queue.putNowait(bytes(size));
    assert.equal(queue.qsize(), order.length);
    for (const size of order) assert.equal(Buffer.compare(queue.getNowait() as Uint8Array, bytes(size)), 0);
  });
});

test("100 000 items wait in a queue and come out in order", limits, () => {
  const queue = createQueue<number>();
  for (let i = 0; i < 100_000; i++) queue.putNowait(i);
  assert.equal(queue.qsize(), 100_000);
  for (let i = 0; i < 100_000; i++) assert.equal(queue.getNowait(), i);
});

describe("identity", limits, () => {
  test("a queue that comes out of a queue, a call, or an object is the one that this interpreter holds already", async () => {
    const [queue, carrier] = [createQueue<number>(), createQueue()];
    carrier.putNowait(queue);
    assert.equal(carrier.getNowait(), queue);
    carrier.putNowait({ pair: [queue, carrier], map: new Map([["q", queue]]) });
    const { pair, map } = carrier.getNowait() as { pair: Queue[]; map: Map<string, Queue> };
    assert.equal(pair[0], queue);
    assert.equal(pair[1], carrier);
    assert.equal(map.get("q"), queue);
    assert.equal(await other.call((q) => q, queue), queue);
    assert.deepEqual(
      await other.call((q, c) => [q === c.getSync(), q.id], queue, (carrier.putNowait(queue), carrier)),
      [true, queue.id],
    );
    assert.equal(new Queue(queue.id), queue);
  });

  test("a queue keeps what it was made with wherever it goes", async () => {
    const queue = createQueue<number>(7, { unboundItems: UNBOUND_ERROR });
    const seen = await other.call((q) => [q.id, q.maxsize, q.unboundItems.description, q.qsize()], queue);
    assert.deepEqual(seen, [queue.id, 7, "interpreters.UNBOUND_ERROR", 0]);
  });

  test("a queue that only an item carries works when it comes out", async () => {
    const carrier = createQueue<Queue<string>>();
    await other.exec("var kept");
    const inner = createQueue<string>();
    inner.putNowait("inside");
    carrier.putNowait(inner);
    await other.call((c: Queue<Queue<string>>) => {
      const q = c.getSync() as Queue<string>;
      q.putSync("more");
    }, carrier);
    assert.deepEqual([inner.getNowait(), inner.getNowait()], ["inside", "more"]);
  });

  test("UNBOUND, interpreters and a queue in itself are items like others", async () => {
    const queue = createQueue();
    queue.putNowait(UNBOUND);
    queue.putNowait(other);
    queue.putNowait(getCurrent());
    queue.putNowait(queue);
    assert.equal(queue.qsize(), 4);
    assert.equal(queue.getNowait(), UNBOUND);
    assert.equal(queue.getNowait(), other);
    assert.equal(queue.getNowait(), getCurrent());
    assert.equal(queue.getNowait(), queue);
    const [echoed, id] = await other.call((u, i: Interpreter) => [u, i.id], UNBOUND, other);
    assert.equal(echoed, UNBOUND);
    assert.equal(id, other.id);
  });
});

describe("a value that cannot travel", limits, () => {
  const culprits: Record<string, () => unknown> = {
    "a function": () => ({ handlers: [() => {}] }),
    "a symbol": () => [Symbol("s")],
    "a WeakMap": () => ({ a: { b: new WeakMap() } }),
    "a promise": () => [1, 2, Promise.resolve()],
    "much before it": () => ({ large: bytes(1 << 20), queue: createQueue(), bad: () => {} }),
  };
  for (const [name, make] of Object.entries(culprits)) {
    test(`(${name}) is refused by every form, wakes nobody, and puts nothing`, async () => {
      const queue = createQueue();
      const getting = other.call((q) => q.getSync(), queue);
      await until(() => getters(queue) === 1, "it waits");
      const value = make();
      await assert.rejects(queue.put(value), NotShareableError);
      assert.throws(() => queue.putSync(value), NotShareableError);
      assert.throws(() => queue.putNowait(value), {
        name: "NotShareableError",
        code: "ERR_NOT_SHAREABLE",
        message: /value/,
      });
      assert.deepEqual([queue.qsize(), getters(queue)], [0, 1]);
      queue.putNowait("good");
      assert.equal(await getting, "good");
    });
  }

  test("because a getter throws is refused with what it threw, and puts nothing", async () => {
    const queue = createQueue();
    const value = {
      before: createQueue(),
      get trap(): never {
        throw new RangeError("trapped");
      },
    };
    await assert.rejects(queue.put(value), { message: "trapped" });
    assert.throws(() => queue.putNowait(value), { message: "trapped" });
    assert.ok(queue.empty());
    queue.putNowait(1);
    assert.equal(queue.getNowait(), 1);
  });

  test("is refused in another interpreter just the same", async () => {
    const queue = createQueue(0, { unboundItems: UNBOUND_KEEP });
    const names = await other.call(async (q: Queue<unknown, never>) => {
      const found: string[] = [];
      await q.put(() => {}).catch((error: Error) => found.push(error.name));
      for (const form of ["putSync", "putNowait"] as const) {
        try {
          q[form](() => {});
        } catch (error) {
          found.push((error as Error).name);
        }
      }
      return found;
    }, queue);
    assert.deepEqual(names, ["NotShareableError", "NotShareableError", "NotShareableError"]);
    assert.equal(queue.qsize(), 0);
  });
});

test("what is put is what the value was at that moment", limits, async () => {
  const queue = createQueue<{ n: number }>(1);
  const value = { n: 1 };
  queue.putNowait(value);
  value.n = 2;
  const waiting = queue.put(value);
  value.n = 3;
  assert.deepEqual(await queue.get(), { n: 1 });
  await waiting;
  assert.deepEqual(await queue.get(), { n: 2 });
});
