/** Finding queues: ids, `new Queue(id)`, `listQueues`, bad arguments, and the lifetime of a queue. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import {
  create,
  createQueue,
  listQueues,
  Queue,
  QueueNotFoundError,
  UNBOUND,
  UNBOUND_ERROR,
  UNBOUND_KEEP,
  UNBOUND_REMOVE,
  type UnboundItems,
} from "interpreters";
import { startScenario, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const other = create();
after(() => other.terminate());
const library = new URL("../../src/entry.mjs", import.meta.url).href;

describe("an id", limits, () => {
  test("belongs to one queue, counts up, and is never used twice", () => {
    const [first, second] = [createQueue(), createQueue()];
    assert.ok(second.id > first.id);
    const { id } = second;
    second.close();
    assert.ok(createQueue().id > id);
    assert.throws(() => new Queue(id), QueueNotFoundError);
  });

  test("leads to the same queue in every interpreter", async () => {
    const queue = createQueue<string>(3, { unboundItems: UNBOUND_KEEP });
    const seen = await other.call(
      async (url, id) => {
        const { Queue: There } = (await import(url)) as { Queue: typeof Queue };
        const bound = new There<string>(id);
        bound.putSync("found");
        return [bound === new There(id), bound.maxsize, bound.unboundItems.description];
      },
      library,
      queue.id,
    );
    assert.deepEqual(seen, [true, 3, "interpreters.UNBOUND_KEEP"]);
    assert.equal(queue.getNowait(), "found");
  });

  test("that nobody has is QueueNotFoundError, naming it", () => {
    for (const id of [1_000_000, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      assert.throws(() => new Queue(id), {
        name: "QueueNotFoundError",
        code: "ERR_QUEUE_NOT_FOUND",
        message: new RegExp(String(id)),
      });
    }
  });

  test("that cannot be one is a TypeError or a RangeError", () => {
    for (const id of ["0", undefined, null, 1.5, NaN, Infinity, {}, 1n, true]) {
      assert.throws(() => new Queue(id as number), TypeError, String(id));
    }
    for (const id of [-1, -1024, -(2 ** 31)]) assert.throws(() => new Queue(id), RangeError, String(id));
  });
});

describe("createQueue", limits, () => {
  test("takes every integer for maxsize; none, 0 and less mean no limit", () => {
    for (const maxsize of [undefined, 0, -1, -1_000_000]) {
      const queue = createQueue(maxsize);
      assert.equal(queue.maxsize, maxsize ?? 0);
      for (let i = 0; i < 100; i++) queue.putNowait(i);
      assert.equal(queue.full(), false);
      queue.close();
    }
    assert.equal(createQueue(2 ** 31 - 1).maxsize, 2 ** 31 - 1);
  });

  test("refuses everything else, and makes nothing", () => {
    const before = listQueues().length;
    for (const maxsize of ["1", 1.5, NaN, Infinity, null, {}, 1n]) {
      assert.throws(() => createQueue(maxsize as number), TypeError, String(maxsize));
    }
    assert.throws(() => createQueue(2 ** 31), RangeError);
    for (const unboundItems of ["UNBOUND", 1, null, {}, Symbol("UNBOUND")]) {
      assert.throws(
        () => createQueue(0, { unboundItems: unboundItems as unknown as typeof UNBOUND }),
        TypeError,
      );
    }
    assert.equal(listQueues().length, before);
  });

  test("knows the four behaviours, and UNBOUND is the default", () => {
    assert.equal(createQueue().unboundItems, UNBOUND);
    assert.equal(createQueue(0, {}).unboundItems, UNBOUND);
    const behaviours: Exclude<UnboundItems, typeof UNBOUND>[] = [UNBOUND_ERROR, UNBOUND_REMOVE, UNBOUND_KEEP];
    for (const unboundItems of behaviours)
      assert.equal(createQueue(0, { unboundItems }).unboundItems, unboundItems);
  });

  test("a put refuses an unknown behaviour, and puts nothing", async () => {
    const queue = createQueue<number>();
    const options = { unboundItems: "UNBOUND_KEEP" as unknown as UnboundItems };
    await assert.rejects(queue.put(1, options), TypeError);
    assert.throws(() => queue.putSync(1, options), TypeError);
    assert.throws(() => queue.putNowait(1, options), TypeError);
    assert.ok(queue.empty());
  });
});

describe("listQueues", limits, () => {
  test("takes a time for each queue that does not grow with their number", () => {
    const queues = [createQueue()];
    const shortest = (count: number): number => {
      while (queues.length < count) queues.push(createQueue());
      let least = Infinity;
      for (let i = 0; i < 10; i++) {
        const began = performance.now();
        listQueues();
        least = Math.min(least, performance.now() - began);
      }
      return least;
    };
    const [few, many] = [shortest(500), shortest(8000)];
    // 16 times as many take 16 times as long, where a search for each would take 256 times.
    assert.ok(many < 80 * few, `${few} ms for 500 queues, ${many} ms for 8000`);
    for (const queue of queues) queue.close();
  });

  test("gives all open queues, as the objects that there are, ordered by id, whoever made them", async () => {
    for (const queue of listQueues()) queue.close();
    const mine = Array.from({ length: 100 }, () => createQueue());
    const theirs = await other.call(async (url) => {
      const { createQueue: make } = (await import(url)) as { createQueue: typeof createQueue };
      return make();
    }, library);
    mine[3].close();
    const expected = [...mine.filter((queue) => queue !== mine[3]), theirs];
    const listed = listQueues();
    assert.deepEqual(
      listed.map(({ id }) => id),
      expected.map(({ id }) => id),
    );
    listed.forEach((queue, i) => assert.equal(queue, expected[i]));
    const ids = await other.call(async (url) => {
      const { listQueues: list } = (await import(url)) as { listQueues: typeof listQueues };
      return list().map(({ id }) => id);
    }, library);
    assert.deepEqual(
      ids,
      expected.map(({ id }) => id),
    );
    for (const queue of expected) queue.close();
    assert.deepEqual(listQueues(), []);
  });
});

describe("a queue lives as long as somebody can get at it", { ...limits, concurrency: 2 }, () => {
  const program = new URL("lifetime.js", import.meta.url);
  const scenarios = {
    "and is gone when its last handle is collected": "handle",
    "though only another interpreter holds it, until that one ends": "elsewhere",
    "though only an item carries it, until that is got and dropped": "carried",
    "though only an item carries it, until the item's interpreter ends and takes it along": "unbound",
    "though only an item carries it, until the queue that the item is in is closed": "closed",
    "while somebody waits for it": "awaited",
  };
  for (const [name, scenario] of Object.entries(scenarios)) {
    test(name, async () => {
      const { code, stdout, stderr } = await startScenario(program, scenario).ended;
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "as expected\n", stderr: "" });
    });
  }
});
