/** `map` and `starmap` with call batches: the same results and failures as without, at the same items. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  InterpreterDiedError,
  InterpreterPoolExecutor,
  type MapOptions,
  NotShareableError,
  type Queue,
} from "interpreters";
import { ChunkSize, type Parcel } from "../../src/futures/chunks.js";
import { deathByLimit } from "../support/ways.js";
import { channel, Gate, rejection, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const SIZES: readonly (number | "auto")[] = [1, 2, 7, 1000, "auto"];

let pool: InterpreterPoolExecutor;
before(() => {
  pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
});
after(() => pool.shutdown());

/** The results of an iteration, and the error that ended it. */
async function collect<T>(results: AsyncIterable<T>): Promise<{ given: T[]; error: unknown }> {
  const given: T[] = [];
  try {
    for await (const result of results) given.push(result);
    return { given, error: undefined };
  } catch (error) {
    return { given, error };
  }
}

function* numbers(length = Infinity): Generator<number> {
  for (let n = 0; n < length; n++) yield n;
}

async function* later<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}

for (const chunksize of SIZES) {
  const named = `chunksize ${chunksize}`;

  test(`${named}: all results, in order, of sources of all lengths and kinds`, limits, async () => {
    for (const length of [0, 1, 2, 13, 300]) {
      const expected = Array.from({ length }, (_, n) => n * 2);
      for (const source of [numbers(length), later(numbers(length))]) {
        const { given, error } = await collect(pool.map((n: number) => n * 2, source, { chunksize }));
        assert.deepEqual([given, error], [expected, undefined]);
      }
      const { given } = await collect(
        pool.map(async (n: number) => await Promise.resolve(n * 2), numbers(length), {
          chunksize,
          ordered: false,
        }),
      );
      assert.deepEqual(
        given.sort((a, b) => a - b),
        expected,
      );
    }
  });

  test(
    `${named}: an item whose call fails fails where it stands, after those before it`,
    limits,
    async () => {
      const failAt = (n: number): number => {
        if (n === 17) throw Object.assign(new RangeError("at 17"), { n });
        return n;
      };
      const { given, error } = await collect(pool.map(failAt, numbers(), { chunksize }));
      assert.deepEqual(given, [...numbers(17)]);
      assert.ok(error instanceof RangeError && error.message === "at 17");
      assert.equal((error as RangeError & { n?: number }).n, 17);
      assert.match(error.stack ?? "", /submitted[^]*chunks\.test\.js/, "the stack leads to the map");
      assert.equal((error as { executionFailed?: Error }).executionFailed?.name, "ExecutionFailed");
      const rejecting = async (n: number): Promise<number> => {
        await Promise.resolve();
        // oxlint-disable-next-line no-throw-literal
        if (n === 5) throw undefined;
        return n;
      };
      const { value, done } = await pool.map(rejecting, [4], { chunksize }).next();
      assert.deepEqual([value, done], [4, false]);
      assert.deepEqual(await collect(pool.map(rejecting, numbers(), { chunksize })), {
        given: [0, 1, 2, 3, 4],
        error: undefined,
      });
    },
  );

  test(`${named}: what cannot travel fails where it stands, after those before it`, limits, async () => {
    const results = await collect(
      pool.map((n: number) => (n === 9 ? { deep: [() => n] } : n), numbers(), { chunksize }),
    );
    assert.deepEqual(results.given, [...numbers(9)]);
    assert.ok(results.error instanceof NotShareableError, String(results.error));
    assert.match(results.error.message, /result\.deep\[0\] is a function/);
    const items = Array.from(numbers(20), (n) => (n === 9 ? { deep: () => n } : n));
    const refused = await collect(pool.map((item: unknown) => item, items, { chunksize }));
    assert.deepEqual(refused.given, [...numbers(9)]);
    assert.ok(refused.error instanceof NotShareableError);
    assert.match(refused.error.message, /args\[0\]\.deep is a function/);
    const odd = await collect(
      pool.map(
        (n: number) => {
          // An error with a part that cannot travel does not affect the results before it.
          if (n === 3) throw Object.assign(new Error("odd"), { callback: () => 0 });
          return { n, deep: { deeper: { still: [[[[n]]]] } } };
        },
        numbers(),
        { chunksize },
      ),
    );
    assert.equal((odd.error as Error).message, "odd");
    assert.deepEqual(
      odd.given,
      Array.from(numbers(3), (n) => ({ n, deep: { deeper: { still: [[[[n]]]] } } })),
    );
  });

  test(`${named}: an endless source is pulled as far as buffersize allows, and closed`, limits, async () => {
    for (const buffersize of [1, 3, 50]) {
      for (const ordered of [true, false]) {
        let [pulled, closed, consumed] = [0, 0, 0];
        function* source(): Generator<number> {
          try {
            for (;;) yield pulled++;
          } finally {
            closed++;
          }
        }
        for await (const _ of pool.map((n: number) => n, source(), { buffersize, chunksize, ordered })) {
          consumed++;
          assert.ok(pulled <= consumed + buffersize, `${pulled} pulled, ${consumed} consumed`);
          if (consumed === 120) break;
        }
        assert.equal(closed, 1);
      }
    }
  });

  test(`${named}: an error of the source comes after the results of what it gave`, limits, async () => {
    function* source(): Generator<number> {
      yield* numbers(5);
      throw new Error("source");
    }
    for (const items of [source(), later(source())]) {
      const { given, error } = await collect(pool.map((n: number) => n, items, { chunksize }));
      assert.deepEqual([given, (error as Error).message], [[0, 1, 2, 3, 4], "source"]);
    }
  });

  test(`${named}: a source that waits for the results of what it gave gets them`, limits, async () => {
    const results: number[] = [];
    let consumed = (): void => {};
    async function* source(): AsyncGenerator<number> {
      for (let n = 0; n < 5; n++) {
        const seen = new Promise<void>((resolve) => (consumed = resolve));
        yield n;
        await seen;
      }
    }
    for await (const n of pool.map((x: number) => x, source(), { chunksize })) {
      results.push(n);
      consumed();
    }
    assert.deepEqual(results, [0, 1, 2, 3, 4]);
  });

  test(`${named}: a worker that dies fails the items that it had, and the pool goes on`, limits, async () => {
    const dies = (n: number): number => {
      if (n === 30) process.exit(4);
      return n;
    };
    const { given, error } = await collect(pool.map(dies, numbers(), { chunksize }));
    assert.ok(error instanceof InterpreterDiedError && error.exitCode === 4, String(error));
    assert.deepEqual(given, [...numbers(given.length)]);
    assert.ok(given.length <= 30);
    assert.equal(await pool.submit(() => "goes on"), "goes on");
  });
}

