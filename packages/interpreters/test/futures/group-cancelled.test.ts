/** All that ends with a group, cancelled or not: loops over its maps, groups within it, and what it left at its signal. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { CancelledError, InterpreterPoolExecutor, type TaskGroup } from "interpreters";
import { rejection, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const same = (value: unknown): unknown => value;
const fail = (message: string): never => {
  throw new RangeError(message);
};

let pool: InterpreterPoolExecutor;
beforeEach(() => {
  pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
});
afterEach(() => pool.terminateWorkers());

/** The error with which a loop over a map of the group ends. */
const loop = async (group: TaskGroup, source: Iterable<unknown> | AsyncIterable<unknown>): Promise<Error> =>
  await rejection(
    (async () => {
      for await (const _ of group.map(same, source)) void _;
    })(),
  );

describe("a loop over a map of a group that is cancelled", limits, () => {
  const silent: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
  };

  test("ends although its source is silent, whatever cancelled the group", async () => {
    const controller = new AbortController();
    const ways: [TaskGroup, (group: TaskGroup) => unknown, RegExp | undefined][] = [
      [pool.group(), (group) => group.submit(fail, "far"), /^RangeError: far/],
      [pool.group(), (group) => group.cancel(), undefined],
      [pool.group({ timeout: 20 }), () => {}, /^TimeoutError: Cannot finish a group/],
      [
        pool.group({ signal: controller.signal }),
        () => controller.abort(new Error("enough")),
        /^Error: enough/,
      ],
    ];
    for (const [group, cancel, expected] of ways) {
      const running = group.run(async (group) => {
        const results = group.map(same, silent);
        const next = rejection(results.next());
        cancel(group);
        assert.ok((await next) instanceof CancelledError);
        throw await next;
      });
      const error = await rejection(running);
      if (expected === undefined) assert.ok(error instanceof CancelledError);
      else assert.match(String(error), expected);
    }
  });

  test("ends although outcomes are asked for and its source has no end", async () => {
    function* endless(): Generator<number> {
      for (let n = 0; ; n++) yield n;
    }
    const group = pool.group();
    let outcomes = 0;
    const error = await rejection(
      group.run(async (group) => {
        for await (const { status } of group.map(same, endless(), { settled: true })) {
          if (++outcomes === 10) group.cancel();
          // Those that were sent before.
          assert.ok(outcomes < 1000, status);
        }
      }),
    );
    assert.ok(error instanceof CancelledError);
    assert.ok(outcomes >= 10);
  });

  test("has the results that were there, and an item's own error", async () => {
    const seen: unknown[] = [];
    const error = await rejection(
      pool.group().run(async (group) => {
        const checked = (n: number): number => {
          if (n === 3) throw new RangeError(`item ${n}`);
          return n;
        };
        for await (const n of group.map(checked, [1, 2, 3, 4], { buffersize: 1 })) seen.push(n);
      }),
    );
    assert.deepEqual(seen, [1, 2]);
    assert.match(String(error), /^RangeError: item 3/);
  });

  test("a map whose own signal has aborted before is a failure of the group", async () => {
    const group = pool.group();
    const signal = AbortSignal.abort(new Error("before"));
    const error = await rejection(
      group.run(async (group) => {
        for await (const _ of group.map(same, [1], { signal })) void _;
      }),
    );
    assert.equal(error, signal.reason);
    assert.ok((await loop(pool.group({ signal }), [1])) instanceof CancelledError);
  });
});

describe("the end of a group", limits, () => {
  test("throws the failure of an inner group without a block, and no other twice", async () => {
    const inner = (group: TaskGroup): TaskGroup => {
      const inner = group.group();
      inner.submit(fail, "inner");
      return inner;
    };
    assert.match(
      String(
        await rejection(
          pool.group().run((group) => {
            inner(group);
          }),
        ),
      ),
      /RangeError: inner/,
    );
    const timed = rejection(
      pool.group().run(async (group) => {
        const late = group.group({ timeout: 1 });
        const stopped = late.submit(() => new Promise<never>(() => {}));
        assert.ok((await rejection(stopped)) instanceof CancelledError);
      }),
    );
    assert.match(String(await timed), /TimeoutError/);
    // These have blocks, which throw it.
    await pool.group().run(async (group) => {
      const own = rejection(inner(group)[Symbol.asyncDispose]());
      await rejection(group.group().run((within) => within.submit(fail, "within")));
      await own;
    });
    const cancelled = pool.group().run((group) => {
      const idle = group.group();
      void idle.submit(() => new Promise<never>(() => {}));
      group.cancel();
    });
    await cancelled;
  });

  test("run takes a function", async () => {
    const error = await rejection(pool.group().run(undefined as never));
    assert.match(String(error), /TypeError: run: body must be a function, found undefined/);
  });

  test("leaves nothing at the signals of its tasks", async () => {
    const { signal } = new AbortController();
    await pool.group().run(async (group) => {
      await Promise.all(Array.from({ length: 50 }, (_, n) => group.with({ signal }).submit(same, n)));
      assert.throws(() => group.with({ signal }).submit(same, () => {}), { code: "ERR_NOT_SHAREABLE" });
    });
    // Node's record of signals that depend on this one.
    const dependants = Object.getOwnPropertySymbols(signal).filter(
      ({ description }) => description === "kDependantSignals",
    );
    for (const key of dependants) {
      const set = (signal as unknown as Record<symbol, Set<unknown> | undefined>)[key];
      assert.equal(set?.size ?? 0, 0);
    }
  });

  test("a task's own signal stops it, and nothing else", async () => {
    const controller = new AbortController();
    await pool.group().run(async (group) => {
      const own = group.with({ signal: controller.signal }).submit(() => new Promise<never>(() => {}));
      await until(() => own.running());
      controller.abort(new Error("this one"));
      assert.equal(await rejection(own), controller.signal.reason);
      assert.equal(await group.submit(same, 5), 5);
      const before = group.with({ signal: controller.signal }).submit(same, 5);
      assert.equal(await rejection(before), controller.signal.reason);
    });
  });
});
