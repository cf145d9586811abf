/** An interpreter executes one work item at a time, in order, and its event loop runs in between. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type Interpreter, InterpreterError, type Queue } from "interpreters";
import { busy, channel, limits, rejection, relay, until, using } from "../support/ways.js";

test("work items wait their turn, first in, first out, whatever their kind", limits, () =>
  using(async (interp) => {
    const said = channel<string>();
    const { done, release } = await busy(interp);
    const say = (said: Queue<string>, word: string): void => said.putNowait(word);
    const work: Promise<unknown>[] = [
      interp.call(say, said, "a call"),
      interp.prepareMain({ said }),
      interp.exec("said.putNowait('a script')"),
      interp.with({ timeout: 50_000 }).call(say, said, "a call with a time limit"),
      interp.call(async (said: Queue<string>) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        said.putNowait("an async call");
      }, said),
      interp.with({}).exec("said.putNowait('a script with options')"),
      interp.call(say, said, "the last"),
    ];
    assert.equal(said.qsize(), 0);
    release();
    await done;
    await Promise.all(work);
    const order: unknown[] = [];
    while (!said.empty()) order.push(said.getNowait());
    assert.deepEqual(order, [
      "a call",
      "a script",
      "a call with a time limit",
      "an async call",
      "a script with options",
      "the last",
    ]);
  }),
);

test("thousands of calls are answered in order, each with its own result", limits, () =>
  using(async (interp) => {
    const answers: number[] = [];
    await Promise.all(
      Array.from({ length: 5000 }, async (_, i) => {
        const result = await interp.call((n: number) => n * 3, i);
        assert.equal(result, i * 3);
        answers.push(i);
      }),
    );
    assert.deepEqual(
      answers,
      Array.from({ length: 5000 }, (_, i) => i),
    );
  }),
);

test("calls of several interpreters to one are executed one at a time", limits, () =>
  using(async (interp) => {
    await interp.exec("var inside = 0, most = 0");
    const critical = async (): Promise<void> => {
      const counts = globalThis as unknown as { inside: number; most: number };
      counts.most = Math.max(counts.most, ++counts.inside);
      await new Promise((resolve) => setImmediate(resolve));
      counts.inside--;
    };
    const elsewhere = relay().call(async (interp: Interpreter) => {
      const critical = async (): Promise<void> => {
        const counts = globalThis as unknown as { inside: number; most: number };
        counts.most = Math.max(counts.most, ++counts.inside);
        await new Promise((resolve) => setImmediate(resolve));
        counts.inside--;
      };
      for (let i = 0; i < 50; i++) await interp.call(critical);
    }, interp);
    for (let i = 0; i < 50; i++) await interp.call(critical);
    await elsewhere;
    assert.equal(await interp.call(() => (globalThis as unknown as { most: number }).most), 1);
  }),
);

test(
  "isRunning is true from the moment that a work item begins to the moment that its reply has arrived",
  limits,
  () =>
    using(async (interp) => {
      await interp.exec("1");
      assert.equal(interp.isRunning(), false);
      const { done, release } = await busy(interp);
      assert.equal(interp.isRunning(), true);
      assert.equal(await relay().call((interp: Interpreter) => interp.isRunning(), interp), true);
      release();
      await done;
      for (let i = 0; i < 500; i++) {
        assert.equal(await interp.call((n: number) => n, i), i);
        assert.equal(interp.isRunning(), false, `after call ${i}`);
        assert.equal(
          interp.callSync((n: number) => n, i),
          i,
        );
        assert.equal(interp.isRunning(), false, `after blocking call ${i}`);
      }
    }),
);

test("isRunning stays true while an async function waits", limits, () =>
  using(async (interp) => {
    const [started, gate] = [channel<string>(), channel<string>()];
    const work = interp.call(
      async (started: Queue<string>, gate: Queue<string>) => {
        started.putNowait("started");
        await gate.get();
      },
      started,
      gate,
    );
    await started.get();
    assert.equal(interp.isRunning(), true);
    gate.putNowait("go");
    await work;
    assert.equal(interp.isRunning(), false);
  }),
);

test("an interpreter can be closed as soon as any reply of it has arrived", limits, async () => {
  for (let i = 0; i < 10; i++) {
    const interp = create();
    if (i % 2 === 0) assert.equal(await interp.call((n: number) => n, i), i);
    else
      assert.equal(
        interp.callSync((n: number) => n, i),
        i,
      );
    if (i % 4 < 2) await interp.close();
    else interp.closeSync();
  }
});

test("timers that a work item left behind go on while the interpreter is idle", limits, () =>
  using(async (interp) => {
    const ticks = channel<number>();
    await interp.call((ticks: Queue<number>) => {
      let count = 0;
      setInterval(() => ticks.putNowait(++count), 1);
    }, ticks);
    for (let expected = 1; expected <= 20; expected++) assert.equal(await ticks.get(), expected);
  }),
);

test("timers go on while the interpreter is idle and this thread is blocked", limits, () =>
  using(async (interp) => {
    const ticks = channel<number>();
    interp.callSync((ticks: Queue<number>) => {
      let count = 0;
      setInterval(() => ticks.putNowait(++count), 1);
    }, ticks);
    for (let expected = 1; expected <= 20; expected++) assert.equal(ticks.getSync(), expected);
  }),
);

test("timers have their turn while there is always more work", limits, () =>
  using(async (interp) => {
    await interp.exec("var ticks = 0; setInterval(() => ticks++, 1)");
    let calls = 0;
    let going = true;
    const rush = (async () => {
      while (going) {
        await Promise.all(Array.from({ length: 50 }, () => interp.call(() => undefined)));
        calls += 50;
      }
    })();
    await until(
      () => calls > 200 && interp.callSync(() => (globalThis as unknown as { ticks: number }).ticks) >= 5,
    );
    going = false;
    await rush;
  }),
);

test("microtasks of a work item run before the next work item", limits, () =>
  using(async (interp) => {
    await interp.exec("var order = []");
    const { done, release } = await busy(interp);
    const work = [
      interp.exec(
        "order.push('first'); Promise.resolve().then(() => order.push('its microtask')); process.nextTick(() => order.push('its tick'))",
      ),
      interp.exec("order.push('second')"),
    ];
    release();
    await Promise.all([done, ...work]);
    const order = await interp.call(() => (globalThis as unknown as { order: string[] }).order);
    assert.equal(order[0], "first");
    assert.ok(order.indexOf("its microtask") < order.indexOf("second"), String(order));
  }),
);

test("each interpreter has its own globals and modules", limits, () =>
  using((a) =>
    using(async (b) => {
      await a.exec("var mark = 'a'; globalThis.process.env.MARK = 'a'; Array.prototype.mark = 'a'");
      assert.deepEqual(
        await b.call(() => ["mark" in globalThis, process.env["MARK"], "mark" in Array.prototype]),
        [false, undefined, false],
      );
      assert.equal(
        "mark" in globalThis || "mark" in Array.prototype || process.env["MARK"] !== undefined,
        false,
      );
    }),
  ),
);

test("arguments and results are copies", limits, () =>
  using(async (interp) => {
    const original = { list: [1, 2, 3] };
    const result = await interp.call((x: typeof original) => {
      x.list.push(4);
      return x;
    }, original);
    assert.deepEqual(original.list, [1, 2, 3]);
    assert.deepEqual(result.list, [1, 2, 3, 4]);
  }),
);

test("builtins and functions of modules can be called by name", limits, () =>
  using(async (interp) => {
    assert.equal(await interp.call(Math.hypot, 3, 4), 5);
    assert.deepEqual(await interp.call(JSON.parse as (text: string) => unknown, '{"a":[1]}'), { a: [1] });
    assert.equal(interp.callSync(Math.max, 1, 5, 3), 5);
    assert.equal(interp.callSync(structuredClone as (value: string) => string, "cloned"), "cloned");
  }),
);

test("large arguments and results arrive whole", limits, () =>
  using(async (interp) => {
    for (const size of [0, 1, 100, 4000, 4096, 5000, 1 << 16, (1 << 20) + 7, 8 << 20]) {
      const bytes = new Uint8Array(size).fill(7);
      const back = await interp.call((bytes: Uint8Array) => bytes, bytes);
      assert.equal(back.length, size);
      assert.ok(Buffer.compare(back, bytes) === 0, `${size} bytes`);
      const text = "ä€".repeat(size >> 2);
      assert.equal(
        interp.callSync((text: string) => text, text),
        text,
      );
    }
  }),
);

test("a call that fails before it is sent leaves nothing pending", limits, () =>
  using(async (interp) => {
    for (let i = 0; i < 3; i++) {
      const bad = {
        get value(): never {
          throw new RangeError("unreadable argument");
        },
      };
      assert.equal((await rejection(interp.call((x: unknown) => x, bad))).message, "unreadable argument");
      assert.throws(() => interp.callSync((x: unknown) => x, bad), /unreadable argument/);
    }
    assert.equal(interp.isRunning(), false);
    assert.equal(await interp.call(() => 1), 1);
    await interp.close();
    assert.ok((await rejection(interp.call(() => 1))) instanceof InterpreterError);
  }),
);

test("an interpreter that calls while it is called: promises cross and block neither side", limits, () =>
  using((a) =>
    using(async (b) => {
      const there = a.call(async (b: Interpreter) => await b.call((n: number) => n + 1, 1), b);
      const back = b.call(() => "meanwhile");
      assert.deepEqual(await Promise.all([there, back]), [2, "meanwhile"]);
    }),
  ),
);
