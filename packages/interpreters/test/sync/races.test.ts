/** Interpreters that use locks and permits while others of them are stopped at any moment: nothing is lost, whichever dies. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BoundedSemaphore, create, fromModule, type Interpreter, Lock } from "interpreters";
import { limits, until } from "../support/ways.js";
import { Chance } from "../support/queues.js";

const works = fromModule<typeof import("./works.js")>(new URL("./works.js", import.meta.url));
const ROUNDS = 12;

for (const [name, make] of [
  ["a lock", () => new Lock()],
  ["the only permit of a bounded semaphore", () => new BoundedSemaphore(1)],
] as const) {
  test(`interpreters that use ${name} are terminated at any moment`, limits, async (t) => {
    const chance = new Chance(7);
    const object = make();
    const total = new Int32Array(new SharedArrayBuffer(4));
    let told = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const victims: Interpreter[] = [create(), create()];
      const dying = victims.map((interp, i) =>
        interp
          .call(works.count, object, i === 0 ? "blocking" : "a promise", total, 1_000_000)
          .catch(() => "died"),
      );
      const before = total[0];
      await until(() => total[0] > before + chance.below(200));
      const waiting = object.acquire();
      const stopped = victims.map((interp) => interp.terminate());
      const held = await waiting;
      if (held.abandoned !== undefined) told++;
      held.release();
      await Promise.all(stopped);
      assert.deepEqual(await Promise.all(dying), ["died", "died"]);
    }
    // The last ones may have died with it a moment ago.
    const held = await object.acquire();
    held.release();
    assert.ok(object instanceof Lock ? !object.locked() : object.value === 1);
    t.diagnostic(`${told} of ${ROUNDS} deaths were told to the next owner`);
  });
}
