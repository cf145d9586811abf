/** The loop that serves in an interpreter fails: the thread ends and callers get the error, whatever handlers user code has there. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, InterpreterDiedError, InterpreterPoolExecutor } from "interpreters";
import { outcome, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };

/** Ways in which user code may swallow exceptions. */
const handlers: Record<string, () => void> = {
  "no handlers": () => {},
  listeners() {
    process.on("uncaughtException", () => {});
    process.on("unhandledRejection", () => {});
  },
  "a capture callback": () => process.setUncaughtExceptionCaptureCallback(() => {}),
  "another emit"() {
    process.emit = (() => true) as never;
  },
  "another emit, and no way to remove listeners"() {
    process.on("uncaughtException", () => {});
    const stubborn = { value: () => true, writable: false, configurable: false };
    Object.defineProperties(process, { emit: stubborn, removeAllListeners: stubborn });
  },
  "another process.exit"() {
    process.on("uncaughtException", () => {});
    process.exit = (() => {}) as typeof process.exit;
  },
};

/** Ways in which it may break the loop. Each takes effect when the work that does it is done. */
const breaks: Record<string, () => void> = {
  "waiting fails"() {
    (Atomics as { waitAsync: unknown }).waitAsync = () => {
      throw new RangeError("broken");
    };
  },
  "replying fails"() {
    process.nextTick(() => {
      (Atomics as { exchange: unknown }).exchange = () => {
        throw new RangeError("broken");
      };
    });
  },
};

for (const [how, handle] of Object.entries(handlers)) {
  for (const [what, breakLoop] of Object.entries(breaks)) {
    test(`${what}, with ${how}`, limits, async () => {
      const interp = create();
      await interp.call(handle);
      // It may fail itself, if the reply does.
      const breaking = interp.call(breakLoop).catch((error: unknown) => error);
      // As long as there is work, the loop does not wait.
      const pending = interp.call(() => new Promise((resolve) => setTimeout(resolve, 5)));
      const outcomes = [await breaking, await outcome(pending)];
      for (;;) {
        const last = outcomes.at(-1) as { error?: Error & { code: string } };
        if (last.error !== undefined) {
          assert.match(last.error.code, /^ERR_INTERPRETER_(?:DIED|NOT_FOUND)$/);
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
        outcomes.push(await outcome(interp.call(Math.max, 1)));
      }
      await interp.close().catch(() => {});
      assert.throws(() => interp.isRunning(), { code: "ERR_INTERPRETER_NOT_FOUND" });
    });
  }
}

test("a task beside others cannot finish its reply", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1, concurrency: 2 });
  const both = Array.from({ length: 2 }, () =>
    pool.submit(async () => {
      process.on("uncaughtException", () => {});
      process.on("unhandledRejection", () => {});
      await new Promise((resolve) => setTimeout(resolve, 20));
      (Atomics as { exchange: unknown }).exchange = () => {
        throw new RangeError("broken");
      };
    }),
  );
  // Its reply may have been put before it failed.
  for (const future of both) {
    const error = await future.exception();
    assert.ok(error === undefined || error instanceof InterpreterDiedError, String(error));
  }
  assert.equal(await pool.submit(Math.max, 1, 2), 2);
  await pool.shutdown();
});
