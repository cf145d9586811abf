/** Large buffers that are moved: handed over and not copied, whatever value contains them, and never lost on the way. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import {
  create,
  type Interpreter,
  InterpreterDiedError,
  InterpreterPoolExecutor,
  NotShareableError,
} from "interpreters";
import { runtime } from "../../src/thread/current.js";
import { REQUEST_COLLECT } from "../../src/wire/protocol.js";
import { request } from "../../src/thread/supervisor-client.js";
import { countQueues, createdIds } from "../support/queues.js";
import { limits, rejection, until } from "../support/ways.js";

/** The runtime of a thread, as far as these tests interfere with it. */
type Internals = { supervisorPort: { postMessage(): void } };
type MemoryConstructor = new (descriptor: { initial: number }) => { readonly buffer: ArrayBuffer };

const LARGE = 5_000_000;
const filled = (length = LARGE, value = 7): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value);
const isFilled = (bytes: Uint8Array, length = LARGE, value = 7): boolean =>
  bytes.length === length && bytes.every((byte) => byte === value);
const give = <T>(value: T): T => value;
const lengthOf = ({ byteLength }: { byteLength: number }): number => byteLength;

let interp: Interpreter;
before(() => {
  interp = create();
});
after(() => interp.terminate());

describe("a large buffer that is moved with a call", limits, () => {
  test("is the same memory, not a copy", async () => {
    // A copy would go through the shared memory, which would grow for it and never shrink.
    const { m } = runtime();
    const before = m.memory.buffer.byteLength;
    const length = 1 << 28;
    const buffer = new ArrayBuffer(length);
    assert.equal(await interp.with({ transfer: [buffer] }).call(lengthOf, buffer), length);
    assert.equal(buffer.byteLength, 0);
    assert.ok(m.memory.buffer.byteLength - before < length / 2);
  });

  test("arrives by a blocking call, in both directions", () => {
    const bytes = filled();
    assert.ok(isFilled(interp.with({ transfer: [bytes.buffer] }).callSync(give, bytes)));
    assert.equal(bytes.length, 0);
  });

  test("stays one buffer, however often and under whatever views the value contains it", async () => {
    const bytes = filled();
    const { buffer } = bytes;
    const words = new Uint32Array(buffer, 8, 100);
    const node = Buffer.from(buffer, 100, 10);
    const other = filled(4_000_000, 9);
    const value = { bytes, deep: [{ buffer, words }], node, other };
    const back = await interp.with({ transfer: [buffer, other.buffer] }).call((value) => {
      const { bytes, deep, node, other } = value;
      if (deep[0].buffer !== bytes.buffer || deep[0].words.buffer !== bytes.buffer) throw new Error("copies");
      if (node.buffer !== bytes.buffer) throw new Error("a copy under a Buffer");
      deep[0].words[0] = 0x01020304;
      return { first: bytes.slice(8, 12), ...value, other: other.length };
    }, value);
    assert.deepEqual([...back.first], [4, 3, 2, 1]);
    assert.equal(back.deep[0].buffer, back.bytes.buffer);
    assert.deepEqual([back.deep[0].words.byteOffset, back.deep[0].words.length], [8, 100]);
    assert.deepEqual([back.node.byteOffset, back.node.length, back.other], [100, 10, 4_000_000]);
    assert.deepEqual([bytes.length, words.length, node.length, other.length], [0, 0, 0, 0]);
  });

  test("travels together with views that make the codec start over", async () => {
    const bytes = filled();
    const small = new Uint8Array([1, 2, 3, 4]);
    // Both halves view one buffer. At the second, the codec finds that it should not have written the first alone.
    const value = [bytes, small.subarray(0, 2), small.subarray(2, 4)];
    const back = await interp.with({ transfer: [bytes.buffer] }).call(give, value);
    assert.ok(isFilled(back[0]));
    assert.equal(back[1].buffer, back[2].buffer);
  });

  test("keeps its maximum length", async () => {
    const buffer = new ArrayBuffer(LARGE, { maxByteLength: LARGE * 2 });
    const grow = (buffer: ArrayBuffer): [ArrayBuffer, boolean] => {
      const { resizable } = buffer;
      buffer.resize(buffer.maxByteLength);
      return [buffer, resizable];
    };
    const [back, resizable] = await interp.with({ transfer: [buffer] }).call(grow, buffer);
    assert.deepEqual([back.byteLength, resizable], [LARGE * 2, true]);
  });

  test("that is not in the value is detached all the same", async () => {
    const bytes = filled();
    assert.equal(await interp.with({ transfer: [bytes.buffer] }).call(give, 5), 5);
    assert.equal(bytes.length, 0);
  });

  test("that a getter detaches meanwhile arrives empty, and no thread waits for it", async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
    const withGetter = ({ buffer } = filled()): { buffer: ArrayBuffer; done: boolean } => ({
      buffer,
      get done() {
        structuredClone(undefined, { transfer: [buffer] });
        return true;
      },
    });
    const [one, other] = [withGetter(), withGetter()];
    const there = await interp.with({ transfer: [one.buffer] }).call(give, one);
    assert.deepEqual([there.buffer.byteLength, there.done], [0, true]);
    const back = await pool.with({ transfer: [other.buffer] }).submit(give, other);
    assert.deepEqual([back.buffer.byteLength, back.done], [0, true]);
  });

  test("that Node cannot detach is copied", async () => {
    // Node refuses to transfer the memory of WebAssembly.
    const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: MemoryConstructor } }).WebAssembly;
    const { buffer } = new Memory({ initial: 100 });
    new Uint8Array(buffer).fill(7);
    const back = await interp.with({ transfer: [buffer] }).call(give, buffer);
    assert.ok(isFilled(new Uint8Array(back), 6_553_600));
    assert.equal(buffer.byteLength, 6_553_600);
  });

  test("stays where it is when the call is refused", async () => {
    const gone = create();
    await gone.terminate();
    const queues = countQueues();
    const bytes = filled();
    const view = interp.with({ transfer: [bytes.buffer] });
    const refused = await rejection(view.call(give, [bytes, () => 1]));
    assert.ok(refused instanceof NotShareableError);
    assert.ok(await rejection(gone.with({ transfer: [bytes.buffer] }).call(give, bytes)));
    assert.ok(isFilled(bytes));
    await until(() => countQueues() <= queues, "its placeholder queues are gone");
  });
});

