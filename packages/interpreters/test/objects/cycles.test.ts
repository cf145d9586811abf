/** Objects in another interpreter that keep callbacks of this one: what the garbage collectors of both sides leave of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Callback, callback, create, fromModule, type Interpreter } from "interpreters";
import { gc } from "../support/queues.js";
import { limits, using } from "../support/ways.js";

const { aliveNow, Listening } = fromModule<typeof import("./database.js")>(
  new URL("./database.js", import.meta.url),
);

const collected = new Set<string>();
const registry = new FinalizationRegistry<string>((name) => collected.add(name));

async function turn(): Promise<void> {
  gc();
  await new Promise((resolve) => setImmediate(resolve));
}

/** Collects garbage on both sides until the function called `name` was collected here, and the interpreter has `alive` objects. */
async function gone(interp: Interpreter, name: string, alive = 0): Promise<void> {
  for (let left = -1; left !== alive || !collected.has(name);) {
    await turn();
    left = await interp.call(aliveNow);
  }
}

/** A function that keeps `what`. (Functions that are made in one scope keep what any of them uses.) */
function keeping(what: object | undefined): (n: number) => Promise<number> {
  return async (n) => (what === null ? n : n + 1);
}

/** An object that keeps a callback called `name`, whose function keeps the object's proxy if `circle`. */
async function listening(interp: Interpreter, name: string, circle: boolean) {
  const object = await interp.construct(Listening, 1);
  const fn = circle ? keeping(object) : keeping(undefined);
  registry.register(fn, name);
  const f: Callback<[number], number> = callback(fn);
  await object.listen(f);
  return { object, f };
}

test("a proxy is collected, then its object, then the callback that the object keeps", limits, () =>
  using(async (interp) => {
    await (async () => {
      const { object } = await listening(interp, "chain", false);
      await turn();
      assert.equal(await object.tell(1), 2, "it stays while the object has it");
    })();
    await gone(interp, "chain");
  }),
);

test("a circle through two interpreters ends with its callback, or with its object", limits, () =>
  using(async (interp) => {
    await (async () => {
      const { object, f } = await listening(interp, "ended callback", true);
      assert.equal(await object.tell(1), 2);
      f[Symbol.dispose]();
    })();
    await gone(interp, "ended callback");
    await (async () => {
      const { object } = await listening(interp, "ended object", true);
      assert.equal(await object.tell(1), 2);
      await object[Symbol.asyncDispose]();
    })();
    await gone(interp, "ended object");
  }),
);

test("a circle through two interpreters ends with the interpreter of its object", limits, async () => {
  const interp = create();
  await (async () => {
    const { object } = await listening(interp, "closed", true);
    assert.equal(await object.tell(1), 2);
  })();
  await interp.close();
  while (!collected.has("closed")) await turn();
});
