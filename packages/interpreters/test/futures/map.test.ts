/** `map`: results, their order, and how far it pulls its source. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { InterpreterPoolExecutor, NotShareableError, type Queue } from "interpreters";
import { busyPool, channel, Gate, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };

let pool: InterpreterPoolExecutor;
before(() => {
  pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
});
after(() => pool.shutdown());

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

/** A source that counts how far it was pulled, and whether it was closed. */
class Source {
  pulled = 0;
  closed = 0;
  readonly length: number;
  constructor(length = Infinity) {
    this.length = length;
  }
  *[Symbol.iterator](): Generator<number, void, undefined> {
    try {
      while (this.pulled < this.length) yield this.pulled++;
    } finally {
      this.closed++;
    }
  }
  async *later(): AsyncGenerator<number, void, undefined> {
    for (const n of this) {
      await Promise.resolve();
      yield n;
    }
  }
}

const double = (n: number): number => n * 2;

test("results come in the order of the items, from any kind of iterable", limits, async () => {
  assert.deepEqual(await collect(pool.map(double, [1, 2, 3])), [2, 4, 6]);
  assert.deepEqual(await collect(pool.map(double, new Set([4, 5]))), [8, 10]);
  assert.deepEqual(
    await collect(pool.map(double, new Source(100))),
    Array.from({ length: 100 }, (_, n) => n * 2),
  );
  assert.deepEqual(
    await collect(pool.map(double, new Source(100).later())),
    Array.from({ length: 100 }, (_, n) => n * 2),
  );
  assert.deepEqual(await collect(pool.map((c: string) => c + c, "ab")), ["aa", "bb"]);
  assert.deepEqual(await collect(pool.map(async (n: number) => await Promise.resolve(n), [7])), [7]);
  const stream = new ReadableStream<string>({
    start(controller) {
      for (const chunk of ["x", "y"]) controller.enqueue(chunk);
      controller.close();
    },
  });
  assert.deepEqual(await collect(pool.map((c: string) => c.toUpperCase(), stream)), ["X", "Y"]);
});

test("an empty source gives nothing", limits, async () => {
  assert.deepEqual(await collect(pool.map(double, [])), []);
  assert.deepEqual(await collect(pool.map(double, new Source(0).later(), { ordered: false })), []);
});

test("a source that is iterable both ways is pulled asynchronously", limits, async () => {
  const both = {
    *[Symbol.iterator]() {
      yield 1;
    },
    async *[Symbol.asyncIterator]() {
      yield await Promise.resolve(2);
    },
  };
  assert.deepEqual(await collect(pool.map(double, both)), [4]);
});

for (const buffersize of [1, 2, 5]) {
  for (const ordered of [true, false]) {
    for (const kind of ["sync", "async"]) {
      test(
        `an endless ${kind} source is pulled ${buffersize} ahead at most (ordered: ${ordered})`,
        limits,
        async () => {
          const source = new Source();
          const items = kind === "sync" ? source : source.later();
          let consumed = 0;
          for await (const _ of pool.map(double, items, { buffersize, ordered })) {
            consumed++;
            assert.ok(
              source.pulled <= consumed + buffersize,
              `${source.pulled} pulled, ${consumed} consumed`,
            );
            if (consumed === 40) break;
          }
          assert.equal(source.closed, 1);
        },
      );
    }
  }
}

test("as much as the buffer takes is pulled while nothing is finished, and no more", limits, async () => {
  for (const [buffersize, expected] of [
    [3, 3],
    [undefined, 8], // four for each worker
  ] as const) {
    const { pool: full, gate, busy } = await busyPool(2);
    const source = new Source();
    const results = full.map(double, source, buffersize === undefined ? {} : { buffersize });
    const first = results.next();
    await until(() => source.pulled >= expected);
    // If it pulled too much, it would do so now.
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(source.pulled, expected);
    gate.open(2);
    await Promise.all(busy);
    assert.deepEqual(await first, { value: 0, done: false });
    await results.return();
    await full.shutdown();
  }
});

test(
  "nothing is pulled before somebody asks for a result, and after that nothing until the next",
  limits,
  async () => {
    const source = new Source();
    const results = pool.map(double, source, { buffersize: 2 });
    assert.equal(source.pulled, 0);
    await results.next();
    const { pulled } = source;
    await pool.submit(() => 0);
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(source.pulled <= 3 && source.pulled >= pulled);
    await results.return();
    assert.equal(source.closed, 1);
  },
);

