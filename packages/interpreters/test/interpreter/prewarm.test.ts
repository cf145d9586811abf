/** `prewarm`: standby threads. Node numbers threads in the order of their starts, whichever thread asks for them. */
import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { create, getCurrent, type Interpreter, listAll, prewarm } from "interpreters";
import { runtime } from "../../src/thread/current.js";
import { isAlive } from "../../src/kernel/registry.js";
import type { Slot } from "../../src/memory/brands.js";
import { MAX_SLOTS, SUPERVISOR_SLOT } from "../../src/memory/layout.js";
import { limitsMemory } from "../support/memory.js";
import { limits, rejection, thrown, until } from "../support/ways.js";

afterEach(() => prewarm(0));
after(() => assert.equal(listAll().length, 1));

/** The number of living interpreters. `listAll` would create handles to them. */
function alive(): number {
  const { m } = runtime();
  const slots = Array.from({ length: MAX_SLOTS }, (_, slot) => slot as Slot);
  return slots.filter((slot) => slot !== SUPERVISOR_SLOT && isAlive(m, slot)).length;
}

const threadOf = (interp: Interpreter): Promise<number> =>
  interp.call(async () => (await import("node:worker_threads")).threadId);

/** Starts a thread now. Its number is higher than those of all threads that were started before. */
async function now(): Promise<number> {
  await using interp = create({ name: "never a spare one" });
  return await threadOf(interp);
}

test("a plain create() takes one that was started before it, and others do not", limits, async () => {
  prewarm(2);
  const started = await now();
  await using first = create();
  await using second = create({});
  await using named = create({ name: "named" });
  await using limited = create(
    limitsMemory ? { resourceLimits: { maxOldGenerationSizeMb: 100 } } : { argv: [] },
  );
  await using elsewhere = create({ env: {} });
  await using legacy = create({ config: "legacy" });
  assert.ok((await threadOf(first)) < started);
  assert.ok((await threadOf(second)) < started);
  for (const other of [named, limited, elsewhere, legacy]) assert.ok((await threadOf(other)) > started);
  assert.equal(named.name, "named");
});

test("spare ones are not listed, have no ids, and ids go on counting", limits, async () => {
  const before = create();
  prewarm(3);
  await now();
  assert.deepEqual(
    listAll().map(({ id }) => id),
    [0, before.id],
  );
  const [one, two] = [create(), create()];
  // `now` used one id.
  assert.deepEqual([one.id, two.id], [before.id + 2, before.id + 3]);
  for (const interp of [one, two]) {
    assert.equal(interp.whence, "interpreters module");
    assert.equal(
      interp.callSync(() => 1),
      1,
    );
    assert.equal(interp.isRunning(), false);
  }
  assert.deepEqual(
    listAll().map(({ id }) => id),
    [0, before.id, one.id, two.id],
  );
  await Promise.all([before, one, two].map((interp) => interp.close()));
});

test("one that was spare is like any other: it knows itself, keeps state, ends", limits, async () => {
  prewarm(1);
  const started = await now();
  const interp = create();
  await interp.prepareMain({ index: new URL("../../src/entry.mjs", import.meta.url).href });
  await interp.exec(
    "const { getCurrent, create } = await import(index); let id = getCurrent().id; const inner = create()",
  );
  assert.equal(await interp.call(new Function("return id") as () => number), interp.id);
  assert.ok((await threadOf(interp)) < started);
  assert.notEqual(getCurrent().id, interp.id);
  const died = await rejection<{ reason: string; exitCode: number }>(interp.call(() => process.exit(3)));
  assert.deepEqual([died.reason, died.exitCode], ["exit", 3]);
  const next = create();
  const stopped = rejection<{ reason: string }>(
    next.call(() => {
      for (;;);
    }),
  );
  await next.terminate();
  assert.equal((await stopped).reason, "terminated");
});

test("they are replaced as they are used", limits, async () => {
  prewarm(1);
  let reused = 0;
  // In each round a thread starts after the standby thread, as soon as that one has started.
  for (let round = 0; reused < 3; round++) {
    const started = await now();
    await using interp = create();
    if ((await threadOf(interp)) < started) reused++;
    assert.ok(round < 1000, "they are not");
  }
});

