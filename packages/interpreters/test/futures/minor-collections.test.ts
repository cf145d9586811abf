/**
 * What a task brought is garbage as soon as nobody uses it, and a minor collection is enough to free it: nothing of the executor
 * that lives long may refer to it, not even something dead in the old generation.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { InterpreterPoolExecutor } from "../../src/index.js";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as (options?: { type: "minor" }) => void;

const TASKS = 200;
const BYTES = 50_000;
const bytes = (n: number): Uint8Array => new Uint8Array(n).fill(1);

/** Runs tasks; calls `settle` before the first one, when all that is to live long exists. */
type Run = (executor: InterpreterPoolExecutor, settle: () => void) => Promise<void>;

const ways: Readonly<Record<string, Run>> = {
  async "tasks of a group"(executor, settle) {
    await using group = executor.group();
    await group.submit(bytes, 1);
    settle();
    for (let i = 0; i < TASKS; i++) assert.equal((await group.submit(bytes, BYTES)).length, BYTES);
  },
  async "tasks with a signal"(executor, settle) {
    const view = executor.with({ signal: new AbortController().signal });
    await view.submit(bytes, 1);
    settle();
    for (let i = 0; i < TASKS; i++) assert.equal((await view.submit(bytes, BYTES)).length, BYTES);
  },
  async map(executor, settle) {
    const sizes = [1, ...Array<number>(TASKS).fill(BYTES)];
    for await (const result of executor.map(bytes, sizes, { chunksize: 1, buffersize: 4 })) {
      if (result.length === 1) settle();
      else assert.equal(result.length, BYTES);
    }
  },
  async submit(executor, settle) {
    settle();
    for (let i = 0; i < TASKS; i++) assert.equal((await executor.submit(bytes, BYTES)).length, BYTES);
  },
};

for (const [name, run] of Object.entries(ways)) {
  test(`minor collections free the results of ${name}`, async () => {
    await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
    let before = 0;
    await run(executor, () => {
      // A full collection puts all that lives into the old generation.
      gc();
      before = process.memoryUsage().arrayBuffers;
    });
    for (let i = 0; i < 3; i++) gc({ type: "minor" });
    const left = process.memoryUsage().arrayBuffers - before;
    assert.ok(left < (TASKS * BYTES) / 5, `${left} bytes of ${TASKS * BYTES} are left`);
  });
}
