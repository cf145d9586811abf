/** Large buffers of a result go straight to the caller if the call brought one, and are freed if no caller takes them. */
import assert from "node:assert/strict";
import { createHook } from "node:async_hooks";
import { after, before, describe, test } from "node:test";
import {
  create,
  ExecutionFailed,
  fromModule,
  type Interpreter,
  InterpreterPoolExecutor,
  NotShareableError,
} from "interpreters";
import { runtime } from "../../src/thread/current.js";
import { countQueues } from "../support/queues.js";
import { limits, rejection, until } from "../support/ways.js";

const there = fromModule<typeof import("./returned-buffers.js")>(
  new URL("./returned-buffers.js", import.meta.url),
);
const LARGE = 5_000_000;
const SMALL = 1_000;
const filled = (value = 7, length = LARGE): ArrayBuffer => new Uint8Array(length).fill(value).buffer;
const isFilled = (buffer: ArrayBuffer, value = 7, length = LARGE): boolean =>
  buffer.byteLength === length && new Uint8Array(buffer).every((byte) => byte === value);

/** The open MessagePorts of this thread. */
const ports = new Set<number>();
createHook({
  init: (id, type) => void (type === "MESSAGEPORT" && ports.add(id)),
  destroy: (id) => void ports.delete(id),
}).enable();

let interp: Interpreter;
let pool: InterpreterPoolExecutor;
before(async () => {
  interp = create();
  pool = new InterpreterPoolExecutor({ maxWorkers: 1, initializer: there.cutSupervisorPort });
  await interp.call(there.cutSupervisorPort);
});
after(async () => {
  await interp.terminate();
  await pool.shutdown();
});

/** Calls a function of `there` with the buffer. */
type Way = <A extends unknown[], R>(
  fn: (buffer: ArrayBuffer, ...args: A) => R,
  buffer: ArrayBuffer,
  ...args: A
) => Promise<Awaited<R>>;
const ways: Record<string, Way> = {
  call: (fn, buffer, ...args) => interp.with({ transfer: [buffer] }).call(fn, buffer, ...args),
  callSync: async (fn, buffer, ...args) =>
    interp.with({ transfer: [buffer] }).callSync(fn, buffer, ...args) as never,
  submit: async (fn, buffer, ...args) =>
    (await pool.with({ transfer: [buffer] }).submit(fn, buffer, ...args)) as never,
};

for (const [way, run] of Object.entries(ways)) {
  describe(`by ${way}`, limits, () => {
    const left = async (): Promise<number[]> =>
      way === "submit" ? await pool.submit(there.left) : await interp.call(there.left);

    test("come back without the supervisor, and the interpreter keeps nothing", async () => {
      const { m } = runtime();
      const size = m.memory.buffer.byteLength;
      let buffer = filled();
      for (let i = 0; i < 20; i++) buffer = await run(there.back, buffer);
      assert.ok(isFilled(buffer));
      assert.deepEqual(await left(), [0]);
      const huge = 1 << 28;
      assert.equal((await run(there.back, new ArrayBuffer(huge))).byteLength, huge);
      assert.ok(m.memory.buffer.byteLength - size < huge / 2, "not copied");
    });

    test("come in any number, large and small, under all their views", async () => {
      for (const length of [LARGE, SMALL]) {
        const { got, views, again } = await run(there.others, filled(), 3, length);
        assert.equal(got, LARGE);
        for (const [i, buffer] of again.entries()) {
          assert.ok(isFilled(buffer, i, length));
          assert.equal(views[i].buffer, buffer);
        }
        assert.deepEqual(await left(), [0, 0, 0]);
      }
    });

    test("are copied where Node cannot detach them", async () => {
      const pages = 100;
      assert.ok(isFilled(await run(there.wasm, filled(), pages), 3, pages * 65_536));
    });

    test("stay in the interpreter when the result cannot travel, and nothing of the call stays open", async () => {
      const { size } = ports;
      const queues = countQueues();
      for (let i = 0; i < 5; i++) {
        assert.ok((await rejection(run(there.cannotTravel, filled()))) instanceof NotShareableError);
        assert.deepEqual(await left(), [LARGE]);
        const error = await rejection(run(there.fails, filled()));
        assert.match(String(error), new RegExp(`of ${LARGE}`));
        assert.ok(way === "submit" ? error instanceof RangeError : error instanceof ExecutionFailed);
        await run(there.back, filled());
      }
      await until(() => ports.size <= size, "the channels are closed");
      await until(() => countQueues() <= queues, "the placeholders of the arguments are gone");
    });
  });
}

test("come back whichever of the call's buffers the callee comes across first", limits, async () => {
  const buffers = [filled(0), filled(1)];
  const small = new Uint8Array([1, 2, 3, 4]);
  let reads = 0;
  // The halves make the codec start over, and the getter then returns the other buffer.
  const value = {
    get first() {
      return buffers[reads++ % 2];
    },
    halves: [small.subarray(0, 2), small.subarray(2)],
  };
  const returned = await interp.with({ transfer: buffers }).call(there.first, value);
  assert.equal(reads, 2);
  assert.ok(isFilled(returned, 1));
});

test("come back each to its own task, of tasks that run concurrently", limits, async () => {
  await using several = new InterpreterPoolExecutor({
    maxWorkers: 1,
    concurrency: 4,
    initializer: there.cutSupervisorPort,
  });
  const futures = Array.from({ length: 12 }, (_, i) => {
    const buffer = filled(i);
    return several.with({ transfer: [buffer] }).submit(there.later, buffer, (i * 7) % 12);
  });
  for (const [i, future] of futures.entries()) assert.ok(isFilled(await future, i));
});

test("come back in call batches", limits, async () => {
  const items = Array.from({ length: 6 }, (_, i) => filled(i));
  const transfer = (item: ArrayBuffer): ArrayBuffer[] => [item];
  let i = 0;
  for await (const buffer of pool.map(there.back, items, { transfer, chunksize: 3 }))
    assert.ok(isFilled(buffer, i++));
  assert.equal(i, 6);
});

test("come even from an interpreter that ends right afterwards", limits, async () => {
  for (let i = 0; i < 20; i++) {
    const mortal = create();
    const buffer = filled(i);
    assert.ok(isFilled(await mortal.with({ transfer: [buffer] }).call(there.lastWill, buffer), i));
  }
});

test("are freed when the interpreter is terminated at about the time of its reply", limits, async () => {
  const { size } = ports;
  const { rss } = process.memoryUsage();
  for (let i = 0; i < 50; i++) {
    const mortal = create();
    const buffer = new ArrayBuffer(20_000_000);
    const call = mortal.with({ transfer: [buffer] }).call(there.back, buffer);
    // Terminates at about the time of the reply.
    if (i % 2 === 0) await mortal.call(there.left).catch(() => {});
    await Promise.all([mortal.terminate(), call.catch(() => {})]);
  }
  await until(() => ports.size <= size, "the channels are closed");
  await until(() => process.memoryUsage().rss - rss < 300e6, "the memory of most of the 1000 MB is free");
});
