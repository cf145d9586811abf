/** The core in integers (`interpreters/core`), as a guest language uses it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  create,
  createQueue,
  ExecutionFailed,
  Interpreter,
  InterpreterDiedError,
  InterpreterPoolExecutor,
  listAll,
  listQueues,
  prewarm,
  Queue,
} from "interpreters";
import { core, type EncodedValue, type GuestOperation } from "interpreters/core";
import { until } from "../support/ways.js";
import { calculator, program } from "./calculator.js";

const { queues, interpreters, threads } = core;
const language = calculator();
const interruptible = calculator({ interruptible: true });
const TAG = language.tag;

function send(id: number, bytes: number[], references: readonly number[] = []): GuestOperation {
  const sent = interpreters.send(id, new core.EncodedValue(TAG, Uint8Array.from(bytes), references));
  assert.ok(typeof sent !== "number", `status ${String(sent)}`);
  return sent;
}

function put(id: number, value: EncodedValue): number {
  const held = queues.held(id)!;
  const bytes = Buffer.alloc((value.bytes.length + 7) & ~7);
  bytes.set(value.bytes);
  const record = core.makeOutgoing(core.spaceOf(bytes));
  record.length = value.bytes.length;
  record.references = value.references;
  record.flags = (value.codec << core.RECORD_CODEC_SHIFT) | (core.UNBOUND_ITEM << core.RECORD_UNBOUND_SHIFT);
  return queues.putRecord(held, record);
}

test("an operation may be awaited more than once", async () => {
  const interp = create({ language });
  const work = send(interp.id, [1, 2]);
  const replies = await Promise.all([work.promise(), work.promise()]);
  assert.equal(replies[0], replies[1]);
  const closing = interpreters.beginClose(interp.id);
  assert.ok(typeof closing !== "number");
  await Promise.all([closing.promise(), closing.promise()]);
  assert.equal(interpreters.whence(interp.id), core.STATUS_NOT_FOUND);
});

test("work travels as bytes, and its reply does, large ones too", async () => {
  const interp = create({ language });
  const small = send(interp.id, [1, 2, 3]);
  assert.deepEqual([...(await small.promise()).bytes], [3, 2, 1]);
  const large = send(
    interp.id,
    Array.from({ length: 100_000 }, (_, i) => (i % 255) + 1),
  );
  const { bytes } = large.block();
  assert.equal(bytes.length, 100_000);
  assert.equal(bytes.at(-1), 1);
  await interp.close();
});

test("what the guest throws is the failure of the work", async () => {
  const interp = create({ language });
  await assert.rejects(send(interp.id, [0]).promise(), (error) => {
    assert.ok(error instanceof ExecutionFailed);
    assert.equal(error.excinfo.message, "the first byte is 0");
    return true;
  });
  await interp.close();
});

test("a guest knows which interpreter it is before its first work, on standby too", async () => {
  prewarm(1, { language });
  const made = [create({ language }), create({ language })];
  for (const interp of made) {
    const reply = await send(interp.id, []).promise();
    assert.equal(core.values.decode(new core.EncodedValue(core.CODEC_NEUTRAL, reply.bytes)), interp.id);
    await interp.close();
  }
  prewarm(0);
});

test("bytes go only to an interpreter of their language, which is there, and idle if that is asked for", async () => {
  const javascript = create();
  const busy = create({ language });
  const value = new core.EncodedValue(TAG, new Uint8Array(1));
  assert.equal(interpreters.send(javascript.id, value), core.STATUS_NOT_FOUND);
  assert.equal(interpreters.send(0, value), core.STATUS_NOT_FOUND);
  assert.equal(interpreters.send(987_654, value), core.STATUS_NOT_FOUND);
  const endless = busy.exec("loop").catch((error: unknown) => error);
  await until(() => busy.isRunning());
  assert.equal(interpreters.send(busy.id, value, { onlyIfIdle: true }), core.STATUS_BUSY);
  await busy.terminate();
  assert.ok((await endless) instanceof InterpreterDiedError);
  assert.equal(interpreters.send(busy.id, value), core.STATUS_NOT_FOUND);
  await javascript.close();
});

test("a queue lives as long as the guest holds it, and no longer", () => {
  const id = queues.make(3, core.UNBOUND_ITEM_REMOVE);
  const held = queues.hold(id)!;
  assert.deepEqual(
    [queues.maxsize(held), queues.unbound(held), queues.count(held)],
    [3, core.UNBOUND_ITEM_REMOVE, 0],
  );
  assert.ok(queues.ids().includes(id));
  assert.equal(queues.hold(id), held);
  queues.release(held);
  assert.ok(queues.isOpen(held));
  queues.release(held);
  assert.ok(!queues.ids().includes(id));
  assert.equal(queues.hold(id), undefined);
});

test("the object for a queue and the guest's handle keep it, whichever goes first", () => {
  const queue = createQueue<number>();
  const held = queues.hold(queue.id)!;
  queues.release(held);
  // The guest has let go, the object has not.
  queue.putNowait(1);
  assert.equal(new Queue(queue.id), queue);
  assert.equal(queue.getNowait(), 1);
});

test("a getter on the event loop and one that blocks share the queue", async () => {
  const queue = createQueue<number>();
  const held = queues.hold(queue.id)!;
  const first = queue.get();
  assert.equal(queues.waitForRecord(held, 20), core.STATUS_EMPTY);
  queue.putNowait(7);
  assert.equal(await first, 7);
  const comes = queues.recordComes(held, Infinity);
  queue.putNowait(8);
  assert.equal(await comes, core.OK);
  assert.equal(queue.getNowait(), 8);
  queues.release(held);
});

test("items stay encoded, with what they refer to", async () => {
  const queue = createQueue<unknown>();
  const carried = createQueue<string>();
  const held = queues.hold(queue.id)!;
  assert.equal(put(queue.id, core.values.encode([1, "two", carried], "item")), core.OK);
  assert.deepEqual(await queue.get(), [1, "two", carried]);
  queue.putNowait("x".repeat(5000));
  const received = core.makeReceived();
  assert.equal(queues.takeRecord(held, received), core.OK);
  const space = core.spaceOf(Buffer.alloc((received.length + 7) & ~7));
  queues.unload(received, space, 0);
  const bytes = space.bytes.subarray(0, received.length);
  assert.equal(core.values.decode(new core.EncodedValue(received.codec, bytes)), "x".repeat(5000));
  assert.equal(queues.takeRecord(held, received), core.STATUS_EMPTY);
  queues.close(held);
  assert.equal(queues.takeRecord(held, received), core.STATUS_NOT_FOUND);
  assert.ok(!listQueues().includes(queue));
});

test("an interpreter that only the guest holds ends with its last handle", async () => {
  const id = interpreters.create({ language }, { guestWord: 77 });
  assert.equal(interpreters.guestWord(id), 77);
  assert.equal(interpreters.whence(id), 2);
  assert.equal(interpreters.language(id), TAG);
  interpreters.adopt(id);
  assert.ok(interpreters.hold(id));
  assert.ok(interpreters.hold(id));
  assert.deepEqual([...send(id, [5, 6]).block().bytes], [6, 5]);
  assert.equal(interpreters.release(id), false);
  assert.equal(interpreters.release(id), true);
  assert.equal(interpreters.whence(id), core.STATUS_NOT_FOUND);
  assert.ok(!interpreters.list().some((each) => each.id === id));
  assert.equal(interpreters.hold(id), false);
});

test("an interpreter with an object outlives the guest's handle", async () => {
  const interp = create({ language });
  assert.ok(interpreters.hold(interp.id));
  assert.equal(interpreters.release(interp.id), false);
  assert.ok(listAll().includes(interp));
  assert.equal(interpreters.close(interp.id), core.OK);
  assert.equal(interpreters.close(interp.id), core.STATUS_NOT_FOUND);
});

test("a busy interpreter is not closed", async () => {
  const interp = create({ language });
  const endless = interp.exec("loop").catch(() => undefined);
  await until(() => interp.isRunning());
  assert.equal(interpreters.close(interp.id), core.STATUS_BUSY);
  await interp.terminate();
  await endless;
});

test("the threads of a language get what they share, those that come later too", async () => {
  const number = new Int32Array(new SharedArrayBuffer(4));
  number[0] = 42;
  const sharing = calculator({}, { key: "number", value: number });
  for (let i = 0; i < 2; i++) {
    await using interp = create({ language: sharing });
    assert.equal(await interp.call(program<[]>("shared")), 42);
  }
  number[0] = 43;
  await using executor = new InterpreterPoolExecutor({ language: sharing, maxWorkers: 1 });
  assert.equal(await executor.submit(program<[]>("shared")), 43);
});

for (const word of ["poll", "block"]) {
  test(`a time limit interrupts "${word}", and the interpreter lives on`, async () => {
    await using interp = create({ language: interruptible });
    await interp.exec("1");
    await assert.rejects(interp.with({ timeout: 20 }).exec(word), (error) => {
      assert.ok(error instanceof DOMException);
      assert.equal(error.name, "TimeoutError");
      assert.ok(error.cause instanceof ExecutionFailed);
      assert.equal(error.cause.excinfo.message, "interrupted");
      return true;
    });
    assert.throws(() => interp.with({ timeout: 20 }).execSync(word), { name: "TimeoutError" });
    assert.equal(await interp.call(program<[]>("1 1 +")), 2);
  });
}

test("a signal interrupts, with its reason", async () => {
  await using interp = create({ language: interruptible });
  await interp.exec("1");
  const controller = new AbortController();
  const work = interp.with({ signal: controller.signal }).exec("block");
  await until(() => interp.isRunning());
  controller.abort(new Error("enough"));
  await assert.rejects(work, /enough/);
  assert.equal(await interp.call(program<[]>("1 1 +")), 2);
});

test("work that ends well although it was interrupted has passed its limit all the same", async () => {
  await using interp = create({ language: interruptible });
  await assert.rejects(interp.with({ timeout: 20 }).exec("obstinate"), { name: "TimeoutError" });
  assert.equal(await interp.call(program<[]>("1 1 +")), 2);
});

test("work that does not heed the interrupt costs its interpreter", async () => {
  const interp = create({ language: interruptible });
  await assert.rejects(interp.with({ timeout: 20 }).exec("loop"), (error) => {
    assert.ok(error instanceof DOMException && error.cause instanceof InterpreterDiedError);
    return true;
  });
  await assert.rejects(interp.exec("1"), { code: "ERR_INTERPRETER_NOT_FOUND" });
});

test("a task's time limit interrupts, and its worker goes on with the next", async () => {
  await using executor = new InterpreterPoolExecutor({ language: interruptible, maxWorkers: 1 });
  const id = await executor.submit(program<[]>("1 1 +"));
  assert.equal(id, 2);
  const workers = listAll().map(({ id: each }) => each);
  await assert.rejects(executor.with({ timeout: 20 }).submit(program<[]>("poll")), { name: "TimeoutError" });
  assert.equal(await executor.submit(program<[]>("2 2 +")), 4);
  assert.deepEqual(
    listAll().map(({ id: each }) => each),
    workers,
  );
});

test("a guest's own signal byte ends the waits of its thread", () => {
  const byte = new Uint8Array(1);
  threads.watchInterrupts(byte);
  byte[0] = 2;
  assert.equal(
    threads.blockUntil(() => false),
    true,
  );
  byte[0] = 0;
  assert.equal(
    threads.blockUntil(() => false, 5),
    false,
  );
});

/** Makes an interpreter that boots with its first work, and a counter of how many have booted. */
function lazily(): { id: number; boots: Int32Array } {
  const boots = new Int32Array(new SharedArrayBuffer(4));
  const counting = calculator({ counts: true }, { key: `boots ${++keys}`, value: boots });
  return { id: interpreters.create({ language: counting }, { lazy: true }), boots };
}
let keys = 0;