test("unordered results come as they are finished", limits, async () => {
  const gate = new Gate();
  const results = pool.map(
    ([queue, n]: [Queue<number>, number]) => {
      if (n === 0) queue.getSync();
      return n;
    },
    [0, 1, 2, 3].map((n): [Queue<number>, number] => [gate.queue, n]),
    { ordered: false },
  );
  const first = [await results.next(), await results.next(), await results.next()].map((each) => each.value);
  assert.deepEqual(first, [1, 2, 3]);
  gate.open();
  assert.deepEqual(await collect(results), [0]);
});

test("a slow source delays nothing that is there already", limits, async () => {
  for (const ordered of [true, false]) {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow = (async function* () {
      yield 1;
      yield 2;
      await held;
      yield 3;
    })();
    const results = pool.map(double, slow, { ordered });
    const first = [await results.next(), await results.next()].map((each) => each.value);
    assert.deepEqual(new Set(first), new Set([2, 4]));
    const last = results.next();
    release();
    assert.equal((await last).value, 6);
    assert.equal((await results.next()).done, true);
  }
});

test("breaking out closes the source and cancels what has not begun", limits, async () => {
  await using single = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const [ran, gate] = [channel<number>(), new Gate()];
  const source = new Source();
  const results = single.map(
    ([begun, queue, n]: [Queue<number>, Queue<number>, number]) => {
      begun.putSync(n);
      if (n > 0) queue.getSync();
      return n;
    },
    (function* () {
      for (const n of source) yield [ran, gate.queue, n] as [Queue<number>, Queue<number>, number];
    })(),
    { buffersize: 6 },
  );
  assert.equal((await results.next()).value, 0);
  await until(() => ran.qsize() === 2, "the second is at the gate, the others are in line");
  await results.return();
  assert.equal(source.closed, 1);
  gate.open(10);
  await single.submit(() => "behind them all");
  assert.equal(ran.qsize(), 2);
  assert.deepEqual(await results.next(), { value: undefined, done: true });
});

test("breaking out does not wait for a source that may never answer", limits, async () => {
  let asked = 0;
  let late: (value: IteratorResult<number>) => void = () => {};
  let returned = 0;
  const ran = channel<number>();
  const source: AsyncIterableIterator<number> = {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () =>
      asked++ === 0 ? Promise.resolve({ value: 1, done: false }) : new Promise((resolve) => (late = resolve)),
    return: () => {
      returned++;
      return new Promise(() => {});
    },
  };
  const items = pool.map((n: number) => n, source);
  for await (const n of items) {
    assert.equal(n, 1);
    await until(() => asked === 2);
    break;
  }
  assert.equal(returned, 1);
  // An item that arrives now has no consumer.
  late({ value: 2, done: false });
  await pool.submit((queue: Queue<number>) => queue.putSync(0), ran);
  assert.equal(asked, 2);
  assert.equal(ran.qsize(), 1);
});

test("what is not to be mapped is refused at once", limits, () => {
  for (const source of [undefined, null, 5, {}])
    assert.throws(() => pool.map(double, source as never), TypeError);
  for (const fn of [undefined, "code", {}]) assert.throws(() => pool.map(fn as never, [1]), TypeError);
  assert.throws(() => pool.map(double.bind(null), []), NotShareableError);
  for (const buffersize of [0, -1]) assert.throws(() => pool.map(double, [1], { buffersize }), RangeError);
  for (const buffersize of ["3", NaN, 1.5]) {
    assert.throws(() => pool.map(double, [1], { buffersize: buffersize as number }), TypeError);
  }
  assert.throws(() => pool.map(double, [1], { timeout: -1 }), RangeError);
  assert.throws(() => pool.map(double, [1], { timeout: "1" as never }), TypeError);
  assert.throws(() => pool.map(double, [1], { signal: "now" as never }), TypeError);
});

test("thousands of items pass through a small window", limits, async () => {
  let sum = 0;
  for await (const n of pool.map(double, new Source(5000), { buffersize: 64 })) sum += n;
  assert.equal(sum, 5000 * 4999);
});
