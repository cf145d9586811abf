/** Owners and callers die at random moments under load: each call has exactly one outcome, and the survivors go on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Callback, callback, create, fromModule, InterpreterDiedError } from "interpreters";
import { Chance } from "../support/queues.js";
import { limits, until, using } from "../support/ways.js";

const inside = fromModule<typeof import("./inside.js")>(new URL("./inside.js", import.meta.url));
const CALLS = 300;

for (let seed = 1; seed <= 4; seed++) {
  test(`owners and callers are killed (seed ${seed})`, limits, () =>
    using((survivor) =>
      using(async (caller) => {
        const chance = new Chance(seed);
        let here = 0;
        using own = callback((n: number) => {
          here++;
          return n * 2;
        });
        const owners = [create(), create()];
        const theirs = await Promise.all(owners.map((owner) => owner.call(inside.makeDouble)));
        const surviving = await survivor.call(inside.makeDouble);
        const all: Callback<[number], number>[] = [own, surviving, ...theirs];
        const tally = caller.call(inside.keepCalling, all, CALLS);
        const victims = [create(), create()];
        const victimsDone = victims.map((victim) =>
          victim.call(inside.keepCalling, all, 1 << 30).catch((error: unknown) => error),
        );
        for (const next of [owners[0], victims[0], owners[1], victims[1]]) {
          const until_ = here + chance.below(40);
          await until(() => here >= until_, "the callers go on");
          if (chance.next() < 0.5) await next.terminate();
          else next.terminateSync();
        }
        for (const end of await Promise.all(victimsDone))
          assert.ok(end instanceof InterpreterDiedError, String(end));
        const { done, died } = await tally;
        assert.equal(done + died, CALLS);
        assert.ok(done >= CALLS / 2, "those of the survivors are done");
        // The survivors work on.
        assert.deepEqual(await caller.call(inside.keepCalling, [own, surviving], 4), { done: 4, died: 0 });
      }),
    ),
  );
}