test("a chunk of a worker that died is run again as a whole", limits, async () => {
  await using again = new InterpreterPoolExecutor({ maxWorkers: 1, retries: 1 });
  const deaths = channel<number>();
  const dieOnce = (item: [Queue<number, never>, number]): number => {
    const [queue, n] = item;
    if (n === 5 && queue.qsize() === 0) {
      queue.putSync(n);
      process.exit(1);
    }
    return n;
  };
  const items = Array.from(numbers(20), (n): [Queue<number, never>, number] => [deaths, n]);
  const { given, error } = await collect(again.map(dieOnce, items, { chunksize: 10 }));
  assert.deepEqual([given, error], [[...numbers(20)], undefined]);
});

test("a time limit is that of each call of a chunk, and not of the chunk", limits, async () => {
  const slow = async (n: number): Promise<number> => {
    if (n === 6) for (;;);
    await new Promise((resolve) => setTimeout(resolve, 400));
    return n;
  };
  const limited = pool.with({ timeout: 2000 });
  // Six calls together take longer than the limit of one.
  const { given } = await collect(limited.map(slow, [0, 1, 2, 3, 4, 5], { chunksize: 6 }));
  assert.deepEqual(given, [0, 1, 2, 3, 4, 5]);
  deathByLimit(await rejection(limited.map(slow, [6], { chunksize: 6 }).next()));
});

test("leaving the loop cancels the chunks in line; the one that runs goes on alone", limits, async () => {
  await using one = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const gate = new Gate();
  const ran = channel<number>();
  const items = Array.from(numbers(12), (n) => [gate.queue, ran, n] as const);
  const results = one.map(
    ([queue, log, n]: readonly [typeof gate.queue, typeof ran, number]) => {
      log.putSync(n);
      if (n > 1) queue.getSync();
      return n;
    },
    items,
    { chunksize: 2 },
  );
  assert.equal((await results.next()).value, 0);
  await until(() => ran.qsize() === 3);
  await results.return();
  gate.open(2);
  assert.equal(await one.submit(() => "next"), "next");
  assert.equal(ran.qsize(), 4, "the first chunk, and the one that ran");
});

