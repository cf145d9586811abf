/** Interpreters that await nothing are not woken by the deaths of others, and miss nothing when they await something again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, createQueue, type Interpreter, type InterpreterDiedError, type Queue } from "interpreters";
import { slotOf } from "../../src/kernel/registry.js";
import { load } from "../../src/memory/atomics.js";
import type { InterpreterId } from "../../src/memory/brands.js";
import { S_DOORBELL, S_DORMANT, slotPointer } from "../../src/memory/layout.js";
import { runtime } from "../../src/thread/current.js";
import { until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };

function word({ id }: Interpreter, offset: number): number {
  const { m } = runtime();
  return load(m, slotPointer(slotOf(m, id as InterpreterId)) + offset);
}

/** Resolves when all of them have executed something and await nothing. */
async function dormant(...interpreters: Interpreter[]): Promise<void> {
  await Promise.all(interpreters.map((interp) => interp.call(() => 0)));
  for (const interp of interpreters) await until(() => word(interp, S_DORMANT) === 1);
}

test("a death wakes none of the interpreters that it does not concern", limits, async () => {
  const idle = Array.from({ length: 4 }, () => create());
  await dormant(...idle);
  const before = idle.map((interp) => word(interp, S_DOORBELL));
  for (let i = 0; i < 3; i++) {
    const other = create();
    await other.call(() => 0);
    await (i === 0 ? other.close() : other.terminate());
  }
  assert.deepEqual(
    idle.map((interp) => word(interp, S_DOORBELL)),
    before,
  );
  await Promise.all(idle.map((interp) => interp.close()));
});

test(
  "an interpreter that was dormant learns of the death of what it then calls, or has a handle to",
  limits,
  async () => {
    const asker = create();
    const busy = create();
    await dormant(asker, busy);
    const queue = createQueue<string>();
    const asking = asker.call(
      async (other: Interpreter, started: Queue<string>) => {
        const call = other.call((queue: Queue<string>) => {
          queue.putNowait("started");
          return new Promise(() => {});
        }, started);
        return call.catch((error: InterpreterDiedError) => `${error.name} ${error.reason}`);
      },
      busy,
      queue,
    );
    assert.equal(await queue.get(), "started");
    await busy.terminate();
    assert.equal(await asking, "InterpreterDiedError terminated");

    const failing = create({ execArgv: ["--require", "/nothing/is/here.cjs"] });
    await dormant(asker);
    const boot = asker.call(async (other: Interpreter) => {
      const errors: string[] = [];
      for (let i = 0; i < 2; i++) await other.call(() => 0).catch((error) => errors.push(error.code));
      return errors;
    }, failing);
    const [first] = await boot;
    assert.equal(first, "ERR_INTERPRETER_BOOT");
    await asker.close();
  },
);

test("an interpreter that was dormant is woken by an item", limits, async () => {
  const getter = create();
  const putter = create();
  await dormant(getter, putter);
  const queue = createQueue<string>();
  const get = (from: Queue<string>): string => String(from.getSync());
  for (let i = 0; i < 20; i++) {
    const getting = getter.call(get, queue);
    await putter.call((to: Queue<string>) => to.putNowait("an item"), queue);
    assert.equal(await getting, "an item");
  }
  await putter.terminate();
  await getter.close();
});
