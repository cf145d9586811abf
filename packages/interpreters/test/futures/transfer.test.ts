/** Buffers that are moved to a task. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InterpreterDiedError, InterpreterPoolExecutor, NotShareableError } from "interpreters";
import { channel, rejection, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const sum = (bytes: Uint8Array): number => bytes.reduce((a, b) => a + b, 0);

test("a buffer that is moved arrives, and is detached here", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const [small, large] = [new Uint8Array(10).fill(1), new Uint8Array(1_000_000).fill(1)];
  for (const bytes of [small, large]) {
    const { length } = bytes;
    const future = pool.with({ transfer: [bytes.buffer] }).submit(sum, bytes);
    assert.equal(bytes.byteLength, 0, "at once");
    assert.equal(await future, length);
  }
  const kept = new Uint8Array(3).fill(5);
  assert.equal(await pool.submit(sum, kept), 15);
  assert.equal(kept.byteLength, 3, "not moved, but copied");
});

test("nothing is moved when the task is refused", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const bytes = new Uint8Array(4);
  const moving = pool.with({ transfer: [bytes.buffer] });
  assert.throws(() => moving.submit((given: unknown) => given, [bytes, () => 0]), NotShareableError);
  assert.throws(() => moving.submit(Math.max.bind(Math) as never, bytes), NotShareableError);
  const aborted = pool.with({ transfer: [bytes.buffer], signal: AbortSignal.abort() });
  assert.equal((await rejection(aborted.submit(sum, bytes))).name, "AbortError");
  await pool.shutdown();
  assert.throws(() => moving.submit(sum, bytes), /shut down/);
  assert.equal(bytes.byteLength, 4);
});

test("a task that was given buffers is run again with what was in them", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, retries: 1 });
  const tries = channel<number>();
  for (const length of [4, 100_000]) {
    const bytes = new Uint8Array(length).fill(1);
    const future = pool.with({ transfer: [bytes.buffer] }).submit(
      (queue: typeof tries, given: Uint8Array) => {
        queue.putSync(given.reduce((a, b) => a + b, 0));
        if (queue.qsize() === 1) process.exit(1);
        return given;
      },
      tries,
      bytes,
    );
    assert.equal(bytes.length, 0);
    assert.equal((await future).length, length);
    assert.deepEqual([tries.getNowait(), tries.getNowait()], [length, length]);
  }
  assert.ok((await rejection(pool.submit(() => process.exit(1)))) instanceof InterpreterDiedError);
});

test("what cannot be moved is refused at once", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const buffer = new ArrayBuffer(1);
  for (const transfer of [[new Uint8Array(1)], buffer, [buffer, buffer], [null], 5]) {
    assert.throws(() => pool.with({ transfer: transfer as never }), TypeError);
  }
  assert.throws(() => pool.with({ transfer: [buffer] }).map((x: number) => x, [1]), /one task/);
});
