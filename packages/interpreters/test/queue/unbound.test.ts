/** The fate of items whose interpreter ends, for each way to end, by the queue's behaviour and by the item's own. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import {
  create,
  createQueue,
  fromModule,
  type Interpreter,
  InterpreterDiedError,
  ItemInterpreterDestroyed,
  type Queue,
  UNBOUND,
  UNBOUND_ERROR,
  UNBOUND_KEEP,
  UNBOUND_REMOVE,
} from "interpreters";
import { memoryLimits, withoutMemoryLimits } from "../support/memory.js";
import { putters } from "../support/queues.js";
import { rejection, until, WATCHDOG } from "../support/processes.js";
import { deathByLimit } from "../support/ways.js";

const limits = { timeout: WATCHDOG };
const { putEachWay } = fromModule<typeof import("./putter.js")>(new URL("putter.js", import.meta.url));

async function dies(operation: Promise<unknown>): Promise<void> {
  const error = await rejection(operation);
  assert.ok(error instanceof InterpreterDiedError, String(error));
}

/** Each way to end resolves when the interpreter is gone. */
const ends: Record<string, (interp: Interpreter) => Promise<void>> = {
  "close()": (interp) => interp.close(),
  "closeSync()": async (interp) => interp.closeSync(),
  "terminate()": (interp) => interp.terminate(),
  "terminateSync() in the middle of an endless loop": async (interp) => {
    const endless = interp.exec("for (;;);");
    endless.catch(() => {});
    await until(() => interp.isRunning(), "it runs");
    interp.terminateSync();
    await dies(endless);
  },
  "process.exit()": (interp) => dies(interp.call(() => process.exit(3))),
  "an uncaught exception": (interp) =>
    dies(
      interp.call(() => {
        setTimeout(() => {
          throw new Error("from a timer");
        });
        return new Promise(() => {});
      }),
    ),
  "running out of memory": (interp) =>
    dies(
      interp.call(() => {
        const hoard: number[][] = [];
        for (;;) hoard.push(Array.from({ length: 1000 }, Math.random));
      }),
    ),
  "a time limit": async (interp) =>
    void deathByLimit(await rejection(interp.with({ timeout: 10 }).exec("for (;;);"))),
};

/** Gets all that is in the queue: items, UNBOUND, or "error". */
function drain(queue: Queue<unknown, unknown>): unknown[] {
  const found: unknown[] = [];
  for (let left = queue.qsize(); left > 0; left--) {
    try {
      found.push(queue.getNowait());
    } catch (error) {
      assert.ok(error instanceof ItemInterpreterDestroyed, String(error));
      assert.equal(error.code, "ERR_ITEM_INTERPRETER_DESTROYED");
      found.push("error");
    }
  }
  assert.equal(queue.qsize(), 0);
  return found;
}

for (const [way, end] of Object.entries(ends)) {
  test(
    `by the time ${way} is over, every item of the interpreter has met its fate`,
    { ...limits, skip: /memory/.test(way) && withoutMemoryLimits },
    async () => {
      const queues = [
        createQueue(),
        createQueue(0, { unboundItems: UNBOUND_ERROR }),
        createQueue(0, { unboundItems: UNBOUND_REMOVE }),
        createQueue(0, { unboundItems: UNBOUND_KEEP }),
      ];
      const interp = create(memoryLimits({ maxOldGenerationSizeMb: 24 }));
      for (const queue of queues) queue.putNowait("mine before");
      await interp.call(putEachWay, queues);
      for (const queue of queues) queue.putNowait("mine after");
      assert.deepEqual(
        queues.map((queue) => queue.qsize()),
        [9, 9, 9, 9],
      );
      await end(interp);
      const sizes = queues.map((queue) => queue.qsize());
      // For each queue: two with its default, then one each of UNBOUND, ERROR, REMOVE, KEEP, and one large REMOVE.
      const own = [UNBOUND, "error", "kept"];
      assert.deepEqual(drain(queues[0]), ["mine before", UNBOUND, UNBOUND, ...own, "mine after"]);
      assert.deepEqual(drain(queues[1]), ["mine before", "error", "error", ...own, "mine after"]);
      assert.deepEqual(drain(queues[2]), ["mine before", ...own, "mine after"]);
      assert.deepEqual(drain(queues[3]), [
        "mine before",
        "default",
        { large: "x".repeat(5000) },
        ...own,
        "mine after",
      ]);
      assert.deepEqual(sizes, [7, 7, 5, 7]);
    },
  );
}

