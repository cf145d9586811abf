/** Objects that live in another interpreter: `construct` and its proxies. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import {
  callback,
  create,
  ExecutionFailed,
  fromModule,
  InterpreterDiedError,
  InterpreterError,
  isShareable,
  move,
  NotShareableError,
} from "interpreters";
import { gc } from "../support/queues.js";
import { limits, rejection, thrown, until, using } from "../support/ways.js";

const db = fromModule<typeof import("./database.js")>(new URL("./database.js", import.meta.url));
const { Counter } = db;

test("construct, call methods in both forms, end", limits, () =>
  using(async (interp) => {
    await using counter = await interp.construct(Counter, 10, "c");
    assert.equal(await counter.add(1), 11);
    assert.equal(counter.add.sync(2), 13);
    assert.equal(await counter.addLater(3), 16);
    assert.equal(counter.addLater.sync(4), 20);
    assert.equal(await counter.twice(4), 8);
    assert.equal(counter.twice.sync("ab"), "abab");
    assert.equal(await counter.arrow(1), 44, "private members are there");
    const { add } = counter;
    assert.equal(await add(1), 21, "a method needs no receiver");
    assert.equal(counter.add, add);
  }),
);

test("a proxy has a text, as any object does", limits, () =>
  using(async (interp) => {
    await using counter = await interp.construct(Counter, 10);
    assert.equal(String(counter), "[object RemoteObject Counter]");
    assert.ok(Number.isNaN(Number(counter)));
  }),
);

test("blocking forms all the way, and overloads of the constructor", limits, () =>
  using(async (interp) => {
    using counter = interp.constructSync(Counter, { start: 5, name: "o" });
    assert.equal(counter.get.sync("name"), "o");
    using other = interp.with({ timeout: 60_000 }).constructSync(Counter, 1);
    assert.equal(other.add.sync(1), 2);
    await using third = await interp.with({ timeout: 60_000 }).construct(Counter, 7);
    assert.equal(await third.add(1), 8);
  }),
);

test("properties are read and written, getters and setters run there", limits, () =>
  using(async (interp) => {
    await using counter = await interp.construct(Counter, 10);
    assert.equal(await counter.get("name"), "unnamed");
    await counter.set("name", "new");
    assert.equal(counter.get.sync("name"), "new");
    assert.equal(await counter.get("double"), 20);
    counter.set.sync("double", 100);
    assert.equal(await counter.add(0), 50);
    assert.deepEqual(await counter.get("list"), [0]);
  }),
);

test("inherited methods are there, and a method `get` takes the place of the proxy's own", limits, () =>
  using(async (interp) => {
    await using derived = await interp.construct(db.Derived);
    assert.equal(await derived.greet(), "hello from Derived");
    assert.equal(await derived.get("k"), "got k");
    assert.equal("constructor" in derived, false);
    assert.match(inspect(derived), /RemoteObject Derived/);
    await using thenable = await interp.construct(db.Thenable);
    assert.equal(await (thenable as unknown as { ping(): Promise<string> }).ping(), "pong");
  }),
);

test("calls of one proxy and other work run in their order", limits, () =>
  using(async (interp) => {
    await using counter = await interp.construct(Counter, 0);
    const results = await Promise.all([
      counter.addLater(1),
      counter.add(2),
      interp.call(() => "between"),
      counter.addLater(3),
      counter.get("list"),
    ]);
    assert.deepEqual(results, [1, 3, "between", 6, [1, 2, 3]]);
  }),
);

test("errors are those of calls", limits, () =>
  using(async (interp) => {
    await using counter = await interp.construct(Counter, 3);
    for (const error of [await rejection(counter.fail()), thrown(() => counter.fail.sync())]) {
      assert.ok(error instanceof ExecutionFailed, String(error));
      assert.ok(error.cause instanceof RangeError);
      assert.equal(error.cause.message, "failed at 3");
      assert.equal(error.interpreterId, interp.id);
    }
    const refused = await rejection(counter.add((() => 1) as never));
    assert.ok(refused instanceof NotShareableError);
    assert.match(refused.message, /args\[0\]/);
    const self = await rejection(counter.self());
    assert.ok(self instanceof NotShareableError, String(self));
    assert.match(self.message, /the object itself/);
    const failed = await rejection(interp.construct(db.Fails, "no"));
    assert.ok(failed instanceof ExecutionFailed && failed.cause instanceof TypeError, String(failed));
    assert.equal(await counter.add(1), 4, "and it goes on");
  }),
);

test("what is no class of a module is refused", limits, () =>
  using(async (interp) => {
    class Local {
      ping(): void {}
    }
    const construct = (cls: unknown): Promise<unknown> => interp.construct(cls as typeof Counter, 1);
    const constructSync = (cls: unknown): unknown => interp.constructSync(cls as typeof Counter, 1);
    for (const bad of [Local, undefined, {}, "Counter", () => 1, Map]) {
      assert.ok((await rejection(construct(bad))) instanceof TypeError);
      assert.ok(thrown(() => constructSync(bad)) instanceof TypeError);
    }
    const missing = fromModule<{ Missing: typeof Map }>(new URL("./database.js", import.meta.url));
    for (const bad of [missing.Missing, db.arrow]) {
      const error = await rejection<ExecutionFailed>(construct(bad));
      assert.ok(error.cause instanceof TypeError, String(error));
    }
    const none = await rejection<ExecutionFailed>(construct(missing.Missing));
    assert.match(none.message, /has no export "Missing"; the classes it exports are .*Counter, Derived/);
    const called = await rejection<ExecutionFailed>(interp.call(Counter as never));
    assert.match(called.message, /construct\(\) it/);
    await using counter = await interp.construct(Counter, 1);
    assert.match(
      (await rejection<ExecutionFailed>(interp.call(Counter as never))).message,
      /construct\(\) it/,
    );
    assert.equal(await counter.add(1), 2);
  }),
);

test("await using and using end the object there, after the calls before it, once", limits, () =>
  using(async (interp) => {
    const one = await interp.construct(db.Closable, "one");
    await one[Symbol.asyncDispose]();
    await one[Symbol.asyncDispose]();
    const two = await interp.construct(db.Closable, "two");
    two[Symbol.dispose]();
    {
      using _ = interp.constructSync(db.ClosableAtOnce);
    }
    assert.deepEqual(await interp.call(db.endedSoFar), ["one", "two", "at once"]);
    const counter = await interp.construct(Counter, 1);
    const last = counter.addLater(1);
    await counter[Symbol.asyncDispose]();
    assert.equal(await last, 2);
    assert.equal((await rejection<InterpreterError>(counter.add(1))).code, "ERR_OBJECT_ENDED");
    assert.equal(thrown<InterpreterError>(() => counter.add.sync(1)).code, "ERR_OBJECT_ENDED");
    const bad = await interp.construct(db.BadToEnd);
    assert.equal(
      ((await rejection<ExecutionFailed>(bad[Symbol.asyncDispose]())).cause as Error).message,
      "cannot end",
    );
    assert.equal((await rejection<InterpreterError>(bad.ping())).code, "ERR_OBJECT_ENDED");
  }),
);

test(
  "when the interpreter is gone, every call fails with InterpreterDiedError, and ending does not",
  limits,
  async () => {
    const interp = create();
    const counter = await interp.construct(Counter, 1);
    const pending = rejection(counter.forever());
    await until(() => interp.isRunning());
    const waiting = rejection(counter.add(1));
    await interp.terminate();
    for (const error of [
      await pending,
      await waiting,
      await rejection(counter.add(1)),
      thrown(() => counter.add.sync(1)),
      await rejection(counter.get("name")),
    ]) {
      assert.ok(error instanceof InterpreterDiedError, String(error));
      assert.equal(error.reason, "terminated");
      assert.match(error.message, /Counter/);
    }
    await counter[Symbol.asyncDispose]();
    counter[Symbol.dispose]();
    const exits = create();
    const other = await exits.construct(Counter, 1);
    const error = await rejection<InterpreterDiedError>(other.exit(7));
    assert.deepEqual([error.reason, error.exitCode], ["exit", 7]);
    const later = await rejection<InterpreterDiedError>(other.add(1));
    assert.deepEqual([later.reason, later.exitCode], ["exit", 7]);
  },
);

test("options of calls: limits, signals, buffers to move", limits, () =>
  using(async (interp) => {
    const counter = await interp.construct(Counter, 1);
    const buffer = new ArrayBuffer(8);
    assert.equal(await counter.with({ transfer: [buffer] }).bytes(buffer), 8);
    assert.equal(buffer.byteLength, 0);
    assert.equal(await counter.bytes(move(new ArrayBuffer(5 << 20))), 5 << 20);
    assert.ok(thrown(() => counter.with({ bogus: 1 } as never)) instanceof TypeError);
    assert.equal(
      (await rejection(counter.with({ signal: AbortSignal.abort(new Error("no")) }).add(1))).message,
      "no",
    );
    const late = await rejection<DOMException & { cause: unknown }>(counter.with({ timeout: 20 }).forever());
    assert.equal(late.name, "TimeoutError");
    assert.ok(late.cause instanceof InterpreterDiedError);
    assert.equal((await rejection<InterpreterDiedError>(counter.add(1))).reason, "timeout");
  }),
);

test("a proxy is not sent on, and the refusal says what to do", limits, () =>
  using(async (interp) => {
    await using counter = await interp.construct(Counter, 1);
    assert.equal(isShareable(counter), false);
    const error = await rejection(interp.call((x: unknown) => x, { deep: [counter] } as never));
    assert.ok(error instanceof NotShareableError);
    assert.match(error.message, /deep\[0\] is a proxy of an object in another interpreter/);
    await using other = create();
    using add = callback((n: number) => counter.add.sync(n));
    assert.equal(await other.call((add: (n: number) => Promise<number>) => add(5), add), 6);
  }),
);

test("an interpreter has objects of several owners, which die", limits, () =>
  using(async (interp) => {
    const owner = create();
    await owner.call(
      async (make: unknown) => {
        const { create: _, fromModule, getCurrent: __, Interpreter } = await import("interpreters");
        const { id, url } = make as { id: number; url: string };
        const { Tracked } = fromModule<typeof import("./database.js")>(url);
        const proxies: unknown[] = [];
        for (let i = 0; i < 10; i++) proxies.push(await new Interpreter(id).construct(Tracked, i));
        (globalThis as { kept?: unknown }).kept = proxies;
      },
      { id: interp.id, url: new URL("./database.js", import.meta.url).href },
    );
    const mine = await interp.construct(db.Tracked, 100);
    assert.equal(await interp.call(db.aliveNow), 11);
    await owner.terminate();
    for (let alive = 11; alive !== 1;) {
      await new Promise((resolve) => setImmediate(resolve));
      alive = await interp.call(db.aliveNow);
    }
    assert.equal(await mine.ping(), 100);
  }),
);

test("10 000 proxies come and go, and nothing is left there", limits, () =>
  using(async (interp) => {
    const round = async (from: number): Promise<void> => {
      await Promise.all(
        Array.from({ length: 1000 }, async (_, n) => {
          const tracked = await interp.construct(db.Tracked, from + n);
          assert.equal(await tracked.ping(), from + n);
        }),
      );
    };
    for (let n = 0; n < 10_000; n += 1000) await round(n);
    for (let alive = 1; alive > 0;) {
      gc();
      await new Promise((resolve) => setImmediate(resolve));
      alive = await interp.call(db.aliveNow);
    }
    await interp.close();
  }),
);

test("a proxy that is only used by a pending call stays, and it keeps its interpreter", limits, async () => {
  const pending = await (async () => {
    const counter = await create().construct(Counter, 1);
    return [counter.addLater(1), counter.addLater(2)];
  })();
  gc();
  await new Promise((resolve) => setImmediate(resolve));
  gc();
  assert.deepEqual(await Promise.all(pending), [2, 4]);
});

test("blocking calls around a circle are found", limits, () =>
  using(async (interp) => {
    await using counter = await interp.construct(Counter, 1);
    using f = callback(() => counter.add.sync(1));
    const error = await rejection<ExecutionFailed>(interp.call((f: { sync(): number }) => f.sync(), f));
    const inner = (error.cause as ExecutionFailed).cause as InterpreterError;
    assert.equal(inner.code, "ERR_INTERPRETER_DEADLOCK", String(inner));
  }),
);

test("an assignment to a proxy is refused, and says how to write a property there", limits, () =>
  using(async (interp) => {
    await using counter = await interp.construct(Counter, 1, "c");
    const loose = counter as unknown as Record<PropertyKey, unknown>;
    // The second time, a method has been read.
    for (let i = 0; i < 2; i++) {
      for (const name of ["value", "add", "get"]) {
        const error = thrown(() => (loose[name] = 5)) as Error;
        assert.ok(error instanceof TypeError);
        assert.match(
          error.message,
          new RegExp(`Cannot assign ${name} of Counter .*proxy\\.set\\("${name}", value\\)`),
        );
      }
      assert.equal(await counter.add(0), 1);
    }
    assert.match((thrown(() => (loose[Symbol("s")] = 5)) as Error).message, /Symbol\(s\).*in a method/);
    assert.deepEqual(Reflect.ownKeys(counter), ["add"], "the method that was read");
  }),
);

test("iterating over a method that returns one value is refused by the method's name", limits, () =>
  using(async (interp) => {
    await using counter = await interp.construct(Counter, 1);
    const loose = counter as unknown as Record<string, { iterate(n: number): AsyncIterable<unknown> }>;
    const all = async (): Promise<void> => {
      for await (const item of loose["add"].iterate(1)) assert.fail(String(item));
    };
    const error = await rejection(all());
    assert.ok(error instanceof TypeError);
    assert.match(error.message, /add\(\) must return an iterable.*found 2\. Use add\(…\)/);
  }),
);

test("what Object.prototype has is no option of a proxy or a callback", limits, () =>
  using(async (interp) => {
    const proto = Object.prototype as unknown as Record<string, unknown>;
    await using counter = await interp.construct(Counter, 1);
    const back = callback(() => "called");
    proto["signal"] = AbortSignal.abort("inherited");
    proto["timeout"] = -5;
    const calls = [counter.add(1), counter.with({}).add(1)];
    delete proto["signal"];
    delete proto["timeout"];
    assert.deepEqual(await Promise.all(calls), [2, 3]);
    const pollute = (call: () => Promise<string>): Promise<string> => {
      const there = Object.prototype as unknown as Record<string, unknown>;
      there["signal"] = AbortSignal.abort("inherited");
      const called = call();
      delete there["signal"];
      return called;
    };
    assert.equal(await interp.call(pollute, back), "called");
  }),
);