test("a lazy interpreter boots with its first work, whichever thread sends it", async () => {
  const { id, boots } = lazily();
  assert.deepEqual([interpreters.isRunning(id), interpreters.whence(id), boots[0]], [0, 2, 0]);
  assert.deepEqual([...send(id, [1, 2]).block().bytes], [2, 1]);
  assert.equal(boots[0], 1);
  assert.equal(interpreters.close(id), core.OK);
  const other = lazily();
  await using sender = create();
  const status = await sender.call(
    async (target: number, tag: number) => {
      const { core: there } = await import("interpreters/core");
      const value = new there.EncodedValue(tag, new Uint8Array([3, 4]));
      const sent = there.interpreters.send(target, value);
      return typeof sent === "number" ? sent : [...(await sent.promise()).bytes];
    },
    other.id,
    TAG,
  );
  assert.deepEqual(status, [4, 3]);
  assert.equal(interpreters.close(other.id), core.OK);
});

test("a lazy interpreter that gets no work never boots, however it ends", async () => {
  const closed = lazily();
  assert.equal(interpreters.close(closed.id), core.OK);
  const released = lazily();
  interpreters.adopt(released.id);
  interpreters.hold(released.id);
  assert.equal(interpreters.release(released.id), true);
  const terminated = lazily();
  await new Interpreter(terminated.id).terminate();
  const waited = lazily();
  await new Interpreter(waited.id).close({ wait: true });
  for (const { id, boots } of [closed, released, terminated]) {
    assert.equal(interpreters.whence(id), core.STATUS_NOT_FOUND);
    assert.equal(boots[0], 0);
  }
  assert.equal(interpreters.whence(waited.id), core.STATUS_NOT_FOUND);
});

test("many lazy interpreters cost nothing", () => {
  const made = Array.from({ length: 200 }, () => lazily());
  for (const { id } of made) assert.equal(interpreters.close(id), core.OK);
  assert.ok(made.every(({ boots }) => boots[0] === 0));
});

test("the death of its creator ends a lazy interpreter", async () => {
  const creator = create();
  const id = await creator.call(
    async (module: string) => {
      const { core: there } = await import("interpreters/core");
      const { calculator: make } = (await import(module)) as { calculator: typeof calculator };
      const made = there.interpreters.create({ language: make() }, { lazy: true });
      there.interpreters.adopt(made);
      there.interpreters.hold(made);
      return made;
    },
    new URL("./calculator.js", import.meta.url).href,
  );
  assert.equal(interpreters.whence(id), 2);
  await creator.terminate();
  await until(() => interpreters.whence(id) === core.STATUS_NOT_FOUND);
});
