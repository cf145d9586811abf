/** The first task of a process: no thread of this package runs yet when the task's buffers must be moved. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InterpreterPoolExecutor } from "interpreters";
import { runtime } from "../../src/thread/current.js";
import { limits } from "../support/ways.js";

test("the first task's buffer is moved and not copied", limits, async () => {
  const { m } = runtime();
  const before = m.memory.buffer.byteLength;
  const length = 1 << 28;
  const buffer = new ArrayBuffer(length);
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const task = pool.with({ transfer: [buffer] }).submit((buffer: ArrayBuffer) => buffer.byteLength, buffer);
  assert.equal(await task, length);
  assert.equal(buffer.byteLength, 0);
  assert.ok(m.memory.buffer.byteLength - before < length / 2);
});
