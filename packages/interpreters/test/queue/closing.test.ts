/** How a queue ends: `shutdown` ends it for its producers first, `close` for every interpreter at once; and `for await`. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import {
  create,
  createQueue,
  listQueues,
  Queue,
  QueueNotFoundError,
  QueueShutDown,
  UNBOUND_KEEP,
} from "interpreters";
import { getters, putters } from "../support/queues.js";
import { outcome, rejection, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const [first, second] = [create(), create()];
after(() => Promise.all([first.terminate(), second.terminate()]));

/** The name of the error that the blocked operation there throws. */
const errorOfGet = (queue: Queue<number>): Promise<string> =>
  first.call((q) => {
    try {
      q.getSync();
      return "none";
    } catch (error) {
      return (error as Error).name;
    }
  }, queue);
const errorOfPut = (queue: Queue<number>): Promise<string> =>
  second.call(async (q) => {
    try {
      await q.put(-1);
      return "none";
    } catch (error) {
      return (error as Error).name;
    }
  }, queue);

/** Every operation on the queue, by name. */
function everything(queue: Queue<number>): Record<string, () => unknown> {
  return {
    put: () => queue.put(1),
    putSync: () => queue.putSync(1),
    putNowait: () => queue.putNowait(1),
    "put with a time limit": () => queue.put(1, { timeout: 10 }),
    get: () => queue.get(),
    getSync: () => queue.getSync(),
    getNowait: () => queue.getNowait(),
    "get with a time limit": () => queue.get({ timeout: 10 }),
  };
}

async function errorOf(fn: () => unknown): Promise<unknown> {
  const result = await outcome((async () => fn())());
  assert.ok("error" in result, "it should have failed");
  return result.error;
}

describe("shutdown", limits, () => {
  test("refuses every put, lets what is there be got, and then refuses every get", async () => {
    const queue = createQueue<number>();
    for (let i = 0; i < 3; i++) queue.putNowait(i);
    queue.shutdown();
    for (const form of ["put", "putSync", "putNowait"] as const) {
      const error = await errorOf(() => queue[form](9));
      assert.ok(error instanceof QueueShutDown, `${form}: ${String(error)}`);
      assert.equal(error.code, "ERR_QUEUE_SHUT_DOWN");
    }
    assert.equal(queue.qsize(), 3);
    assert.deepEqual([await queue.get(), queue.getSync(), queue.getNowait()], [0, 1, 2]);
    for (const [name, operation] of Object.entries(everything(queue))) {
      assert.ok((await errorOf(operation)) instanceof QueueShutDown, name);
    }
    assert.equal(queue.qsize(), 0);
    queue.shutdown();
  });

  test("wakes whoever waits, here and elsewhere", async () => {
    const queue = createQueue<number>();
    const waiting = [outcome(queue.get()), outcome(queue.get({ timeout: WATCHDOG }))];
    const there = errorOfGet(queue);
    await until(() => getters(queue) === 2);
    queue.shutdown();
    for (const result of await Promise.all(waiting))
      assert.ok("error" in result && result.error instanceof QueueShutDown);
    assert.equal(await there, "QueueShutDown");

    const full = createQueue<number>(1);
    full.putNowait(0);
    const putting = outcome(full.put(1));
    const puttingThere = errorOfPut(full);
    await until(() => putters(full) === 2);
    full.shutdown();
    const result = await putting;
    assert.ok("error" in result && result.error instanceof QueueShutDown);
    assert.equal(await puttingThere, "QueueShutDown");
    assert.equal(full.getNowait(), 0);
    assert.throws(() => full.getNowait(), QueueShutDown);
  });

  test("with immediate drops what is there, also for interpreters elsewhere", async () => {
    const queue = createQueue<Uint8Array | number>();
    for (let i = 0; i < 10; i++) queue.putNowait(new Uint8Array(i * 5000));
    await first.call((q) => q.shutdown({ immediate: true }), queue);
    assert.equal(queue.qsize(), 0);
    assert.throws(() => queue.getNowait(), QueueShutDown);
    assert.equal(listQueues().includes(queue), true, "it is there still");
  });
});

