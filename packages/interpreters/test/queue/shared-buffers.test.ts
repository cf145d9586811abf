/** SharedArrayBuffers: the same bytes in every interpreter, whatever the way there, and released by all of them in the end. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { create, createQueue, type Interpreter, type Queue, UNBOUND_KEEP } from "interpreters";
import { backTo, baseline, gc } from "../support/queues.js";
import { limits, rejection, until } from "../support/ways.js";

let one: Interpreter;
let two: Interpreter;
const begin = (): void => {
  one = create();
  two = create();
};
const end = (): Promise<unknown> => Promise.all([one.terminate(), two.terminate()]);

// A function that is made once travels once; a new one for each call would have pages of its own.
const collectThere = (): void => {
  const { Bun } = globalThis as { Bun?: { gc(force: boolean): void } };
  if (Bun === undefined) process.getBuiltinModule("node:vm").runInNewContext("gc")();
  else Bun.gc(true);
};
const lastByte = (buffer: SharedArrayBuffer): number => new Uint8Array(buffer)[buffer.byteLength - 1];
const getSize = (queue: Queue<SharedArrayBuffer, never>): number => queue.getSync().byteLength;
const putTen = (queue: Queue<SharedArrayBuffer>): void => {
  for (let i = 0; i < 10; i++) queue.putNowait(new SharedArrayBuffer(8));
};

/** Collects the garbage of `interp`. */
const collectIn = (interp: Interpreter): Promise<void> => interp.call(collectThere);

describe("a SharedArrayBuffer", limits, () => {
  before(begin);
  after(end);

  test("is the same bytes on both sides, and the same object when it comes back", async () => {
    const buffer = new SharedArrayBuffer(16);
    const view = new Int32Array(buffer);
    const back = await one.call((buffer) => {
      new Int32Array(buffer)[0] = 5;
      return buffer;
    }, buffer);
    assert.equal(view[0], 5);
    assert.equal(back, buffer);
    view[1] = 6;
    assert.equal(
      one.callSync((buffer) => new Int32Array(buffer)[1], buffer),
      6,
    );
  });

  test("can be waited on across interpreters", async () => {
    const flag = new Int32Array(new SharedArrayBuffer(8));
    const waiting = one.call((flag) => {
      Atomics.store(flag, 1, 1);
      Atomics.notify(flag, 1);
      Atomics.wait(flag, 0, 0);
      return flag[0];
    }, flag);
    Atomics.wait(flag, 1, 0);
    Atomics.store(flag, 0, 42);
    Atomics.notify(flag, 0);
    assert.equal(await waiting, 42);
  });

  test("goes through a queue, to a getter that blocks and to one that does not", async () => {
    const queue = createQueue<SharedArrayBuffer>();
    const buffer = new SharedArrayBuffer(4);
    const bytes = new Uint8Array(buffer);
    const ways: Record<string, (queue: Queue<SharedArrayBuffer>) => unknown> = {
      getSync(queue) {
        new Uint8Array(queue.getSync() as SharedArrayBuffer)[0]++;
      },
      async get(queue) {
        new Uint8Array((await queue.get()) as SharedArrayBuffer)[0]++;
      },
      getManySync(queue) {
        for (const buffer of queue.getManySync(1)) new Uint8Array(buffer as SharedArrayBuffer)[0]++;
      },
    };
    for (const [name, way] of Object.entries(ways)) {
      const fresh = create();
      const before = bytes[0];
      const getting = fresh.call(way, queue);
      queue.putNowait(buffer);
      await getting;
      assert.equal(bytes[0], before + 1, name);
      await fresh.close();
    }
    queue.putNowait(buffer);
    queue.putNowait(buffer);
    assert.equal(queue.getNowait(), buffer);
    assert.equal(queue.getSync(), buffer);
  });

  test("may be anywhere in a value, several times, under several views", async () => {
    const buffer = new SharedArrayBuffer(64);
    const value = {
      buffer,
      floats: new Float64Array(buffer, 8, 2),
      bytes: new Map([["all", new Uint8Array(buffer)]]),
      view: new DataView(buffer, 32, 4),
      ints: new BigInt64Array(buffer, 48),
    };
    assert.deepEqual(
      await one.call((value) => {
        value.floats[1] = 1.5;
        value.bytes.get("all")![0] = 7;
        value.view.setInt32(0, 99);
        value.ints[1] = 5n;
        const buffers = [
          value.floats.buffer,
          value.bytes.get("all")!.buffer,
          value.view.buffer,
          value.ints.buffer,
        ];
        return [
          buffers.every((each) => each === value.buffer),
          value.floats.byteOffset,
          value.floats.length,
          value.view.byteLength,
        ];
      }, value),
      [true, 8, 2, 4],
    );
    assert.deepEqual(
      [value.floats[1], value.bytes.get("all")![0], value.view.getInt32(0), value.ints[1]],
      [1.5, 7, 99, 5n],
    );
  });

  test("may be growable, and grows for everybody", async () => {
    const buffer = new SharedArrayBuffer(8, { maxByteLength: 64 });
    await one.call((buffer) => buffer.grow(32), buffer);
    assert.deepEqual([buffer.growable, buffer.byteLength, buffer.maxByteLength], [true, 32, 64]);
  });

  test("may be growable, and views that follow its length still do, others do not", async () => {
    const buffer = new SharedArrayBuffer(4, { maxByteLength: 16 });
    const views = [
      new Uint8Array(buffer),
      new Uint8Array(buffer, 0, 4),
      new DataView(buffer, 2),
      new Uint8Array(buffer, 4),
    ];
    const sizes = await one.call((views) => {
      (views[0].buffer as SharedArrayBuffer).grow(12);
      return views.map((view) => view.byteLength);
    }, views);
    assert.deepEqual(sizes, [12, 4, 10, 8]);
    assert.deepEqual(
      views.map((view) => view.byteLength),
      sizes,
    );
  });

  test("is passed on from one to the next, also when those before have let go of it", async () => {
    const queue = createQueue<SharedArrayBuffer>(0, { unboundItems: UNBOUND_KEEP });
    const make = create();
    await make.call((queue) => {
      const buffer = new SharedArrayBuffer(4);
      new Uint8Array(buffer)[0] = 3;
      queue.putNowait(buffer);
    }, queue);
    await make.terminate();
    await one.call((queue) => queue.putSync(queue.getSync()), queue);
    await collectIn(one);
    assert.equal(await two.call((queue) => new Uint8Array(queue.getSync())[0], queue), 3);
  });

  test("reaches threads that somebody else started, and survives them", async () => {
    const queue = createQueue<SharedArrayBuffer>(0, { unboundItems: UNBOUND_KEEP });
    const buffer = new SharedArrayBuffer(4);
    const index = new URL("../../src/entry.mjs", import.meta.url).href;
    const worker = new Worker(
      `import(${JSON.stringify(index)}).then(({ Queue }) => {
        const queue = new Queue(${queue.id});
        new Uint8Array(queue.getSync())[0] = 1;
        const mine = new SharedArrayBuffer(4);
        new Uint8Array(mine)[0] = 2;
        queue.putNowait(mine);
      });`,
      { eval: true },
    );
    const ended = once(worker, "exit");
    queue.putNowait(buffer);
    await ended;
    assert.equal(new Uint8Array(buffer)[0], 1);
    assert.equal(new Uint8Array(await queue.get())[0], 2);
  });

  test("that only looks like one is refused", async () => {
    const fake = Object.create(SharedArrayBuffer.prototype) as SharedArrayBuffer;
    assert.equal((await rejection(one.call((value) => value, fake))).name, "NotShareableError");
  });
});

