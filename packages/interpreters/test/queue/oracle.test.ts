/** Arbitrary values through a queue: each comes out as structuredClone makes it, or is refused and leaves nothing behind. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import * as fc from "fast-check";
import { create, createQueue, NotShareableError, type Queue } from "interpreters";
import { runtime } from "../../src/thread/current.js";
import { load } from "../../src/memory/atomics.js";
import { Q_ITEM_REFERENCES } from "../../src/memory/layout.js";
import { everything } from "../codec/arbitraries.js";
import { assertSameGraph } from "../codec/support.js";
import { sharedMemory, pointerOf } from "../support/queues.js";
import { WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const other = create();
after(() => other.terminate());

const values = fc.array(everything, { minLength: 1, maxLength: 8 });
/** Makes some payloads large, so that they have pages of their own. */
const padded = fc
  .tuple(everything, fc.oneof(fc.constant(0), fc.nat(5000), fc.nat(50_000)))
  .map(([value, size]) => (size === 0 ? value : { padding: "x".repeat(size), value }));

describe("any value", limits, () => {
  const queue = createQueue();

  test("comes out of a queue as a structured clone", () => {
    fc.assert(
      fc.property(padded, (value) => {
        queue.putNowait(value);
        assertSameGraph(queue.getNowait(), structuredClone(value));
      }),
      { numRuns: 500 },
    );
  });

  test("comes out in its place when many are put and got at once", () => {
    fc.assert(
      fc.property(values, fc.nat(8), (list, split) => {
        queue.putManySync(list);
        const got = [...queue.getManySync(split + 1), ...(queue.empty() ? [] : queue.getManySync(8))];
        assert.equal(got.length, list.length);
        for (const [i, value] of list.entries()) assertSameGraph(got[i], structuredClone(value));
      }),
      { numRuns: 300 },
    );
  });

  test("comes back from another interpreter", async () => {
    const [there, back] = [createQueue(), createQueue()];
    const echoing = other.call(
      (from, to) => {
        for (let item = from.getSync(); item !== "stop"; item = from.getSync()) to.putSync(item);
      },
      there,
      back,
    );
    await fc.assert(
      fc.asyncProperty(padded, async (value) => {
        // The other side gives some strings a meaning: they are not sent alone.
        await there.put([value]);
        assertSameGraph(await back.get(), structuredClone([value]));
      }),
      { numRuns: 300 },
    );
    await there.put("stop");
    await echoing;
  });
});

describe("a value that cannot travel", limits, () => {
  const carried = createQueue();
  const references = (of: Queue): number => load(runtime().m, pointerOf(of) + Q_ITEM_REFERENCES);

  test("leaves nothing behind: no item, no page, no reference, whatever comes before and after it", async () => {
    const queue = createQueue();
    await fc.assert(
      fc.asyncProperty(values, values, async (before, behind) => {
        const { inUse } = sharedMemory();
        const bad = [before, { carried, large: "x".repeat(5000), f: () => 1 }, behind];
        const isRefused = (error: unknown): boolean => {
          assert.ok(error instanceof NotShareableError, String(error));
          return /(?:value|values\[\d+\])\[1\]\.f is a function/.test(error.message);
        };
        await assert.rejects(queue.put(bad), isRefused);
        assert.throws(() => queue.putSync(bad), isRefused);
        assert.throws(() => queue.putNowait(bad), isRefused);
        const list = [before, carried, bad, behind];
        await assert.rejects(queue.putMany(list), isRefused);
        assert.throws(() => queue.putManySync(list), isRefused);
        assert.deepEqual([queue.qsize(), references(carried)], [0, 0]);
        assert.equal(sharedMemory().inUse, inUse);
      }),
      { numRuns: 100 },
    );
  });
});