test("items that were got before, and items of other interpreters, are not touched", limits, async () => {
  const queue = createQueue<string>();
  const [victim, other] = [create(), create()];
  await victim.call((q) => q.putSync("early"), queue);
  await other.call((q) => q.putSync("other"), queue);
  await victim.call((q) => q.putSync("late"), queue);
  assert.equal(queue.getNowait(), "early");
  await victim.close();
  assert.deepEqual(drain(queue), ["other", UNBOUND]);
  await other.close();
});

test("a getter that waits is not disturbed, and meets the fate of what comes", limits, async () => {
  const queue = createQueue<string>();
  const victim = create();
  const waiting = [queue.get(), queue.get()];
  await victim.call((q) => q.putSync("in time"), queue);
  assert.equal(await waiting[0], "in time");
  await victim.terminate();
  queue.putNowait("from here");
  assert.equal(await waiting[1], "from here");
});

describe("UNBOUND_REMOVE", limits, () => {
  test("makes room: blocked putters go on, here and elsewhere, as many as there is room for", async () => {
    const queue = createQueue<string>(3, { unboundItems: UNBOUND_REMOVE });
    const [victim, other] = [create(), create()];
    await victim.call((q) => {
      for (let i = 0; i < 3; i++) q.putSync("doomed");
    }, queue);
    const mine = [queue.put("a"), queue.put("b")];
    let done = 0;
    const theirs = other.call((q) => q.putSync("c"), queue);
    for (const putting of [...mine, theirs]) void putting.then(() => done++);
    await until(() => putters(queue) === 2, "both wait");
    for (let i = 0; i < 5; i++) await turn();
    assert.equal(done, 0);
    await victim.close();
    await Promise.all([...mine, theirs]);
    assert.deepEqual(drain(queue).sort(), ["a", "b", "c"]);
    await other.close();
  });

  test("leaves the order of the others as it was, wherever the removed ones were", async () => {
    const queue = createQueue<number>(0, { unboundItems: UNBOUND_REMOVE });
    const victim = create();
    const putOdd = (q: Queue<number>, n: number): void => q.putSync(n);
    for (let i = 0; i < 60; i++) {
      if (i % 3 === 0) queue.putNowait(i);
      else await victim.call(putOdd, queue, i);
    }
    await victim.terminate();
    assert.equal(queue.qsize(), 20);
    assert.deepEqual(
      drain(queue),
      Array.from({ length: 20 }, (_, i) => i * 3),
    );
    queue.putNowait(1);
    assert.equal(queue.getNowait(), 1);
  });

  test("ends the blocked get of nobody: an empty queue is an empty queue", async () => {
    const queue = createQueue<number>(0, { unboundItems: UNBOUND_REMOVE });
    const victim = create();
    await victim.call((q) => q.putSync(1), queue);
    await victim.close();
    assert.equal(queue.qsize(), 0);
    assert.throws(() => queue.getNowait(), { name: "QueueEmpty" });
    await assert.rejects(queue.get({ timeout: 5 }), { name: "QueueEmpty" });
  });
});

test(
  "ItemInterpreterDestroyed reaches blocked and asynchronous getters, and takes its place in the line",
  limits,
  async () => {
    const queue = createQueue<string>(0, { unboundItems: UNBOUND_ERROR });
    const victim = create();
    await victim.call((q) => {
      q.putSync("1");
      q.putSync("2");
      q.putSync("3");
    }, queue);
    const { id } = victim;
    await victim.close();
    queue.putNowait("mine");
    assert.throws(() => queue.getSync(), {
      name: "ItemInterpreterDestroyed",
      message: new RegExp(`\\b${id}\\b`),
    });
    assert.ok((await rejection(queue.get())) instanceof ItemInterpreterDestroyed);
    const waiting = [queue.get(), queue.get(), queue.get()];
    assert.ok((await rejection(waiting[0])) instanceof ItemInterpreterDestroyed);
    assert.equal(await waiting[1], "mine");
    queue.putNowait("next");
    assert.equal(await waiting[2], "next");
  },
);

test("the queue of a dead interpreter lives on for those who have it", limits, async () => {
  const carrier = createQueue<Queue<number, never>>(0, { unboundItems: UNBOUND_KEEP });
  const victim = create();
  const { makeQueue } = fromModule<typeof import("./putter.js")>(new URL("putter.js", import.meta.url));
  await victim.call(makeQueue, carrier);
  await victim.terminate();
  const queue = carrier.getNowait();
  assert.equal(queue.getNowait(), 1);
  queue.putNowait(2);
  assert.equal(queue.getNowait(), 2);
});