describe("a SharedArrayBuffer that nobody needs any more", limits, () => {
  test("gives its memory back", async () => {
    const size = 1 << 24;
    const share = async (rounds: number): Promise<void> => {
      begin();
      const queue = createQueue<SharedArrayBuffer>(0, { unboundItems: UNBOUND_KEEP });
      const rss = process.memoryUsage.rss();
      for (let i = 0; i < rounds; i++) {
        await (async () => {
          const buffer = new SharedArrayBuffer(size);
          new Uint8Array(buffer).fill(1);
          assert.equal(await one.call(lastByte, buffer), 1);
          queue.putNowait(buffer);
          assert.equal(await two.call(getSize, queue), size);
          queue.putNowait(buffer);
          assert.equal(queue.getNowait(), buffer);
        })();
        await Promise.all([collectIn(one), collectIn(two)]);
        gc();
      }
      const limit = rss + Math.max(rounds / 3, 4) * size;
      await until(() => {
        gc();
        return process.memoryUsage.rss() < limit;
      }, "the memory is given back");
      await end();
    };
    await share(1);
    const before = await baseline();
    await share(24);
    await backTo(before);
  });

  test("but lies in items goes with them", async () => {
    const drop = async (): Promise<void> => {
      const outer = createQueue<unknown>();
      const inner = createQueue<SharedArrayBuffer>();
      for (let i = 0; i < 10; i++) inner.putNowait(new SharedArrayBuffer(8));
      outer.putNowait([inner, new Int32Array(new SharedArrayBuffer(8))]);
      const other = create();
      await other.call(putTen, inner);
      await other.terminate();
    };
    await drop();
    const before = await baseline();
    await drop();
    await backTo(before);
  });
});