describe("on its way, a large buffer", limits, () => {
  test("is awaited by a receiver that has the record first", async () => {
    const port = runtime().supervisorPort!;
    const { postMessage } = port;
    const held: (() => void)[] = [];
    port.postMessage = (...args: unknown[]) => held.push(() => Reflect.apply(postMessage, port, args));
    const bytes = filled();
    const back = interp.with({ transfer: [bytes.buffer] }).call(give, bytes);
    port.postMessage = postMessage;
    assert.equal(held.length, 1);
    // Other interpreters are served while one waits.
    await using other = create();
    assert.equal(await other.call(give, 3), 3);
    for (const post of held) post();
    assert.ok(isFilled(await back));
  });

  test("reaches its waiter even if the supervisor comes across it while it collects", async () => {
    const rt = runtime();
    const port = rt.supervisorPort!;
    const { postMessage } = port;
    for (let i = 0; i < 100; i++) {
      const held: (() => void)[] = [];
      port.postMessage = (...args: unknown[]) => held.push(() => Reflect.apply(postMessage, port, args));
      const buffer = new ArrayBuffer(LARGE);
      const there = interp.with({ transfer: [buffer] }).call(lengthOf, buffer);
      port.postMessage = postMessage;
      // Gives the receiver time to ask.
      await new Promise(setImmediate);
      request(rt, REQUEST_COLLECT);
      for (const post of held) post();
      assert.equal(await there, LARGE);
    }
  });

  test("that is lost with its sender does not keep its receiver waiting", async () => {
    const sender = create();
    // Its supervisor port is cut: it puts records that name buffers, and ends before these are handed over.
    const cut = (target: Interpreter): void => {
      const key = Object.getOwnPropertySymbols(globalThis).find((key) =>
        key.description?.startsWith("interpreters.runtime"),
      )!;
      const [rt] = (globalThis as unknown as Record<symbol, [Internals]>)[key];
      rt.supervisorPort.postMessage = () => {};
      const buffer = new ArrayBuffer(5_000_000);
      target
        .with({ transfer: [buffer] })
        .call((buffer) => buffer.byteLength, buffer)
        .catch(() => {});
      setTimeout(() => process.exit(), 20);
    };
    await sender.call(cut, interp);
    await until(() => !createdIds().includes(sender.id), "the sender has ended");
    assert.equal(await interp.call(give, 4), 4);
  });

  for (const how of ["cancelled", "aborted"] as const) {
    test(`is released when the task is ${how} before a worker takes it`, async () => {
      await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
      const gate = new Int32Array(new SharedArrayBuffer(4));
      const first = pool.submit((gate) => void Atomics.wait(gate, 0, 0), gate);
      await until(() => first.running(), "the worker is busy");
      const queues = countQueues();
      const { rss } = process.memoryUsage();
      for (let i = 0; i < 100; i++) {
        const bytes = filled(10_000_000);
        const abort = new AbortController();
        const future = pool.with({ transfer: [bytes.buffer], signal: abort.signal }).submit(give, bytes);
        assert.equal(bytes.length, 0);
        if (how === "cancelled") assert.ok(future.cancel());
        else abort.abort();
        assert.ok(await rejection(future));
      }
      await until(() => countQueues() <= queues, "their placeholders are gone");
      await until(() => process.memoryUsage().rss - rss < 300e6, "the memory of most of the 1000 MB is free");
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
      await first;
    });
  }

  test("is released when its target is terminated", async () => {
    const busy = create();
    const queues = countQueues();
    const bytes = filled();
    const endless = busy.call(() => {
      for (;;);
    });
    const behind = busy.with({ transfer: [bytes.buffer] }).call(give, bytes);
    await Promise.all([busy.terminate(), rejection(endless), rejection(behind)]);
    assert.ok((await rejection(behind)) instanceof InterpreterDiedError);
    await until(() => countQueues() <= queues, "its placeholder is gone");
  });

  test("does not block other callers when its sender is terminated at any moment", async () => {
    for (let i = 0; i < 30; i++) {
      const sender = create();
      const sending = sender.call((target) => {
        for (;;) {
          const buffer = new ArrayBuffer(4_000_000);
          target
            .with({ transfer: [buffer] })
            .call((buffer) => buffer.byteLength, buffer)
            .catch(() => {});
        }
      }, interp);
      const calls = Array.from({ length: 1 + (i % 7) }, () => interp.call(give, 1));
      await Promise.all(calls);
      await Promise.all([sender.terminate(), rejection(sending)]);
      assert.equal(await interp.call(give, i), i);
    }
  });
});

