/** A thread that stands behind the fence, and that its runtime does not end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, InterpreterDiedError } from "interpreters";
import { fence, lock, standsStill } from "../../src/kernel/fence.js";
import { registerMain } from "../../src/kernel/registry.js";
import type { Slot } from "../../src/memory/brands.js";
import { get, set, type SharedMemory } from "../../src/memory/atomics.js";
import { H_REGISTRY_LOCK, MAIN_SLOT, S_INTENTS, S_POISONED } from "../../src/memory/layout.js";
import { createMemory, openMemory } from "../../src/memory/memory.js";
import { repairPoison } from "../../src/thread/poison.js";
import type { Runtime } from "../../src/thread/runtime.js";

/** A view of slot 5, whose interpreter is condemned, and how often it has tried to leave. */
function condemn(): { condemned: SharedMemory; tries: () => number } {
  const memory = createMemory();
  const supervisor = openMemory(memory, MAIN_SLOT);
  registerMain(supervisor);
  const condemned = openMemory(memory, 5 as Slot);
  let left = 0;
  condemned.leave = () => {
    assert.ok(standsStill(supervisor, condemned.slot), "the supervisor was told first");
    throw new Error(`left ${++left}`);
  };
  fence(supervisor, condemned.slot);
  return { condemned, tries: () => left };
}

test("a condemned thread that can end itself leaves, and leaves no lock behind", () => {
  const { condemned } = condemn();
  // Code of the user that catches the error comes no further.
  for (let n = 1; n < 3; n++) assert.throws(() => lock(condemned, H_REGISTRY_LOCK), { message: `left ${n}` });
  assert.equal(get(condemned, H_REGISTRY_LOCK), 0);
  assert.deepEqual([condemned.depth, get(condemned, condemned.me + S_INTENTS)], [0, 0]);
});

test("one whose end has unwound an operation does not wait until that is repaired", () => {
  const { condemned, tries } = condemn();
  set(condemned, condemned.me + S_INTENTS, H_REGISTRY_LOCK);
  condemned.depth = 1;
  assert.throws(() => repairPoison({} as Runtime, condemned), { message: "left 1" });
  assert.deepEqual([tries(), get(condemned, condemned.me + S_POISONED)], [1, 0]);
});

const onlyDeno = !("Deno" in globalThis) && "other runtimes run no callback after they have stopped a thread";

test(
  "one that its runtime has stopped, and whose callbacks go on, ends at process.exit()",
  { skip: onlyDeno, timeout: 60_000 },
  async () => {
    const interp = create();
    const call = interp.call(async () => {
      const { close } = globalThis as unknown as { close(): void };
      await new Promise(() => {
        setTimeout(() => {
          setImmediate(() => process.exit());
          queueMicrotask(() => {
            close();
            // Where it is stopped.
            for (let i = 0; i < 1000; i++);
          });
        }, 1);
      });
    });
    await assert.rejects(call, InterpreterDiedError);
  },
);
