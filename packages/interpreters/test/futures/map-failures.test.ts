/** `map` when something fails: a task, an item, the source, the time, a signal, the pool. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  InterpreterDiedError,
  InterpreterError,
  InterpreterPoolExecutor,
  type MapOptions,
  NotShareableError,
  type Queue,
} from "interpreters";
import { deathByLimit } from "../support/ways.js";
import { channel, Gate, rejection, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };

/** All results that came before the failure, and the failure. */
async function failure<T>(results: AsyncIterable<T>): Promise<{ values: T[]; error: Error }> {
  const values: T[] = [];
  try {
    for await (const value of results) values.push(value);
  } catch (error) {
    return { values, error: error as Error };
  }
  throw new Error(`expected a failure after ${values.length} values`);
}

/** Counts, and knows whether it was closed. */
function counting(items: Iterable<unknown> = { [Symbol.iterator]: naturals }): {
  items: Iterable<never>;
  closed(): number;
} {
  let closed = 0;
  const wrapped = (function* () {
    try {
      for (const item of items) yield item as never;
    } finally {
      closed++;
    }
  })();
  return { items: wrapped, closed: () => closed };
}

function* naturals(): Generator<number> {
  for (let n = 0; ; n++) yield n;
}

for (const ordered of [true, false]) {
  const how = ordered ? "ordered" : "unordered";

  test(`the first failure of a task ends an ${how} map and closes its source`, limits, async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
    const source = counting();
    const { values, error } = await failure(
      pool.map(
        (n: number) => {
          if (n === 5) throw new RangeError("five");
          return n;
        },
        source.items,
        { ordered },
      ),
    );
    assert.ok(error instanceof RangeError);
    assert.equal(error.message, "five");
    if (ordered) assert.deepEqual(values, [0, 1, 2, 3, 4]);
    assert.equal(source.closed(), 1);
    assert.equal(await pool.submit(() => "works on"), "works on");
  });

  test(`a task whose worker dies fails an ${how} map`, limits, async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
    const source = counting();
    const { error } = await failure(
      pool.map(
        (n: number) => {
          if (n === 3) process.exit(9);
          return n;
        },
        source.items,
        { ordered },
      ),
    );
    assert.ok(error instanceof InterpreterDiedError);
    assert.equal(error.exitCode, 9);
    assert.equal(source.closed(), 1);
  });

  test(
    `an item that cannot travel fails an ${how} map after the results before it, and closes the source`,
    limits,
    async () => {
      await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
      const source = counting([1, 2, { callback() {} }, 4]);
      const { values, error } = await failure(pool.map((n: unknown) => n, source.items, { ordered }));
      assert.ok(error instanceof NotShareableError);
      assert.match(error.message, /callback/);
      assert.deepEqual(values, [1, 2]);
      assert.equal(source.closed(), 1);
    },
  );

  test(`a source that throws fails an ${how} map after the results before it`, limits, async () => {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    function* failing(): Generator<number> {
      yield 1;
      yield 2;
      throw new EvalError("the source's");
    }
    async function* failingLater(): AsyncGenerator<number> {
      yield* failing();
    }
    for (const source of [failing(), failingLater()]) {
      const { values, error } = await failure(pool.map((n: number) => n, source, { ordered }));
      assert.equal(error.message, "the source's");
      assert.deepEqual(values, [1, 2]);
    }
    const broken = {
      [Symbol.iterator]: () => ({
        next(): IteratorResult<number> {
          throw new EvalError("at once");
        },
      }),
    };
    assert.equal((await failure(pool.map((n: number) => n, broken, { ordered }))).error.message, "at once");
  });

  test(
    `a time-out ends an ${how} map at once, while tasks run and while the source is slow`,
    limits,
    async () => {
      await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
      const gate = new Gate();
      const source = counting([gate.queue, gate.queue]);
      const running = await failure(
        pool.map((queue: Queue<number>) => queue.getSync(), source.items, {
          ordered,
          timeout: 50,
          buffersize: 1,
        }),
      );
      assert.equal(running.error.name, "TimeoutError");
      assert.equal(source.closed(), 1);
      gate.open(2);
      const never: AsyncIterable<number> = {
        [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
      };
      const waiting = await failure(pool.map((n: number) => n, never, { ordered, timeout: 50 }));
      assert.equal(waiting.error.name, "TimeoutError");
    },
  );

  test(
    `an abort ends an ${how} map with the signal's reason, stops its tasks, and closes the source`,
    limits,
    async () => {
      await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
      const controller = new AbortController();
      const started = channel<number>();
      const source = counting(Array.from({ length: 10 }, () => started));
      const ended = failure(
        pool.map(
          (queue: Queue<number>) => {
            queue.putSync(1);
            for (;;);
          },
          source.items,
          { ordered, signal: controller.signal, buffersize: 4 },
        ),
      );
      await until(() => started.qsize() === 2);
      const reason = new Error("enough");
      controller.abort(reason);
      assert.equal((await ended).error, reason);
      assert.equal(source.closed(), 1);
      assert.equal(await pool.submit(() => "works on"), "works on");
      assert.equal(started.qsize(), 2, "what waited in line was not begun");
    },
  );
}

