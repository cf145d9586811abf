/** The rows of the table: each causes a failure, checks the state afterwards, and throws the first check that fails. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Package, Pool } from "./pools.js";

export interface Row {
  readonly id: string;
  readonly title: string;
  /** Why a blocking package cannot have this row; undefined if it can. */
  readonly blocking?: string;
  run(made: Package): Promise<void>;
}

/** Milliseconds within which work that waits for nothing is done, on any machine. */
const PATIENCE = 8000;

/** Returns the outcome of a promise. A promise that never settles has an error that says so. */
async function settled(
  what: string,
  promise: () => PromiseLike<unknown>,
): Promise<{ value?: unknown; error?: unknown }> {
  const controller = new AbortController();
  const late = sleep(PATIENCE, undefined, { signal: controller.signal }).then(
    () => {
      throw new Error(`${what}: pending`);
    },
    () => ({}),
  );
  const outcome = (async () => ({ value: await promise() }))().catch((error: unknown) => ({ error }));
  try {
    return await Promise.race([outcome, late]);
  } finally {
    controller.abort();
  }
}

async function expectValue(what: string, promise: () => PromiseLike<unknown>, value: unknown): Promise<void> {
  const outcome = await settled(what, promise);
  if ("error" in outcome) throw new Error(`${what}: ${describe(outcome.error)}`);
  assert.deepEqual(outcome.value, value, what);
}

async function expectError(what: string, promise: () => PromiseLike<unknown>): Promise<unknown> {
  const outcome = await settled(what, promise);
  if (!("error" in outcome)) throw new Error(`${what}: no error`);
  return outcome.error;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Runs the victim beside a bystander, with tasks queued, and checks that no other task was harmed. Returns the victim's error. */
async function withBystanders(made: Package, victim: (pool: Pool) => PromiseLike<unknown>): Promise<unknown> {
  const pool = await made.make({ workers: 2 });
  if (made.blocking) {
    const error = await expectError("the victim", () => victim(pool));
    await expectValue("the next task", () => pool.run("double", 4), 8);
    return error;
  }
  const bystander = settled("the bystander", () => pool.run("bystand", 1000));
  const error = expectError("the victim", () => victim(pool));
  const inLine = [1, 2, 3, 4].map((n) => expectValue(`queued task ${n}`, () => pool.run("double", n), n * 2));
  for (const each of [error, ...inLine]) await each;
  const stood = await bystander;
  if (stood.value !== "stood by") throw new Error(`the bystander: ${describe(stood.error)}`);
  await Promise.all([5, 6].map((n) => expectValue("a new task", () => pool.run("double", n), n * 2)));
  await expectStop(pool);
  return await error;
}

async function expectStop(pool: Pool): Promise<void> {
  const stopped = await settled("stopping", async () => await pool.stop());
  if ("error" in stopped) throw new Error(`stopping: ${describe(stopped.error)}`);
}

const endless = "cancelling needs a caller that is not blocked";
const background = "its caller is blocked while a task runs";

export const rows: readonly Row[] = [
  {
    id: "exit",
    title: "`process.exit(1)` in a task",
    async run(made) {
      await withBystanders(made, (pool) => pool.run("exit"));
    },
  },
  {
    id: "memory",
    title: "out of memory in a task",
    blocking: "it has no memory limit, and would exhaust the machine's memory",
    async run(made) {
      await withBystanders(made, (pool) => pool.run("hoard"));
    },
  },
  {
    id: "cancel",
    title: "cancel an endless loop",
    blocking: endless,
    async run(made) {
      await withBystanders(made, async (pool) => {
        const { result, cancel } = pool.cancellable("loop");
        setTimeout(cancel, 500);
        return await result;
      });
    },
  },
  {
    id: "foreign",
    title: "exception thrown from a timer while another task runs",
    blocking: background,
    async run(made) {
      const pool = await made.make({ workers: 1 });
      await expectValue("the task that leaves a timer", () => pool.run("leaveTimer", 300), undefined);
      const outcome = await settled("the innocent task", () => pool.run("bystand", 1500));
      if ("error" in outcome) {
        const { error } = outcome as { error: Error | undefined };
        assert.notEqual(error?.message, "foreign", "the innocent task failed with the other task's error");
      }
      await expectValue("the next task", () => pool.run("double", 4), 8);
      await expectStop(pool);
    },
  },
  {
    id: "idle",
    title: "exception from a timer while idle",
    async run(made) {
      const pool = await made.make({ workers: 1 });
      await expectValue("the task that leaves a timer", () => pool.run("leaveTimer", 100), undefined);
      await sleep(1000);
      await expectValue("the next task", () => pool.run("double", 4), 8);
      await expectStop(pool);
    },
  },
  {
    id: "result",
    title: "result that cannot be cloned",
    async run(made) {
      const error = await withBystanders(made, (pool) => pool.run("uncloneable"));
      assert.ok(error instanceof Error && error.message !== "", `the error says nothing: ${String(error)}`);
    },
  },
  {
    id: "argument",
    title: "argument that cannot be cloned",
    async run(made) {
      const pool = await made.make({ workers: 2 });
      await expectValue("a task", () => pool.run("double", 4), 8);
      for (let i = 0; i < 4; i++)
        await expectError("a bad argument", () => pool.run("keep", { onClick() {} }));
      const next = [1, 2, 3].map((n) => expectValue("the next tasks", () => pool.run("double", n), n * 2));
      await Promise.all(next);
      await expectStop(pool);
    },
  },
  {
    id: "thrown",
    title: "`throw 'text'`, `throw undefined`, `throw null`",
    async run(made) {
      for (const thrown of ["text", undefined, null]) {
        const what = `throw ${String(thrown)}`;
        const error = await withBystanders(made, (pool) => pool.run("throwIt", thrown)).catch(
          (cause: unknown) => {
            throw new Error(`${what}: ${describe(cause)}`);
          },
        );
        assert.equal(error, thrown, what);
      }
    },
  },
  {
    id: "errors",
    title: "error subclass with own properties and a cause, `AggregateError.errors`",
    async run(made) {
      const error = (await withBystanders(made, (pool) => pool.run("throwMany"))) as AggregateError;
      assert.ok(error instanceof Error && Array.isArray(error.errors), "the errors are lost");
      const [first] = error.errors as (Error & { status: number; at: Date })[];
      assert.ok(first instanceof RangeError, "the class is lost");
      assert.deepEqual([first.message, first.status, first.at], ["first", 404, new Date(99)], "properties");
      assert.ok(first.cause instanceof TypeError, "the cause is lost");
    },
  },
  {
    id: "load",
    title: "the worker's module throws while loading",
    async run(made) {
      const pool = await made.make({ workers: 2, broken: true });
      const tasks = [1, 2, 3, 4, 5, 6].map((n) => expectError(`task ${n}`, () => pool.run("double", n)));
      await Promise.all(tasks);
      await expectStop(pool);
    },
  },
  {
    id: "open",
    title: "the pool is never closed",
    // The process must end by itself; the parent process checks that.
    async run(made) {
      const pool = await made.make({ workers: 2 });
      await expectValue("a task", () => pool.run("double", 4), 8);
    },
  },
  {
    id: "timer",
    title: "a timer left running in an idle worker (50 ms)",
    async run(made) {
      const pool = await made.make({ workers: 1 });
      await expectValue("a task", () => pool.run("tick"), undefined);
      await sleep(1000);
      const { value } = await settled("the next task", () => pool.run("ticked"));
      assert.ok((value as number) >= 5, `${String(value)} ticks in 1 s`);
      await expectStop(pool);
    },
  },
];
