/** Generator methods of objects that live in another interpreter. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  callback,
  create,
  ExecutionFailed,
  fromModule,
  InterpreterDiedError,
  type InterpreterError,
  type Iteration,
  listQueues,
  move,
  NotShareableError,
} from "interpreters";
import { gc } from "../support/queues.js";
import { limits, rejection, thrown, until, using } from "../support/ways.js";

const { endedTablesSoFar, Hiding, HidingGenerator, Table } = fromModule<typeof import("./database.js")>(
  new URL("./database.js", import.meta.url),
);

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

test(
  "a generator method is iterated over in both forms, with arguments, private state and its return value",
  limits,
  () =>
    using(async (interp) => {
      await using table = await interp.construct(Table, "both", 300);
      assert.deepEqual((await all(table.rows(200))).length, 100);
      assert.deepEqual([...table.rows.sync(298)], [298, 299]);
      assert.deepEqual((await all(table.rowsLater())).length, 300);
      assert.deepEqual([...table.rowsLater.sync()].length, 300);
      const one = table.rows(299);
      assert.deepEqual(await one.next(), { done: false, value: 299 });
      assert.deepEqual(await one.next(), { done: true, value: "end of both" });
      assert.deepEqual(await one.next(), { done: true, value: undefined });
      const { rows } = table;
      assert.deepEqual(await all(rows(299)), [299], "a method needs no receiver");
      assert.equal(table.rows, rows);
      const blocking = table.rows.sync(300);
      assert.deepEqual(blocking.next(), { done: true, value: "end of both" });
      await using sameTable = interp.constructSync(Table, "other", 1);
      assert.deepEqual(await all(sameTable.rows()), [0]);
    }),
);

test("any result that is iterable is iterated over where the object is", limits, () =>
  using(async (interp) => {
    await using table = await interp.construct(Table, "any", 3);
    assert.deepEqual(await all(table.returned.iterate()), [0, 1, 2]);
    assert.deepEqual([...table.opened.iterateSync()], [0, 1, 2]);
    assert.deepEqual([...table.entries.iterateSync()].at(-1), [2, 2]);
    assert.deepEqual(await all(table.all.iterate()), [0, 1, 2]);
    assert.deepEqual(await table.all(), [0, 1, 2]);
    assert.deepEqual(await all(table.rows.iterate(1)), [1, 2]);
    for (const name of ["returned", "entries"] as const) {
      const error = await rejection((table as unknown as Record<string, () => Promise<unknown>>)[name]());
      assert.ok(error instanceof NotShareableError, String(error));
      assert.match(
        error.message,
        new RegExp(`result of ${name}\\(\\) is an iterator.*: ${name}\\.iterate\\(`),
      );
    }
    const { add } = table as unknown as { add?: unknown };
    assert.equal(add, undefined);
    const none = (table.set as unknown as { iterate?: unknown }).iterate;
    assert.equal(none, undefined);
  }),
);

test("a method that hides one of its base counts, not that", limits, () =>
  using(async (interp) => {
    await using hiding = await interp.construct(Hiding, "h", 2);
    assert.deepEqual(await all(hiding.entries.iterate()), [
      [1, 1],
      [0, 0],
    ]);
    await using generator = await interp.construct(HidingGenerator, "g", 1);
    assert.deepEqual(await all(generator.entries()), [[0, 0]]);
    await using table = await interp.construct(Table, "t", 1);
    assert.deepEqual(await all(table.entries.iterate()), [[0, 0]]);
  }),
);

test(
  "nothing runs before the first item is asked for, and the generator runs ahead by buffersize items",
  limits,
  () =>
    using(async (interp) => {
      await using table = await interp.construct(Table, "ahead", 0);
      const items = table.with({ buffersize: 4 }).endless();
      assert.equal(await table.get("yielded"), 0);
      assert.equal((await items.next()).value, 0);
      const ahead = await table.get("yielded");
      assert.ok(ahead > 1 && ahead <= 6, String(ahead));
      for (let n = 1; n <= 100; n++) {
        assert.equal((await items.next()).value, n);
        assert.ok((await table.get("yielded")) <= n + 6);
      }
      await items.return();
      assert.throws(() => table.with({ buffersize: 0 }), RangeError);
    }),
);

test("calls of the object run while its generator waits for the loop, and in the loop", limits, () =>
  using(async (interp) => {
    await using table = await interp.construct(Table, "loop", 500);
    let sum = 0;
    for await (const row of table.with({ buffersize: 2 }).rows()) {
      sum += row;
      assert.ok((await table.get("yielded")) > row);
    }
    assert.equal(sum, (500 * 499) / 2);
    for (const row of table.rows.sync()) assert.ok(table.get.sync("yielded") > row);
  }),
);

test("leaving the loop runs the generator's finally there", limits, () =>
  using(async (interp) => {
    const before = listQueues().length;
    await using table = await interp.construct(Table, "left", 0);
    for await (const n of table.endless()) if (n === 10) break;
    assert.deepEqual(await interp.call(endedTablesSoFar), ["left"]);
    for (const n of table.endless.sync()) if (n === 10) break;
    assert.deepEqual(await interp.call(endedTablesSoFar), ["left", "left"]);
    {
      await using one = table.endless();
      await one.next();
    }
    assert.equal((await interp.call(endedTablesSoFar)).length, 3);
    assert.equal(listQueues().length, before);
  }),
);

test("an iteration that is no longer reachable ends, and keeps its object until then", limits, () =>
  using(async (interp) => {
    const begun = await (async () => {
      const items = (await interp.construct(Table, "dropped", 0)).endless();
      await items.next();
      return { items } as { items: Iteration<number, never> | undefined };
    })();
    for (let n = 0; n < 5; n++) {
      gc();
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal((await begun.items?.next())?.done, false);
    }
    // One that has not begun keeps the object, too.
    const waiting = await (async () => (await interp.construct(Table, "waiting", 2)).rows())();
    gc();
    await new Promise((resolve) => setImmediate(resolve));
    await interp.call(() => {});
    assert.deepEqual(await all(waiting), [0, 1]);
    begun.items = undefined;
    for (let ended: string[] = []; !ended.includes("dropped");) {
      gc();
      await new Promise((resolve) => setImmediate(resolve));
      ended = await interp.call(endedTablesSoFar);
    }
  }),
);

test("errors come after the items before them", limits, () =>
  using(async (interp) => {
    await using table = await interp.construct(Table, "errors", 0);
    for (const blocking of [false, true]) {
      const seen: number[] = [];
      const run = async (): Promise<void> => {
        if (blocking) for (const item of table.failing.sync(3)) seen.push(item);
        else for await (const item of table.failing(3)) seen.push(item);
      };
      const error = await rejection<ExecutionFailed>(run());
      assert.deepEqual(seen, [0, 1, 2]);
      assert.ok(error instanceof ExecutionFailed, String(error));
      assert.ok(error.cause instanceof RangeError);
      assert.equal(error.cause.message, "failed in errors");
      assert.match(String(error.stack), /generators\.test/);
    }
    assert.ok((await rejection(table.functions().next())) instanceof NotShareableError);
    const refused = await rejection(table.rows((() => 1) as never).next());
    assert.ok(refused instanceof NotShareableError);
    assert.match(refused.message, /args\[0\]/);
    const notIterable = table as unknown as { get: { iterate?: unknown } };
    assert.equal(notIterable.get.iterate, undefined);
    const [buffer, moved] = [new ArrayBuffer(8), new ArrayBuffer(5 << 20)];
    assert.deepEqual(await all(table.with({ transfer: [buffer] }).lengths(buffer, move(moved))), [
      8,
      5 << 20,
    ]);
    assert.equal(buffer.byteLength + moved.byteLength, 0);
  }),
);

test("a signal ends the loop, and the interpreter lives on if the generator comes to its yield", limits, () =>
  using(async (interp) => {
    await using table = await interp.construct(Table, "aborted", 0);
    const controller = new AbortController();
    const items = table.with({ signal: controller.signal }).endless();
    assert.equal((await items.next()).value, 0);
    controller.abort(new Error("enough"));
    assert.equal((await rejection(all(items))).message, "enough");
    for (let ended: string[] = []; ended.length === 0;) ended = await interp.call(endedTablesSoFar);
    const stuck = await rejection<DOMException>(all(table.with({ timeout: 20 }).stuck()));
    assert.equal(stuck.name, "TimeoutError");
    assert.ok((await rejection(table.get("name"))) instanceof InterpreterDiedError);
  }),
);

test(
  "the death of the interpreter comes after the items, and to later iterations at once",
  limits,
  async () => {
    const interp = create();
    const table = await interp.construct(Table, "dies", 0);
    const seen: number[] = [];
    const died = await rejection<InterpreterDiedError>(
      (async () => {
        for await (const n of table.exiting(5)) seen.push(n);
      })(),
    );
    assert.ok(died instanceof InterpreterDiedError, String(died));
    assert.deepEqual([seen.length <= 5, died.reason, died.exitCode], [true, "exit", 3]);
    for (const error of [await rejection(all(table.rows())), thrown(() => [...table.rows.sync()])]) {
      assert.ok(error instanceof InterpreterDiedError, String(error));
      assert.match(error.message, /Cannot iterate over rows of Table in interpreter/);
    }
  },
);

test("the generator ends when the interpreter of its consumer dies", limits, () =>
  using(async (interp) => {
    const consumer = create();
    await consumer.call(
      async (make: { id: number; url: string }) => {
        const { fromModule, Interpreter } = await import("interpreters");
        const { Table } = fromModule<typeof import("./database.js")>(make.url);
        const items = (await new Interpreter(make.id).construct(Table, "orphaned", 0)).endless();
        await items.next();
        Object.assign(globalThis, { items });
      },
      { id: interp.id, url: new URL("./database.js", import.meta.url).href },
    );
    assert.deepEqual(await interp.call(endedTablesSoFar), []);
    await consumer.terminate();
    for (let ended: string[] = []; ended.length === 0;) ended = await interp.call(endedTablesSoFar);
  }),
);

test("ending the object: iterations that have begun go on, and no other begins", limits, () =>
  using(async (interp) => {
    const table = await interp.construct(Table, "ended", 1000);
    const begun = table.with({ buffersize: 2 }).rows();
    assert.equal((await begun.next()).value, 0);
    const late = table.rows();
    await table[Symbol.asyncDispose]();
    assert.equal((await rejection<InterpreterError>(late.next())).code, "ERR_OBJECT_ENDED");
    assert.equal((await rejection<InterpreterError>(table.rows().next())).code, "ERR_OBJECT_ENDED");
    assert.equal(thrown<InterpreterError>(() => table.rows.sync().next()).code, "ERR_OBJECT_ENDED");
    assert.equal((await all(begun)).length, 999);
  }),
);

test("a blocking iteration around a circle is found", limits, () =>
  using(async (interp) => {
    await using table = await interp.construct(Table, "circle", 1);
    using f = callback(() => [...table.rows.sync()].length);
    const error = await rejection<ExecutionFailed>(interp.call((f: { sync(): number }) => f.sync(), f));
    const inner = (error.cause as ExecutionFailed).cause as InterpreterError;
    assert.equal(inner.code, "ERR_INTERPRETER_DEADLOCK", String(inner));
    assert.match(inner.message, /iterate over rows of Table/);
    await until(() => !interp.isRunning());
  }),
);
