/** Errors of `map` name their item, and `map(…, { settled: true })` yields how each call ended. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "node:util";
import {
  BrokenInterpreterPool,
  InterpreterDiedError,
  InterpreterError,
  InterpreterPoolExecutor,
  type MapOptions,
  type MapOutcome,
  move,
  NotShareableError,
  type TaskError,
} from "interpreters";
import { channel, Gate, rejection, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const SIZES: readonly (number | "auto")[] = [1, 2, 7, 1000, "auto"];

let pool: InterpreterPoolExecutor;
before(() => {
  pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
});
after(() => pool.shutdown());

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The exception that ended a loop. */
async function failure(items: AsyncIterable<unknown>): Promise<TaskError> {
  return await rejection<TaskError>(collect(items));
}

const evenOnly = (n: number): number => {
  if (n % 2 === 1) throw Object.assign(new RangeError(`odd: ${n}`), { index: "its own" });
  return n * 10;
};
const numbers = (length: number): number[] => Array.from({ length }, (_, n) => n);

/** An outcome without what only an error has. */
const brief = (outcome: MapOutcome<unknown>): unknown[] =>
  outcome.status === "fulfilled"
    ? [outcome.index, outcome.value]
    : [outcome.index, (outcome.reason as Error).name];

for (const chunksize of SIZES) {
  const named = `chunksize ${chunksize}`;

  test(`${named}: the error of a task names its item, and stays itself`, limits, async () => {
    const error = await failure(
      pool.map(
        (n: number) => {
          if (n === 17) throw Object.assign(new RangeError("far"), { index: "its own" });
          return n;
        },
        numbers(40),
        { chunksize },
      ),
    );
    assert.ok(error instanceof RangeError);
    assert.deepEqual([error.message, error.itemIndex], ["far", 17]);
    assert.equal((error as unknown as { index: string }).index, "its own");
    assert.match(error.stack ?? "", /--- submitted: item 17 of map ---\n.*map-settled\.test\.js/);
    assert.match(inspect(error), /item 17 of map/, "an uncaught one shows it, too");
    assert.deepEqual(Object.keys(error), ["index"], "nothing else is enumerable");
    assert.equal(error.executionFailed?.cause, error);
  });

  test(`${named}: what cannot travel names its item`, limits, async () => {
    const items = numbers(20).map((n) => (n === 9 ? { deep: () => n } : n));
    const sent = await failure(pool.map((item: unknown) => item, items, { chunksize }));
    assert.ok(sent instanceof NotShareableError);
    assert.match(sent.message, /^map: item 9: .*args\[0\]\.deep is a function/);
    assert.equal((sent as TaskError).itemIndex, 9);
    assert.match(sent.stack ?? "", /^NotShareableError: map: item 9: /);
    const returned = await failure(
      pool.map((n: number) => (n === 4 ? { deep: [() => n] } : n), numbers(9), { chunksize }),
    );
    assert.ok(returned instanceof NotShareableError);
    assert.match(returned.message, /^map: item 4: .*result\.deep\[0\] is a function/);
    assert.equal((returned as TaskError).itemIndex, 4);
    const listed = await failure(pool.starmap(Math.max, [[1], [2], 3 as never], { chunksize }));
    assert.match(listed.message, /each item must be an array of arguments, found 3 as item 2/);
    assert.equal(listed.itemIndex, 2);
  });

  test(`${named}: each item has one outcome, in order`, limits, async () => {
    for (const length of [0, 1, 2, 13, 200]) {
      for (const source of [numbers(length), later(numbers(length))]) {
        const outcomes = await collect(pool.map(evenOnly, source, { chunksize, settled: true }));
        assert.deepEqual(
          outcomes.map(brief),
          numbers(length).map((n) => [n, n % 2 === 1 ? "RangeError" : n * 10]),
        );
        for (const outcome of outcomes) {
          if (outcome.status === "fulfilled") continue;
          const reason = outcome.reason as TaskError;
          assert.deepEqual([reason.message, reason.itemIndex], [`odd: ${outcome.index}`, outcome.index]);
          assert.equal(reason.executionFailed?.excinfo.type.name, "RangeError");
        }
      }
    }
  });

  test(`${named}: unordered, each item has one outcome with its index`, limits, async () => {
    const outcomes = await collect(
      pool.map(evenOnly, numbers(100), { chunksize, ordered: false, settled: true }),
    );
    assert.deepEqual(
      outcomes.map(brief).sort((a, b) => Number(a[0]) - Number(b[0])),
      numbers(100).map((n) => [n, n % 2 === 1 ? "RangeError" : n * 10]),
    );
  });

  test(`${named}: each call is made once, with the item as it was when it was sent`, limits, async () => {
    const [ran, gate] = [channel<number>(), new Gate()];
    const items = numbers(30).map((n) => ({ log: ran, gate: gate.queue, n, list: [n] }));
    const results = pool.map(
      ({ log, gate, n, list }: (typeof items)[number]) => {
        if (n === 0) gate.getSync();
        log.putSync(n);
        if (n % 3 === 0) throw new Error("third");
        return list[0];
      },
      items,
      { chunksize, settled: true, buffersize: 30 },
    );
    const first = results.next();
    await until(() => pool.stats().running > 0);
    // The call batch of the first item is being worked on.
    if (chunksize !== "auto") for (const item of items.slice(0, chunksize)) item.list[0] = 1000;
    gate.open();
    const outcomes = [(await first).value as MapOutcome<number>, ...(await collect(results))];
    assert.deepEqual(
      outcomes.map(brief),
      numbers(30).map((n) => [n, n % 3 === 0 ? "Error" : n]),
    );
    const calls = Array.from({ length: ran.qsize() }, () => ran.getNowait());
    assert.deepEqual(
      calls.sort((a, b) => a - b),
      numbers(30),
    );
  });

  test(`${named}: what cannot travel is the failure of its item`, limits, async () => {
    const items = numbers(20).map((n) => (n % 5 === 2 ? { deep: () => n } : n));
    const work = (item: unknown): unknown => (item === 3 ? () => 0 : item);
    const outcomes = await collect(pool.map(work, items, { chunksize, settled: true }));
    assert.deepEqual(
      outcomes.map(brief),
      numbers(20).map((n) => [n, n % 5 === 2 || n === 3 ? "NotShareableError" : n]),
    );
    const listed = await collect(
      pool.starmap(Math.max, [[1, 5], 3 as never, [2]], { chunksize, settled: true }),
    );
    assert.deepEqual(listed.map(brief), [
      [0, 5],
      [1, "TypeError"],
      [2, 2],
    ]);
  });

  test(`${named}: a worker that dies fails the items that it had, and the loop goes on`, limits, async () => {
    const dies = (n: number): number => {
      if (n === 30) process.exit(4);
      return n;
    };
    const outcomes = await collect(pool.map(dies, numbers(60), { chunksize, settled: true }));
    assert.deepEqual(
      outcomes.map(({ index }) => index),
      numbers(60),
    );
    const lost = outcomes.filter((outcome) => outcome.status === "rejected");
    assert.ok(lost.some(({ index }) => index === 30));
    for (const { reason } of lost) {
      assert.ok(reason instanceof InterpreterDiedError && reason.exitCode === 4);
      const text = lost.length === 1 ? "item 30" : `items ${lost[0].index} to ${lost.at(-1)?.index}`;
      assert.ok(
        reason.message.startsWith(`map: ${text}: Cannot finish a task: interpreter `),
        reason.message,
      );
      assert.equal((reason as TaskError).itemIndex, lost[0].index);
    }
    if (chunksize === 1) assert.equal(lost.length, 1);
  });

  test(`${named}: buffers are moved, in whatever way they are named`, limits, async () => {
    const sizeOf = (bytes: Uint8Array<ArrayBuffer>): number => {
      if (bytes.length === 2) throw new Error("two");
      return bytes.length;
    };
    const expected = [
      [0, 1],
      [1, "Error"],
      [2, 3],
      [3, 4],
    ];
    for (const options of [{ transfer: (bytes: Uint8Array<ArrayBuffer>) => [bytes.buffer] }, {}]) {
      const items = [1, 2, 3, 4].map((length) => new Uint8Array(length));
      const given = "transfer" in options ? items : items.map((bytes) => move(bytes));
      const outcomes = await collect(pool.map(sizeOf, given, { ...options, chunksize, settled: true }));
      assert.deepEqual(outcomes.map(brief), expected);
      assert.ok(items.every((bytes) => bytes.length === 0));
    }
    const wrong = await collect(
      pool.map((n: number) => n, [1, 2], { settled: true, chunksize, transfer: () => 5 as never }),
    );
    assert.deepEqual(wrong.map(brief), [
      [0, "TypeError"],
      [1, "TypeError"],
    ]);
  });
}

