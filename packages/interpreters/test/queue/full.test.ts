/** A full shared memory, seen from several interpreters: a clear error for the caller, and nothing lost or half done. */
import assert from "node:assert/strict";
import { after, afterEach, describe, test } from "node:test";
import { create, createQueue, listQueues, type Queue, UNBOUND_KEEP } from "interpreters";
import { enter } from "../../src/thread/current.js";
import { registerMain } from "../../src/kernel/registry.js";
import { MAIN_SLOT } from "../../src/memory/layout.js";
import { createMemory, openMemory } from "../../src/memory/memory.js";
import { getters, putters, sharedMemory } from "../support/queues.js";
import { until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };

// Does what the first use of the package would do, with a memory of 16 MiB.
const memory = createMemory([256]);
registerMain(openMemory(memory, MAIN_SLOT));
enter(memory).become(MAIN_SLOT);

type Texts = Queue<string, never>;
const texts = (maxsize = 0): Texts => createQueue<string>(maxsize, { unboundItems: UNBOUND_KEEP });
const others = [create(), create()];
after(() => Promise.all(others.map((interp) => interp.terminate())));
afterEach(() => {
  for (const queue of listQueues()) queue.close();
});

/** Puts until the memory is full. Returns how many were put, and the error's class and code. Runs in any interpreter. */
function putAll(queue: Texts, sizes: number[], many: boolean): [put: number, name: string, code: string] {
  let put = 0;
  try {
    if (many) queue.putManySync(sizes.map((size) => "x".repeat(size)));
    else for (const size of sizes) queue.putSync((put++, "x".repeat(size)));
    return [sizes.length, "", ""];
  } catch (error) {
    const { name, code, put: told } = error as { name: string; code: string; put?: number };
    return [many ? (told ?? 0) : put - 1, name, code];
  }
}

/** Allocates all that is left, down to the room for one small record. */
function fill(queue: Texts): void {
  for (let size = 1 << 20; size >= 1; size >>= 1) while (putAll(queue, [size], false)[0] === 1);
}

const refused = ["InterpreterError", "ERR_INTERPRETER_MEMORY"];

describe("putMany that finds the memory full", limits, () => {
  for (const size of [1000, 10_000]) {
    for (const there of [false, true]) {
      test(`says how many of its items of ${size} bytes it put, ${there ? "in another interpreter" : "here"}`, async () => {
        const [hoard, queue] = [texts(), texts()];
        fill(hoard);
        // Makes room for several of them again.
        for (let i = 0; i < 2; i++) hoard.getNowait();
        const sizes = Array.from({ length: 5000 }, () => size);
        const [put, ...error] = there
          ? await others[0].call(putAll, queue, sizes, true)
          : putAll(queue, sizes, true);
        assert.deepEqual(error, refused);
        assert.equal(queue.qsize(), put);
        for (let i = 0; i < put; i++) assert.equal(queue.getNowait().length, size);
        // An item that was not put leaves nothing behind.
        hoard.close();
        assert.ok(sharedMemory().inUse < 1 << 20, `${sharedMemory().inUse} bytes are in use`);
      });
    }
  }
});

test(
  "who asked for too much gets the error, in whichever interpreter, and the others go on meanwhile",
  limits,
  async () => {
    const [hoard, requests, replies] = [texts(), texts(1), texts(1)];
    const echoing = others[1].call(
      (from, to) => {
        let count = 0;
        for (let item = from.getSync(); item !== "stop"; item = from.getSync()) {
          to.putSync(item);
          count++;
        }
        return count;
      },
      requests,
      replies,
    );
    const echo = async (rounds: number): Promise<void> => {
      for (let i = 0; i < rounds; i++) {
        await requests.put(`${i}`);
        assert.equal(await replies.get({ timeout: WATCHDOG }), `${i}`);
      }
    };
    await echo(10);
    fill(hoard);
    for (let round = 0; round < 20; round++) {
      const asking = others[0].call(putAll, hoard, [1 << 20], round % 2 === 0);
      await echo(10);
      const [put, ...error] = await asking;
      assert.deepEqual([put, ...error], [0, ...refused]);
    }
    await requests.put("stop");
    assert.equal(await echoing, 210);
  },
);

test(
  "who waits for room has its memory already, and gets through where there is none left by then",
  limits,
  async () => {
    const [hoard, queue] = [texts(), texts(1)];
    queue.putNowait("x");
    const blocked = others[0].call(putAll, queue, [100_000], false);
    const waiting = queue.put("x".repeat(100_000));
    await until(() => putters(queue) === 2, "all wait");
    fill(hoard);
    const got: number[] = [];
    for (let i = 0; i < 3; i++) got.push((await queue.get({ timeout: WATCHDOG })).length);
    assert.deepEqual(got, [1, 100_000, 100_000]);
    await waiting;
    assert.deepEqual(await blocked, [1, "", ""]);
    assert.deepEqual([putters(queue), getters(queue), queue.qsize()], [0, 0, 0]);
  },
);
