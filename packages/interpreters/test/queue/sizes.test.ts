/** Items of any size, queues of any length: items come out as they went in, and their memory is free again. */
import assert from "node:assert/strict";
import { freemem } from "node:os";
import { after, describe, test } from "node:test";
import { create, createQueue, fromModule, UNBOUND_KEEP } from "interpreters";
import { FACTOR, limits } from "../faults/harness.js";
import { countQueues, gc, sharedMemory } from "../support/queues.js";
import { WATCHDOG } from "../support/processes.js";
import { litter } from "./litter.js";

const other = create();
after(() => other.terminate());

const there = fromModule<typeof import("./litter.js")>(new URL("litter.js", import.meta.url));

const MIB = 1 << 20;
/** The most bytes that an empty queue may keep: the segment that it writes to. */
const TAIL = 64 << 10;

function bytes(length: number): Uint8Array {
  const data = new Uint8Array(length);
  // Fills all of a small array, and enough of a large one to show whether its bytes were shifted or cut.
  const step = Math.max(1, length >> 16);
  for (let i = 0; i < length; i += step) data[i] = (i * 31 + length) & 0xff;
  data[length - 1] = 0xa5;
  return data;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

// This test comes first, while no large item has left traces in the resident memory.
describe("churn", limits, () => {
  const rounds = 30 * FACTOR;

  test("of items of all sizes leaves the memory as it was", async (t) => {
    const [to, back] = [
      createQueue<number | string | Uint8Array>(0, { unboundItems: UNBOUND_KEEP }),
      createQueue<number>(0, { unboundItems: UNBOUND_KEEP }),
    ];
    const consuming = other.call(
      (from, into) => {
        let count = 0;
        for (let items = from.getManySync(500); items[0] !== -1; items = from.getManySync(500)) {
          count += items.length;
          into.putSync(items.length);
        }
        return count;
      },
      to,
      back,
    );
    const round = async (): Promise<void> => {
      const numbers = Array.from({ length: 10_000 }, (_, i) => i);
      await to.putMany(numbers);
      for (let i = 0; i < 200; i++) to.putNowait(i % 10 === 0 ? new Uint8Array(i * 500) : "x".repeat(i * 40));
      for (let left = 10_200; left > 0;) left -= await back.get();
    };
    for (let i = 0; i < 5; i++) await round();
    gc();
    const before = sharedMemory();
    const rss = process.memoryUsage.rss();
    for (let i = 0; i < rounds; i++) await round();
    gc();
    const now = sharedMemory();
    const grown = process.memoryUsage.rss() - rss;
    t.diagnostic(`${rounds * 10_200} items, resident ${Math.round(grown / 1e6)} MB more than before`);
    assert.ok(now.inUse <= before.inUse + 2 * TAIL, `${now.inUse - before.inUse} bytes more are in use`);
    // How far the consumer lags behind differs from round to round; the memory must not grow with the number of rounds.
    assert.ok(now.size <= before.size + 16 * MIB, `it grew by ${now.size - before.size} bytes`);
    assert.ok(grown < 100e6, `resident memory grew by ${grown} bytes`);
    to.putNowait(-1);
    assert.equal(await consuming, (rounds + 5) * 10_200);
    to.close();
    back.close();
  });

  test("of thousands of queues, closed, shut down or forgotten, leaves the memory as it was", async () => {
    const settled = async (): Promise<number> => {
      const deadline = performance.now() + WATCHDOG / 2;
      while (countQueues() > 0) {
        assert.ok(performance.now() < deadline, `${countQueues()} forgotten queues are not gone`);
        gc();
        await other.call(there.collect);
      }
      return sharedMemory().inUse;
    };
    litter(500);
    await other.call(there.litter, 500);
    const before = await settled();
    for (let i = 0; i < Math.ceil(FACTOR); i++) {
      litter(1500);
      await other.call(there.litter, 1500);
      const now = await settled();
      assert.ok(now <= before + TAIL, `${now - before} bytes more are in use`);
    }
  });
});

describe("an item", limits, () => {
  // Sizes around every limit: of the copy in a loop, of a record, a page, a segment; then doubling.
  const sizes = [1, 2, 3, 4, 5, 7, 8, 9, 48, 49, 2040, 2047, 2048, 2049, 4095, 4096, 4097, 65_528, 65_537];
  for (let size = 128 << 10; size <= 32 * MIB; size *= 2) sizes.push(size, size + 1);

  test("of 1 byte to 32 MiB comes back from another interpreter as it was", async () => {
    const [to, back] = [createQueue<Uint8Array | null>(1), createQueue<Uint8Array>(1)];
    const echoing = other.call(
      (from, into) => {
        for (let item = from.getSync(); item !== null; item = from.getSync())
          into.putSync(item as Uint8Array);
      },
      to,
      back,
    );
    const { inUse } = sharedMemory();
    for (const size of sizes) {
      const sent = bytes(size);
      await to.put(sent);
      assert.ok(same((await back.get()) as Uint8Array, sent), `${size} bytes`);
      assert.ok(sharedMemory().inUse <= inUse + 2 * TAIL, `${size} bytes stay in use`);
    }
    await to.put(null);
    await echoing;
  });

  for (const size of [64 * MIB, 128 * MIB, 256 * MIB]) {
    // Room for the item, its copy on the way in, the shared memory and the received item, and for other programs as well.
    const room = freemem() > 6 * size;
    test(
      `of ${size / MIB} MiB, too`,
      { skip: room ? false : `only ${Math.round(freemem() / MIB)} MiB are free` },
      () => {
        const queue = createQueue<Uint8Array | string>();
        const { inUse } = sharedMemory();
        const sent = bytes(size);
        queue.putNowait(sent);
        assert.ok(same(queue.getNowait() as Uint8Array, sent));
        const text = "中x".repeat(size / 4);
        queue.putNowait(text);
        assert.ok(queue.getNowait() === text);
        assert.ok(sharedMemory().inUse <= inUse);
      },
    );
  }
});

test(
  "a queue that held a million items gives their memory back, to large items and to other queues",
  limits,
  () => {
    const queue = createQueue<number>();
    const { inUse } = sharedMemory();
    const batch = Array.from({ length: 1000 }, (_, i) => i);
    for (let i = 0; i < 1000; i++) queue.putManySync(batch.map((each) => i * 1000 + each));
    const full = sharedMemory();
    assert.equal(queue.qsize(), 1_000_000);
    assert.ok(full.inUse > inUse + 16e6);
    let next = 0;
    while (!queue.empty()) for (const item of queue.getManySync(1000)) assert.equal(item, next++);
    assert.equal(next, 1_000_000);
    assert.ok(sharedMemory().inUse <= inUse + TAIL, `${sharedMemory().inUse - inUse} bytes stay in use`);
    // Other queues' items fit into the freed pages; the memory does not grow for them.
    const large = createQueue<Uint8Array>();
    large.putNowait(bytes(8 * MIB));
    const many = Array.from({ length: 1000 }, () => createQueue<string>());
    for (const each of many) each.putNowait("x");
    assert.equal(sharedMemory().size, full.size);
    for (const each of [queue, large, ...many]) each.close();
  },
);
