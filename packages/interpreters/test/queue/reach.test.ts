/** A thread that gets a pointer into memory that another thread has just added finds it there, however soon it reads. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { Memory } from "../../src/memory/webassembly.js";
import type { Task } from "./reach.thread.js";
import { WATCHDOG } from "../support/processes.js";

const GROWTHS = 1000;
const ROUNDS = 2;

function start(task: Task): Worker {
  return new Worker(new URL("./reach.thread.js", import.meta.url), { workerData: task });
}

test(
  "what another thread has just added to the memory can be reached at once",
  { timeout: WATCHDOG },
  async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const memory = new Memory!({ shared: true, initial: 16, maximum: 16 + GROWTHS });
      const grower = start({ memory, role: "grower", growths: GROWTHS });
      const visitor = start({ memory, role: "visitor", growths: GROWTHS });
      const failed = new Promise((_, reject) =>
        [grower, visitor].forEach((worker) => worker.once("error", reject)),
      );
      const said = new Promise((resolve) => visitor.once("message", resolve));
      try {
        assert.equal(await Promise.race([said, failed]), GROWTHS);
      } finally {
        await Promise.all([grower.terminate(), visitor.terminate()]);
      }
    }
  },
);