test("a task that fails before its turn waits for its turn", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
  const gate = new Gate();
  const ran = channel<number>();
  const results = pool.map(
    ([queue, done, n]: [Queue<number>, Queue<number>, number]) => {
      if (n === 0) queue.getSync();
      else {
        done.putSync(n);
        throw new Error(`item ${n}`);
      }
      return n;
    },
    [0, 1, 2].map((n): [Queue<number>, Queue<number>, number] => [gate.queue, ran, n]),
  );
  const first = results.next();
  await until(() => ran.qsize() === 2);
  // The replies to 1 and 2 have arrived before this one's.
  await new Promise((resolve) => setImmediate(resolve));
  gate.open();
  assert.deepEqual(await first, { value: 0, done: false });
  assert.equal((await rejection(results.next())).message, "item 1");
  assert.equal((await results.next()).done, true);
});

test("a consumer that takes its time is told of a failure when it asks", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const results = pool.map(
    (n: number) => {
      if (n > 0) throw new Error(`item ${n}`);
      return n;
    },
    [0, 1, 2],
  );
  assert.equal((await results.next()).value, 0);
  await pool.submit(() => "behind them all");
  assert.equal((await rejection(results.next())).message, "item 1");
});

test("a map with a signal that is aborted already pulls nothing", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  let pulled = 0;
  const source = (function* () {
    pulled++;
    yield 1;
  })();
  const reason = new Error("too late");
  const { values, error } = await failure(
    pool.map((n: number) => n, source, { signal: AbortSignal.abort(reason) }),
  );
  assert.deepEqual([values, error, pulled], [[], reason, 0]);
});

test("options of the view hold for each task of a map", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const loop = (): never => {
    for (;;);
  };
  const { error } = await failure(pool.with({ timeout: 20 }).map(loop, [1, 2]));
  deathByLimit(error);
  const controller = new AbortController();
  const options: MapOptions = { buffersize: 1 };
  const view = pool.with({ signal: controller.signal }).map((n: number) => n, naturals(), options);
  assert.equal((await view.next()).value, 0);
  controller.abort(new Error("by the view"));
  assert.equal((await rejection(view.next())).message, "by the view");
});

test("a map whose pool is shut down meanwhile fails and closes its source", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const source = counting();
  const results = pool.map((n: number) => n, source.items, { buffersize: 2 });
  assert.equal((await results.next()).value, 0);
  await pool.shutdown();
  const { error } = await failure(results);
  assert.ok(error instanceof InterpreterError);
  assert.equal(error.code, "ERR_EXECUTOR_SHUTDOWN");
  assert.equal(source.closed(), 1);
});

test("an error thrown into the map by its consumer closes the source", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const source = counting();
  const loop = async (): Promise<void> => {
    for await (const n of pool.map((x: number) => x, source.items))
      if (n === 2) throw new Error("the consumer's");
  };
  assert.equal((await rejection(loop())).message, "the consumer's");
  assert.equal(source.closed(), 1);
});
