/**
 * As many tasks as idle workers: each gets a worker of its own. The tasks wait for each other, so they end only if all of them run at the
 * same time, and no clock is looked at.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromModule, InterpreterPoolExecutor } from "interpreters";
import { WATCHDOG } from "../support/processes.js";

const { meet, nothing } = fromModule<typeof import("./meeting.js")>(new URL("./meeting.js", import.meta.url));
const WORKERS = 16;

/** Lets the workers come to any of their states: some still execute, some spin, some sleep. */
const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

for (const [name, priorities] of [
  ["of one priority", [0]],
  ["of several priorities", [2, 0, -1]],
] as const) {
  test(
    `each of 16 tasks ${name} runs on a worker of its own, whatever the pool did before`,
    { timeout: WATCHDOG },
    async () => {
      await using pool = new InterpreterPoolExecutor({ maxWorkers: WORKERS });
      const came = new Int32Array(new SharedArrayBuffer(4));
      let tasks = 0;
      const meeting = async (meetings: number): Promise<void> => {
        const places = await Promise.all(
          Array.from({ length: meetings * WORKERS }, (_, i) =>
            pool.with({ priority: priorities[i % priorities.length] }).submit(meet, came, WORKERS),
          ),
        );
        tasks += places.length;
        assert.equal(Atomics.load(came, 0), tasks);
        assert.equal(new Set(places).size, places.length);
      };
      await meeting(1);
      for (let round = 0; round < 20; round++) {
        await turns(round * 10);
        await meeting(1);
      }
      // Many short tasks: the pool wakes no worker for each of them. Then those that need all workers, and more of them than workers.
      for (let round = 0; round < 5; round++) {
        await Promise.all(Array.from({ length: 2000 }, () => pool.submit(nothing)));
        await turns(round * 10);
        await meeting(1 + (round % 3));
        await Promise.all(Array.from({ length: 200 }, () => pool.submit(nothing)));
        await meeting(3);
      }
    },
  );
}