describe("close", limits, () => {
  test("ends the queue for everybody: every operation is QueueNotFoundError, and so is a second close", async () => {
    const queue = createQueue<number>(4);
    for (let i = 0; i < 3; i++) queue.putNowait(i);
    const { id } = queue;
    queue.close();
    const operations = {
      ...everything(queue),
      qsize: () => queue.qsize(),
      empty: () => queue.empty(),
      full: () => queue.full(),
      shutdown: () => queue.shutdown(),
      close: () => queue.close(),
      "new Queue(id)": () => new Queue(id),
    };
    for (const [name, operation] of Object.entries(operations)) {
      const error = await errorOf(operation);
      assert.ok(error instanceof QueueNotFoundError, `${name}: ${String(error)}`);
      assert.match(error.message, new RegExp(`\\b${id}\\b`));
    }
    assert.equal(listQueues().includes(queue), false);
    assert.equal(await errorOfGet(queue), "QueueNotFoundError");
    assert.equal(await errorOfPut(queue), "QueueNotFoundError");
  });

  test("wakes whoever waits, here and elsewhere", async () => {
    const queue = createQueue<number>();
    const waiting = [outcome(queue.get()), outcome(queue.get({ timeout: WATCHDOG }))];
    const there = errorOfGet(queue);
    await until(() => getters(queue) === 2);
    queue.close();
    for (const result of await Promise.all(waiting)) {
      assert.ok("error" in result && result.error instanceof QueueNotFoundError);
    }
    assert.equal(await there, "QueueNotFoundError");

    const full = createQueue<number>(1);
    full.putNowait(0);
    const putting = outcome(full.put(1));
    const puttingThere = errorOfPut(full);
    await until(() => putters(full) === 2);
    await first.call((q) => q.close(), full);
    const result = await putting;
    assert.ok("error" in result && result.error instanceof QueueNotFoundError);
    assert.equal(await puttingThere, "QueueNotFoundError");
  });

  test("wakes this thread when another closes what it blocks for", async () => {
    const queue = createQueue<number>();
    const closing = first.call((q) => q.close(), queue);
    assert.throws(() => queue.getSync({ timeout: WATCHDOG }), QueueNotFoundError);
    const full = createQueue<number>(1);
    full.putNowait(1);
    const closingToo = first.call((q) => q.close(), full);
    assert.throws(() => full.putSync(1, { timeout: WATCHDOG }), QueueNotFoundError);
    await Promise.all([closing, closingToo]);
  });

  test("of one queue is no concern of the others", () => {
    const queues = Array.from({ length: 5 }, () => createQueue<number>());
    queues.forEach((queue, i) => queue.putNowait(i));
    queues[2].close();
    for (const i of [0, 1, 3, 4]) assert.equal(queues[i].getNowait(), i);
  });

  test("comes before or after each put of others, never in the middle of one", async () => {
    for (let round = 0; round < 20; round++) {
      const queue = createQueue<number>(0, { unboundItems: UNBOUND_KEEP });
      const putting = first.call((q) => {
        try {
          for (let i = 0; ; i++) q.putSync(i);
        } catch (error) {
          return (error as Error).name;
        }
      }, queue);
      for (let i = 0; i < round * 10; i++) assert.equal(await queue.get(), i);
      queue.close();
      assert.equal(await putting, "QueueNotFoundError");
    }
  });
});

describe("for await", limits, () => {
  test("gets item by item and ends when the queue is shut down and empty", async () => {
    const queue = createQueue<number>(2, { unboundItems: UNBOUND_KEEP });
    const producing = first.call((q) => {
      for (let i = 0; i < 300; i++) q.putSync(i);
      q.shutdown();
    }, queue);
    const items: number[] = [];
    for await (const item of queue) items.push(item);
    assert.deepEqual(
      items,
      Array.from({ length: 300 }, (_, i) => i),
    );
    await producing;
    for await (const item of queue) assert.fail(`got ${item} after the end`);
  });

  test("that is left gives nothing away: the queue goes on", async () => {
    const queue = createQueue<number>();
    for (let i = 0; i < 5; i++) queue.putNowait(i);
    for await (const item of queue) if (item === 1) break;
    assert.deepEqual([queue.qsize(), queue.getNowait(), getters(queue)], [3, 2, 0]);
  });

  test("in two places shares the items", async () => {
    const queue = createQueue<number>(1, { unboundItems: UNBOUND_KEEP });
    const collect = async (q: Queue<number, never>): Promise<number[]> => {
      const items: number[] = [];
      for await (const item of q) items.push(item);
      return items;
    };
    const taken = [first.call(collect, queue), second.call(collect, queue), collect(queue)];
    for (let i = 0; i < 300; i++) await queue.put(i);
    queue.shutdown();
    const lists = await Promise.all(taken);
    assert.deepEqual(
      lists.flat().sort((a, b) => a - b),
      Array.from({ length: 300 }, (_, i) => i),
    );
    for (const items of lists)
      assert.deepEqual(
        items,
        [...items].sort((a, b) => a - b),
      );
  });

  test("throws when the queue is closed under it", async () => {
    const queue = createQueue<number>();
    const looping = (async () => {
      for await (const item of queue) assert.fail(`got ${String(item)}`);
    })();
    await until(() => getters(queue) === 1);
    queue.close();
    assert.ok((await rejection(looping)) instanceof QueueNotFoundError);
  });
});
