/** Handles are counted: an interpreter without handles is closed, one with a handle anywhere is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, createQueue, fromModule, Interpreter, type Queue } from "interpreters";
import type { InterpreterId } from "../../src/memory/brands.js";
import { runtime } from "../../src/thread/current.js";
import { slotOf } from "../../src/kernel/registry.js";
import { gc as collectGarbage } from "../support/garbage.js";
import { channel, limits, until, using } from "../support/ways.js";

const inside = fromModule<typeof import("./inside.js")>(new URL("./inside.js", import.meta.url));

/** Returns whether the interpreter exists, without making a handle. */
const exists = (id: number): boolean => slotOf(runtime().m, id as InterpreterId) !== -1;
const collected = (id: number): Promise<void> =>
  until(() => {
    collectGarbage();
    return !exists(id);
  }, `interpreter ${id} is closed`);

/** Returns once garbage has certainly been collected: interpreters that it abandons have been closed. */
async function garbageCollected(): Promise<void> {
  for (let i = 0; i < 3; i++) await collected(await abandoned());
}

/** Returns the id of an interpreter whose only handle is unreachable. */
async function abandoned(): Promise<number> {
  const interp = create();
  await interp.exec("1");
  return interp.id;
}

test("an interpreter whose last handle is collected is closed", limits, async () => {
  await collected(await abandoned());
});

test("an interpreter that was never used is closed as well", limits, async () => {
  const make = (): number => create().id;
  await collected(make());
});

test("an interpreter with a handle stays", limits, async () => {
  const interp = create();
  await interp.exec("var x = 1");
  await garbageCollected();
  assert.equal(await interp.call(() => (globalThis as unknown as { x: number }).x), 1);
  await interp.close();
});

test("running and waiting work is finished before an abandoned interpreter is closed", limits, async () => {
  const said = channel<string>();
  const start = (): number => {
    const interp = create();
    for (const word of ["one", "two"]) {
      void interp.call(
        async (said: Queue<string>, word: string) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          said.putNowait(word);
        },
        said,
        word,
      );
    }
    return interp.id;
  };
  await collected(start());
  assert.deepEqual([said.getNowait(), said.getNowait()], ["one", "two"]);
});

test("a handle in a queue or in another interpreter keeps the interpreter", limits, () =>
  using(async (holder) => {
    const queue = createQueue<Interpreter>();
    const intoQueue = (): number => {
      const interp = create();
      queue.putNowait(interp);
      return interp.id;
    };
    const first = intoQueue();
    await garbageCollected();
    assert.ok(exists(first), "in a queue");
    const take = async (): Promise<void> => {
      await holder.call((queue: Queue<Interpreter>) => {
        (globalThis as unknown as { kept?: unknown }).kept = queue.getNowait();
      }, queue);
    };
    await take();
    await garbageCollected();
    assert.ok(exists(first), "held by another interpreter");
    const again = new Interpreter(first);
    assert.equal(await again.call(() => 5), 5);
    await holder.terminate();
    assert.equal(await again.call(() => 6), 6, "held here again");
  }),
);

test("an interpreter whose only holder dies is closed", limits, async () => {
  const holder = create();
  const make = async (): Promise<number> => await holder.call(inside.keepOne);
  const id = await make();
  await garbageCollected();
  assert.ok(exists(id));
  await holder.terminate();
  await collected(id);
});
