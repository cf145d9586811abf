/** Interpreters that have loaded addons are asked to leave by themselves before they are stopped. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createQueue, type Interpreter, type Queue } from "interpreters";
import { deathByLimit, rejection, until } from "../support/ways.js";
import { fresh } from "./fixtures.js";
import { limits, loads, make } from "./support.js";

/** Milliseconds. If ending takes longer, the supervisor may have stopped the thread; see supervisor/children.ts. */
const LEAVE_LIMIT = 250;
/** One that never leaves by itself is stopped each time. */
const MOST_TRIES = 20;

const activities: Record<string, (interp: Interpreter, file: string) => Promise<unknown>> = {
  "does nothing": () => Promise.resolve(),
  "blocks in a queue": (interp) =>
    interp.call((queue: Queue<number>) => void queue.getSync(), createQueue<number>()),
  "is inside a native call": (interp, file) => interp.call(loads.pause, file, 30),
  "awaits a promise": (interp) => interp.call(() => new Promise(() => {})),
};
for (const [name, occupy] of Object.entries(activities)) {
  test(
    `one that has loaded an addon and ${name} leaves by itself when it is terminated`,
    limits,
    async () => {
      for (let left = false, tries = 0; !left; tries++) {
        assert.ok(tries < MOST_TRIES, "it was stopped");
        const interp = make();
        const file = fresh("statics");
        await interp.call(loads.next, file);
        // Memory of its own: what an interpreter puts once it is terminated has no effect.
        const told = new Int32Array(new SharedArrayBuffer(4));
        await interp.call((word: Int32Array) => {
          // A thread that ends by itself reports it; a thread that is stopped does not.
          process.emit = ((event: string) => {
            if (event === "exit") Atomics.store(word, 0, 1);
            return false;
          }) as typeof process.emit;
          process.on("exit", () => {
            for (;;);
          });
        }, told);
        const occupied = rejection(Promise.all([occupy(interp, file), new Promise(() => {})]));
        await until(() => name === "does nothing" || interp.isRunning());
        const began = performance.now();
        if (name === "blocks in a queue") interp.terminateSync();
        else await interp.terminate();
        // `terminate` does not wait for the thread. If the machine is so loaded that the thread had no time to leave, the run
        // proves nothing.
        await until(() => Atomics.load(told, 0) === 1 || performance.now() - began > LEAVE_LIMIT);
        left = Atomics.load(told, 0) === 1;
        // A native call runs to its end, and so may the call that made it.
        if (name !== "does nothing" && name !== "is inside a native call") {
          assert.match((await occupied).message, /terminated/);
        }
      }
    },
  );
}

test("one that has loaded an addon and does not come back is stopped", limits, async () => {
  const interp = make();
  await interp.call(loads.next, fresh("statics"));
  const stuck = interp.with({ timeout: 20 }).call(() => {
    for (;;);
  });
  deathByLimit(await rejection(stuck));
});
