/** A full shared memory: a clear error for a caller that needs more, and all others go on. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  create,
  createQueue,
  InterpreterError,
  InterpreterPoolExecutor,
  type Queue,
  UNBOUND_KEEP,
} from "interpreters";
import { enter } from "../../src/thread/current.js";
import { registerMain } from "../../src/kernel/registry.js";
import { MAIN_SLOT } from "../../src/memory/layout.js";
import { createMemory, openMemory } from "../../src/memory/memory.js";
import { backTo, baseline, created } from "../support/queues.js";
import { rejection, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };

// Does what the first use of the package would do, with a memory of 16 MiB.
const memory = createMemory([256]);
registerMain(openMemory(memory, MAIN_SLOT));
enter(memory).become(MAIN_SLOT);

type Bytes = Queue<Uint8Array | string, never>;
const bytes = (): Bytes => createQueue<Uint8Array | string>(0, { unboundItems: UNBOUND_KEEP });
const isFull = (error: unknown): boolean =>
  error instanceof InterpreterError &&
  error.code === "ERR_INTERPRETER_MEMORY" &&
  /memory is full/.test(error.message);

/** Puts until neither the smallest large item nor a segment fits any more; returns how many it put. */
function fill(queue: Bytes): number {
  let count = 0;
  for (let size = 1 << 20; size >= 1; size >>= 1) {
    for (;;) {
      try {
        queue.putNowait(size > 4096 ? new Uint8Array(size) : "x".repeat(size));
        count++;
      } catch (error) {
        assert.ok(isFull(error), String(error));
        break;
      }
    }
  }
  return count;
}

const other = create();
before(async () => {
  // Everything that is made once exists by now: segments of mailboxes, code of functions.
  await other.call(() => 1);
});
after(async () => {
  for (const interp of created()) await interp.terminate();
});

describe("a full memory", limits, () => {
  test("refuses what needs more of it, in every form, and what is there stays", async () => {
    const queue = bytes();
    const count = fill(queue);
    assert.ok(count > 20);
    const large = new Uint8Array(1 << 20);
    await assert.rejects(queue.put(large), isFull);
    assert.throws(() => queue.putSync(large), isFull);
    assert.throws(() => queue.putSync(large, { timeout: 1000 }), isFull);
    assert.throws(() => queue.putNowait(large), isFull);
    assert.throws(() => createQueue(), isFull);
    assert.equal(queue.qsize(), count);
    for (let i = 0; i < 3; i++) assert.equal(queue.getNowait().length, 1 << 20);
    await queue.put(large);
    assert.equal(queue.qsize(), count - 2);
    queue.close();
    createQueue().close();
  });

  test("lets those who get by with what they have go on: queues, calls and interpreters", async () => {
    const [requests, replies] = [bytes(), bytes()];
    const echoing = other.call(
      (from: Bytes, to: Bytes) => {
        for (let item = from.getSync(); item !== "stop"; item = from.getSync()) to.putSync(item);
        return "stopped";
      },
      requests,
      replies,
    );
    await requests.put("warm");
    assert.equal(await replies.get(), "warm");
    const hoard = bytes();
    fill(hoard);
    for (let i = 0; i < 1000; i++) {
      await requests.put(`small ${i}`);
      assert.equal(await replies.get(), `small ${i}`);
    }
    await requests.put("stop");
    assert.equal(await echoing, "stopped");
    hoard.close();
  });

  test("fails a call whose arguments or result do not fit, and the next ones go on", async () => {
    const makeLarge = (n: number): Uint8Array => new Uint8Array(n);
    const lengthOf = (data: Uint8Array): number => data.length;
    assert.equal((await other.call(makeLarge, 10)).length, 10);
    assert.equal(await other.call(lengthOf, new Uint8Array(1)), 1);
    const hoard = bytes();
    fill(hoard);
    assert.ok(isFull(await rejection(other.call(makeLarge, 1 << 20))));
    assert.ok(isFull(await rejection(other.call(lengthOf, new Uint8Array(1 << 20)))));
    assert.equal((await other.call(makeLarge, 10)).length, 10);
    assert.equal(await other.call(lengthOf, new Uint8Array(1)), 1);
    assert.equal(await other.with({ timeout: WATCHDOG }).call(lengthOf, new Uint8Array(1)), 1);
    hoard.close();
    assert.equal((await other.call(makeLarge, 1 << 20)).length, 1 << 20);
  });

  test("still lets interpreters end, in every way, and be heard of", async () => {
    const victims = [create(), create(), create()];
    for (const victim of victims) await victim.call(() => 1);
    const exit = victims[2].call((q: Queue<number>) => q.getSync() === 1 && process.exit(4), createGate());
    exit.catch(() => {});
    const hoard = bytes();
    fill(hoard);
    await victims[0].close();
    await victims[1].terminate();
    gate?.putNowait(1);
    const error = await rejection<InterpreterError>(exit);
    assert.equal(error.code, "ERR_INTERPRETER_DIED");
    for (const victim of victims)
      await assert.rejects(
        victim.call(() => 1),
        { code: "ERR_INTERPRETER_NOT_FOUND" },
      );
    hoard.close();
  });

  test("refuses a new interpreter or boots it, and there is no third", async () => {
    const hoard = bytes();
    fill(hoard);
    let interp;
    try {
      interp = create();
    } catch (error) {
      assert.ok(isFull(error), String(error));
    }
    if (interp !== undefined) {
      const result = await interp.call(() => 5).catch((error: unknown) => error);
      assert.ok(result === 5 || isFull(result), String(result));
    }
    hoard.close();
    if (interp !== undefined) {
      assert.equal(await interp.call(() => 5), 5);
      await interp.close();
    }
    assert.equal(created().length, 1);
  });

  test("fails the tasks of a pool that do not fit, and no others", async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const lengthOf = (data: Uint8Array): number => data.length;
    const makeLarge = (n: number): Uint8Array => new Uint8Array(n);
    assert.equal(await pool.submit(lengthOf, new Uint8Array(7)), 7);
    assert.equal((await pool.submit(makeLarge, 7)).length, 7);
    const hoard = bytes();
    fill(hoard);
    assert.ok(isFull(await rejection(pool.submit(lengthOf, new Uint8Array(1 << 20)))));
    assert.equal(await pool.submit(lengthOf, new Uint8Array(7)), 7);
    assert.ok(isFull(await rejection(pool.submit(makeLarge, 1 << 20))));
    assert.equal(await pool.submit(lengthOf, new Uint8Array(7)), 7);
    hoard.close();
  });

  test("is empty again afterwards, to the last page", async () => {
    await other.terminate();
    await until(() => created().length === 0);
    const begin = await baseline();
    await fillAndClose();
    await backTo(begin);
  });
});

/** A function of its own, so that its objects can be collected when it returns. */
async function fillAndClose(): Promise<void> {
  const interp = create();
  const queue = bytes();
  fill(queue);
  await interp.terminate();
  queue.close();
}

let gate: Queue<number> | undefined;
function createGate(): Queue<number> {
  return (gate = createQueue<number>());
}
