/** Code in an interpreter has no parent thread: what it posted to the supervisor would be lost, and what that sent is no data of its own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, InterpreterPoolExecutor, prewarm } from "interpreters";

const look = async (): Promise<unknown[]> => {
  const required = process.getBuiltinModule("node:worker_threads");
  const imported = await import("node:worker_threads");
  return [required, imported, imported.default].flatMap(({ workerData, parentPort, isMainThread }) => [
    workerData,
    parentPort,
    isMainThread,
  ]);
};
const nothing = Array.from({ length: 3 }, () => [null, null, false]).flat();

test("an interpreter has neither workerData nor parentPort", async () => {
  await using interp = create();
  assert.deepEqual(await interp.call(look), nothing);
  await interp.exec(
    'import { parentPort, workerData } from "node:worker_threads"; globalThis.seen = [parentPort, workerData];',
  );
  assert.deepEqual(await interp.call(() => (globalThis as unknown as { seen: unknown }).seen), [null, null]);
});

test("nor where Node has imported an ES module before", async () => {
  const execArgv = ["--import", 'data:text/javascript,import "node:worker_threads";'];
  await using interp = create({ execArgv });
  assert.deepEqual(await interp.call(look), nothing);
});

test("nor a standby interpreter, nor a worker of a pool", async () => {
  prewarm(1);
  await using interp = create();
  assert.deepEqual(await interp.call(look), nothing);
  prewarm(0);
  await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
  assert.deepEqual(await executor.submit(look), nothing);
});

test("a thread that an interpreter starts itself has its own", async () => {
  await using interp = create();
  const answer = await interp.call(() => {
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    const text =
      'const { parentPort, workerData } = require("node:worker_threads"); parentPort.postMessage(workerData + 1)';
    return new Promise((resolve, reject) => {
      new Worker(text, { eval: true, workerData: 41 }).on("message", resolve).on("error", reject);
    });
  });
  assert.equal(answer, 42);
});