test("starmap spreads each item", limits, async () => {
  const pairs: [number, number][] = [
    [2, 3],
    [3, 2],
    [10, 0],
  ];
  for (const chunksize of SIZES) {
    assert.deepEqual((await collect(pool.starmap(Math.pow, pairs, { chunksize }))).given, [8, 9, 1]);
    const { given } = await collect(
      pool.starmap((...all: number[]) => all.length, [[], [1], [1, 2]], { chunksize }),
    );
    assert.deepEqual(given, [0, 1, 2]);
    const bad = await collect(pool.starmap(Math.max, [[1], [2, 1], 3 as never, [4]], { chunksize }));
    assert.deepEqual(bad.given, [1, 2]);
    assert.match(String(bad.error), /TypeError: starmap: each item must be an array of arguments, found 3/);
  }
  const view = pool
    .with({ priority: 1 })
    .starmap((a: string, b: number) => a.repeat(b), later([["x", 3]] as [string, number][]));
  assert.deepEqual((await collect(view)).given, ["xxx"]);
});

test("buffers of items are moved, and none of an item that is refused", limits, async () => {
  const transfer = (bytes: Uint8Array<ArrayBuffer>): ArrayBuffer[] => [bytes.buffer];
  for (const chunksize of SIZES) {
    const items = Array.from({ length: 5 }, (_, n) => new Uint8Array(n + 1));
    const { given } = await collect(
      pool.map((bytes: Uint8Array<ArrayBuffer>) => bytes.length, items, { chunksize, transfer }),
    );
    assert.deepEqual(given, [1, 2, 3, 4, 5]);
    assert.ok(items.every((bytes) => bytes.length === 0));
    const kept = new ArrayBuffer(3);
    const refused = await collect(
      pool.map((x: unknown) => x, [() => 0], { chunksize, transfer: () => [kept] }),
    );
    assert.ok(refused.error instanceof NotShareableError);
    assert.equal(kept.byteLength, 3);
  }
  const wrong = await collect(pool.map((x: number) => x, [1], { transfer: () => 5 as never }));
  assert.ok(wrong.error instanceof TypeError);
});

test("bad options are refused at once", limits, () => {
  const bad: [unknown, typeof TypeError | typeof RangeError, RegExp][] = [
    [{ chunksize: 0 }, RangeError, /chunksize/],
    [{ chunksize: 1.5 }, TypeError, /chunksize/],
    [{ chunksize: "large" }, TypeError, /chunksize/],
    [{ chunkSize: 3 }, TypeError, /chunkSize/],
    [{ transfer: [] }, TypeError, /transfer/],
    [{ buffersize: 0 }, RangeError, /buffersize/],
  ];
  for (const [options, type, message] of bad) {
    for (const name of ["map", "starmap"] as const) {
      assert.throws(
        () => (pool[name] as typeof pool.map)((x: number) => x, [], options as MapOptions<number>),
        (error) => error instanceof type && message.test(error.message) && error.message.startsWith(name),
      );
    }
  }
});

test("auto doubles chunks of quick calls up to a limit, and halves those that are slow or large", () => {
  const chunk = new ChunkSize("auto");
  const parcel = (took: number, bytes = 0): Parcel => ({
    first: 0,
    size: chunk.size,
    chunk: true,
    future: { bytes, settled: () => ({ status: "fulfilled", value: { values: [], took } }) } as never,
  });
  const sizes = (...parcels: [took: number, bytes?: number][]): number[] =>
    parcels.map(([took, bytes]) => {
      chunk.learn(parcel(took, bytes));
      return chunk.size;
    });
  assert.deepEqual(sizes([0.1], [0.1], [0.1]), [2, 4, 8]);
  assert.deepEqual(sizes([4], [3], [6]), [8, 8, 8], "as it should be");
  assert.deepEqual(sizes([9], [9], [9], [9]), [4, 2, 1, 1]);
  assert.deepEqual(sizes([0.1, 700_000]), [1], "larger ones would be too large");
  assert.deepEqual(sizes(...Array.from({ length: 10 }, (): [number] => [0])).at(-1), 128);
  assert.deepEqual(sizes([0.1, 2_000_000]), [64]);
});