describe("a pool's tasks", limits, () => {
  test("receive large buffers, and return them", async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
    const sent = Array.from({ length: 12 }, (_, i) => filled(LARGE, i));
    const futures = sent.map((bytes) => pool.with({ transfer: [bytes.buffer] }).submit(give, bytes));
    assert.ok(sent.every((bytes) => bytes.length === 0));
    for (const [i, future] of futures.entries()) assert.ok(isFilled(await future, LARGE, i));
    const items = Array.from({ length: 6 }, (_, i) => filled(LARGE, i));
    const lengths: number[] = [];
    const transfer = ({ buffer }: Uint8Array): ArrayBuffer[] => [buffer as ArrayBuffer];
    for await (const length of pool.map(lengthOf, items, { transfer, chunksize: 2 })) lengths.push(length);
    assert.deepEqual(
      lengths,
      Array.from({ length: 6 }, () => LARGE),
    );
  });

  test("that are retried receive them again", async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, retries: 1 });
    const attempts = new Int32Array(new SharedArrayBuffer(4));
    const bytes = filled();
    const future = pool.with({ transfer: [bytes.buffer] }).submit(
      (bytes, attempts) => {
        if (Atomics.add(attempts, 0, 1) === 0) process.exit();
        return bytes;
      },
      bytes,
      attempts,
    );
    assert.equal(bytes.length, 0);
    assert.ok(isFilled(await future));
  });
});

test(
  "a thread that this package did not start receives large results and sends large arguments",
  limits,
  async () => {
    const code = `
    const { parentPort } = require("node:worker_threads");
    import(${JSON.stringify(import.meta.resolve("interpreters"))}).then(async ({ Interpreter, fromModule }) => {
      const interp = new Interpreter(${interp.id});
      const moving = fromModule(${JSON.stringify(new URL("./moving.js", import.meta.url).href)});
      const there = await interp.call(moving.bytes, ${LARGE});
      const left = await interp.call(moving.left);
      const { buffer } = new Uint8Array(${LARGE}).fill(9);
      const back = await interp.with({ transfer: [buffer] }).call((buffer) => new Uint8Array(buffer)[4_999_999], buffer);
      parentPort.postMessage([there.length, there[4_999_999], left, buffer.byteLength, back]);
    });`;
    const [reply] = (await once(new Worker(code, { eval: true }), "message")) as [unknown];
    assert.deepEqual(reply, [LARGE, 7, 0, 0, 9]);
  },
);