test("whose environment variables differ by now is not taken", limits, async () => {
  prewarm(1);
  const started = await now();
  process.env["INTERPRETERS_TEST_PREWARM"] = "new";
  try {
    await using interp = create();
    assert.ok((await threadOf(interp)) > started);
    assert.equal(await interp.call(() => process.env["INTERPRETERS_TEST_PREWARM"]), "new");
  } finally {
    delete process.env["INTERPRETERS_TEST_PREWARM"];
  }
});

test("prewarm(0) lets them go, and works in any interpreter", limits, async () => {
  prewarm(1);
  const first = await now();
  prewarm(0);
  await using interp = create();
  assert.ok((await threadOf(interp)) > first);
  await interp.prepareMain({ index: new URL("../../src/entry.mjs", import.meta.url).href });
  await interp.exec("const { create, prewarm } = await import(index); prewarm(1)");
  const second = await now();
  await interp.exec(
    "const other = create(); const thread = await other.call(async () => (await import('node:worker_threads')).threadId)",
  );
  assert.ok((await interp.call(new Function("return thread") as () => number)) < second);
  await interp.exec("await other.close()");
});

test("many at once: no more are taken than there are, and all work", limits, async () => {
  prewarm(3);
  const interps = Array.from({ length: 8 }, () => create());
  const ids = await Promise.all(interps.map((interp) => interp.call((n: number) => n * 2, interp.id)));
  assert.deepEqual(
    ids,
    interps.map(({ id }) => id * 2),
  );
  await Promise.all(interps.map((interp) => interp.close()));
});

test("one that another interpreter creates is given a spare one, too", limits, async () => {
  // Not main: some of its Node flags may not be allowed for threads.
  await using asker = create({ name: "asker" });
  await asker.prepareMain({ index: new URL("../../src/entry.mjs", import.meta.url).href });
  await asker.exec("const { prewarm } = await import(index); prewarm(1)");
  const started = await now();
  await using creator = create({ name: "creator" });
  await creator.prepareMain({ index: new URL("../../src/entry.mjs", import.meta.url).href });
  await creator.exec(
    "const { create } = await import(index); const other = create();" +
      "const thread = await other.call(async () => (await import('node:worker_threads')).threadId); await other.close()",
  );
  assert.ok((await creator.call(new Function("return thread") as () => number)) < started);
});

test("a creator that blocks needs nobody else", limits, async () => {
  prewarm(2);
  const started = await now();
  using first = create();
  using second = create();
  const thread = (interp: Interpreter): number =>
    interp.callSync(() => process.getBuiltinModule("node:worker_threads").threadId);
  assert.ok(thread(first) < started);
  assert.ok(thread(second) < started);
});

test("those whose creator dies in the same moment end as any of its", limits, async () => {
  const creator = create({ name: "creator" });
  await creator.prepareMain({ index: new URL("../../src/entry.mjs", import.meta.url).href });
  await creator.exec("const { create, prewarm } = await import(index); prewarm(2)");
  await now();
  const died = await rejection<{ reason: string }>(
    creator.exec("create(); create().call(() => { for (;;); }); process.exit(3)"),
  );
  assert.equal(died.reason, "exit");
  await until(() => alive() === 1, "nobody but main is there");
});

test("one that is terminated at once ends, and calls of it fail", limits, async () => {
  prewarm(1);
  await now();
  const interp = create();
  const call = rejection<{ reason: string }>(
    interp.call(() => {
      for (;;);
    }),
  );
  await interp.terminate();
  assert.equal((await call).reason, "terminated");
  assert.equal(listAll().length, 1);
});

test("bad numbers are errors at once", () => {
  assert.match(thrown(() => prewarm(-1)).message, /must be at least 0, found -1/);
  assert.throws(() => prewarm(-1), RangeError);
  assert.throws(() => prewarm(1.5), TypeError);
  assert.throws(() => prewarm("1" as never), TypeError);
  assert.throws(() => prewarm(101), RangeError);
});
