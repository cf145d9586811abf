/** `create({ concurrency })`: calls that await something overlap in one interpreter, and everything else keeps its order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  create,
  createQueue,
  fromModule,
  type Interpreter,
  InterpreterDiedError,
  InterpreterError,
  type Queue,
  UNBOUND_KEEP,
} from "interpreters";
import { deathByLimit, limits, rejection, thrown, until } from "../support/ways.js";

type Gate = Queue<string, never>;
const gate = (): Gate => createQueue<string>(0, { unboundItems: UNBOUND_KEEP });

/** Says that it has begun, and waits for the gate. */
async function pass(name: string, begun: Gate, open: Gate): Promise<string> {
  begun.putNowait(name);
  return `${name} ${await open.get()}`;
}

test("as many calls overlap as may, and begin first in, first out", limits, async () => {
  await using interp = create({ concurrency: 3 });
  const [begun, open] = [gate(), gate()];
  const calls = ["a", "b", "c", "d", "e"].map((name) => interp.call(pass, name, begun, open));
  assert.deepEqual([await begun.get(), await begun.get(), await begun.get()], ["a", "b", "c"]);
  assert.equal(interp.isRunning(), true);
  assert.equal(begun.qsize(), 0);
  open.putNowait("1");
  assert.equal(await begun.get(), "d");
  assert.equal(await calls[0], "a 1");
  for (const n of "2345") open.putNowait(n);
  assert.deepEqual(await Promise.all(calls), ["a 1", "b 2", "c 3", "d 4", "e 5"]);
  await until(() => !interp.isRunning());
});

test("by default calls run one after the other", limits, async () => {
  await using interp = create({});
  const [begun, open] = [gate(), gate()];
  const calls = ["a", "b"].map((name) => interp.call(pass, name, begun, open));
  assert.equal(await begun.get(), "a");
  // A turn of its event loop, in which another call would begin.
  open.putNowait("1");
  assert.equal(await calls[0], "a 1");
  open.putNowait("2");
  assert.equal(await calls[1], "b 2");
});

test("calls of other interpreters overlap with them, and blocking ones", limits, async () => {
  await using interp = create({ concurrency: 2 });
  await using other = create();
  const [begun, open] = [gate(), gate()];
  const here = interp.call(pass, "here", begun, open);
  assert.equal(await begun.get(), "here");
  const there = other.call(
    async (interp: Interpreter, begun: Gate, open: Gate) =>
      interp.callSync(
        async (begun: Gate, open: Gate) => {
          begun.putNowait("there");
          return await open.get();
        },
        begun,
        open,
      ),
    interp,
    begun,
    open,
  );
  assert.equal(await begun.get(), "there");
  open.putNowait("1");
  open.putNowait("2");
  assert.deepEqual(await Promise.all([here, there]), ["here 1", "2"]);
  // A blocking call begins beside one that waits for this thread.
  const waiting = interp.call(pass, "first", begun, open);
  await begun.get();
  assert.equal(
    interp.callSync(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return "second";
    }),
    "second",
  );
  open.putNowait("done");
  assert.equal(await waiting, "first done");
});

test("scripts and methods run in order beside them, and nothing begins before they end", limits, async () => {
  await using interp = create({ concurrency: 4 });
  const [begun, open, script] = [gate(), gate(), gate()];
  await interp.prepareMain({ script });
  const call = interp.call(pass, "call", begun, open);
  await begun.get();
  const exec = interp.exec("var seen = await script.get()");
  const later = interp.call(() => (globalThis as unknown as { seen: string }).seen);
  script.putNowait("from the script");
  await exec;
  assert.equal(await later, "from the script");
  const { URL } = fromModule<typeof import("node:url")>("node:url");
  const url = await interp.construct(URL, "https://example.org/a");
  assert.equal(await url.get("pathname"), "/a");
  await url[Symbol.asyncDispose]();
  open.putNowait("open");
  assert.equal(await call, "call open");
});

test("iterations count while they run, and overlap with calls", limits, async () => {
  await using interp = create({ concurrency: 2 });
  const [begun, open] = [gate(), gate()];
  const call = interp.call(pass, "call", begun, open);
  await begun.get();
  const items: number[] = [];
  for await (const item of interp.iterate(async function* (n: number) {
    for (let i = 0; i < n; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      yield i;
    }
  }, 5)) {
    items.push(item);
  }
  assert.deepEqual(items, [0, 1, 2, 3, 4]);
  open.putNowait("open");
  assert.equal(await call, "call open");
});

test(
  "it cannot be closed while calls run, and close({ wait: true }) waits for all of them",
  limits,
  async () => {
    const interp = create({ concurrency: 2 });
    const [begun, open] = [gate(), gate()];
    const calls = ["a", "b", "c"].map((name) => interp.call(pass, name, begun, open));
    await begun.get();
    await begun.get();
    const refused = await rejection<InterpreterError>(interp.close());
    assert.equal(refused.code, "ERR_INTERPRETER_RUNNING");
    const closed = interp.close({ wait: true });
    for (const n of "123") open.putNowait(n);
    assert.deepEqual(await Promise.all(calls), ["a 1", "b 2", "c 3"]);
    await closed;
  },
);

test("a call that ends the interpreter is at fault, and the others end with it", limits, async () => {
  const interp = create({ concurrency: 2 });
  const [begun, open] = [gate(), gate()];
  const beside = rejection<InterpreterDiedError>(interp.call(pass, "a", begun, open));
  await begun.get();
  const faulty = await rejection<InterpreterDiedError>(
    interp.call(async () => {
      await Promise.resolve();
      process.exit(6);
    }),
  );
  assert.deepEqual([faulty.reason, faulty.exitCode], ["exit", 6]);
  const other = await beside;
  assert.ok(other instanceof InterpreterDiedError);
  assert.equal(other.reason, "terminated");
  assert.match(other.message, /other work that it did at the same time \(exit\)/);

  const second = create({ concurrency: 2 });
  const innocent = rejection<InterpreterDiedError>(second.call(pass, "a", begun, open));
  await begun.get();
  deathByLimit(await rejection(second.with({ timeout: 5 }).call(() => new Promise(() => {}))));
  assert.equal((await innocent).reason, "timeout");
});

test("a withdrawn call never begins", limits, async () => {
  await using interp = create({ concurrency: 1 });
  const [begun, open] = [gate(), gate()];
  const call = interp.call(pass, "a", begun, open);
  await begun.get();
  const withdrawn = await rejection<DOMException>(
    interp.with({ waitTimeout: 1 }).call(pass, "b", begun, open),
  );
  assert.equal(withdrawn.name, "TimeoutError");
  open.putNowait("1");
  assert.equal(await call, "a 1");
  assert.equal(begun.qsize(), 0);
});

test("bad values", () => {
  for (const concurrency of [0, -1, 65_537]) {
    assert.ok(thrown(() => create({ concurrency })) instanceof RangeError);
  }
  for (const concurrency of [1.5, "2", null, Infinity]) {
    assert.ok(thrown(() => create({ concurrency: concurrency as number })) instanceof TypeError);
  }
});