async function* later<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}

test("thrown values that are no errors are reasons, too", limits, async () => {
  const outcomes = await collect(
    pool.map(
      (n: number) => {
        // oxlint-disable-next-line no-throw-literal
        if (n === 1) throw undefined;
        return n;
      },
      [0, 1, 2],
      { settled: true, chunksize: 2 },
    ),
  );
  assert.deepEqual(outcomes, [
    { index: 0, status: "fulfilled", value: 0 },
    { index: 1, status: "rejected", reason: undefined },
    { index: 2, status: "fulfilled", value: 2 },
  ]);
});

test("an endless source is pulled as far as buffersize allows, failures or not", limits, async () => {
  for (const chunksize of [1, 3]) {
    let [pulled, consumed] = [0, 0];
    function* source(): Generator<number> {
      for (;;) yield pulled++;
    }
    for await (const { index } of pool.map(evenOnly, source(), { settled: true, chunksize, buffersize: 5 })) {
      assert.equal(index, consumed++);
      assert.ok(pulled <= consumed + 5);
      if (consumed === 60) break;
    }
  }
});

test("what is not about an item ends a settled map: source, timeout, signal, shutdown", limits, async () => {
  function* failing(): Generator<number> {
    yield 1;
    throw new EvalError("the source's");
  }
  const results = pool.map((n: number) => n, failing(), { settled: true });
  assert.deepEqual((await results.next()).value, { index: 0, status: "fulfilled", value: 1 });
  assert.ok((await rejection(results.next())) instanceof EvalError);

  const [gate, never] = [new Gate(), new Gate()];
  const wait = (queue: typeof gate.queue): number => queue.getSync();
  const late = await failure(pool.map(wait, [gate.queue], { settled: true, timeout: 20 }));
  assert.equal(late.name, "TimeoutError");
  assert.match(late.message, /^map: the result of item 0 was not there within 20 ms/);
  assert.equal(late.itemIndex, 0);
  gate.open();
  await until(() => pool.stats().running === 0);

  const controller = new AbortController();
  const aborted = failure(pool.map(wait, [never.queue], { settled: true, signal: controller.signal }));
  await until(() => pool.stats().running === 1);
  const reason = new Error("enough");
  controller.abort(reason);
  assert.equal(await aborted, reason);
  assert.equal((reason as TaskError).itemIndex, undefined, "the user's own error stays as it is");

  const other = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const cut = other.map((n: number) => n, numbers(5), { settled: true, buffersize: 1 });
  await cut.next();
  await other.shutdown();
  const error = await failure(cut);
  assert.ok(error instanceof InterpreterError && error.code === "ERR_EXECUTOR_SHUTDOWN");
  assert.equal((error as TaskError).itemIndex, undefined);
});

test("the one error of a broken pool names no item", limits, async (t) => {
  t.mock.method(process.stderr, "write", () => true);
  const broken = new InterpreterPoolExecutor({
    maxWorkers: 1,
    initializer: () => {
      throw new Error("no");
    },
  });
  const other = rejection<TaskError>(broken.submit(() => 1));
  const error = await failure(broken.map((n: number) => n, [1]));
  assert.ok(error instanceof BrokenInterpreterPool);
  assert.deepEqual([(error as TaskError).itemIndex, (await other).itemIndex], [undefined, undefined]);
  await broken.shutdown();
});

test("settled is one of two values", limits, () => {
  for (const settled of [1, "yes", null]) {
    const options = { settled } as unknown as MapOptions;
    assert.throws(() => pool.map((n: unknown) => n, [1], options), /map: settled must be a boolean/);
  }
  const options = { ordered: "no" } as unknown as MapOptions;
  assert.throws(() => pool.starmap(Math.max, [[1]], options), /starmap: ordered must be a boolean/);
});
