/** Sources of `map` that break the protocol of iterators, or whose methods and getters throw: the loop throws. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { InterpreterPoolExecutor } from "interpreters";
import { rejection, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };

let pool: InterpreterPoolExecutor;
before(() => {
  pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
});
after(() => pool.shutdown());

const double = (n: number): number => n * 2;
const fail = (): never => {
  throw new EvalError("the source's");
};

/** The results of a loop, and what it throws. */
async function loop(results: AsyncIterable<number>): Promise<{ given: number[]; error: unknown }> {
  const given: number[] = [];
  try {
    for await (const n of results) given.push(n);
    return { given, error: undefined };
  } catch (error) {
    return { given, error };
  }
}

/** A source that gives 1, then the result of `second`. `closed` counts the calls of its `return`. */
function source(kind: "sync" | "async", second: () => unknown): Iterable<number> & { closed: number } {
  let asked = 0;
  const iterator = {
    closed: 0,
    next: () => (asked++ === 0 ? { value: 1, done: false } : second()),
    return() {
      iterator.closed++;
      return {};
    },
    [kind === "sync" ? Symbol.iterator : Symbol.asyncIterator]: () => iterator,
  };
  return iterator as never;
}

/** What `next()` may give instead of a result, and what the loop throws then. */
const broken: Record<string, [give: () => unknown, expected: RegExp]> = {
  undefined: [() => undefined, /TypeError: map: next\(\) of the source must give an object, found undefined/],
  "a number": [() => 5, /TypeError: map: next\(\) of the source must give an object, found 5/],
  null: [() => null, /TypeError: map: next\(\) of the source must give an object, found null/],
  "a done that throws": [
    () => ({
      get done() {
        return fail();
      },
    }),
    /EvalError: the source's/,
  ],
  "a value that throws": [
    () => ({
      get value() {
        return fail();
      },
    }),
    /EvalError: the source's/,
  ],
  "an exception": [fail, /EvalError: the source's/],
};

const later: Record<string, [give: () => unknown, expected: RegExp]> = {
  ...Object.fromEntries(
    Object.entries(broken).map(([name, [give, expected]]) => [
      `a promise of ${name}`,
      [async () => await Promise.resolve().then(give), expected],
    ]),
  ),
  "a then that throws": [
    () => ({
      get then() {
        return fail();
      },
    }),
    /EvalError: the source's/,
  ],
  "a thenable that throws": [() => ({ then: fail }), /EvalError: the source's/],
  "a thenable that gives undefined": [
    () => ({ then: (resolve: (value: unknown) => void) => resolve(undefined) }),
    /must give an object, found undefined/,
  ],
};

for (const kind of ["sync", "async"] as const) {
  for (const [name, [give, expected]] of Object.entries(kind === "sync" ? broken : { ...broken, ...later })) {
    test(
      `${kind} source that gives ${name}: the loop throws, and the source is not closed`,
      limits,
      async () => {
        for (const options of [{}, { ordered: false }, { chunksize: 3 }]) {
          const items = source(kind, give);
          const { given, error } = await loop(pool.map(double, items, options));
          assert.match(String(error), expected);
          assert.deepEqual(given, [2], "after what it gave before");
          assert.equal(items.closed, 0, "it is broken: nothing more is asked of it");
        }
      },
    );
  }
}

test(
  "an iterator that is not an object, and a next that is not a function, are refused",
  limits,
  async () => {
    for (const iterator of [undefined, 5, "text"]) {
      for (const key of [Symbol.iterator, Symbol.asyncIterator]) {
        const items = { [key]: () => iterator } as unknown as Iterable<number>;
        assert.throws(() => pool.map(double, items), /map: the source's iterator must be an object, found/);
      }
    }
    for (const key of [Symbol.iterator, Symbol.asyncIterator]) {
      const items = { [key]: () => ({ next: 5 }) } as unknown as Iterable<number>;
      assert.match(
        String((await loop(pool.map(double, items))).error),
        /next of the source must be a function/,
      );
    }
  },
);

test("next is looked up once", limits, async () => {
  let looked = 0;
  let n = 0;
  const items = {
    [Symbol.iterator]: () => ({
      get next() {
        looked++;
        return () => ({ value: n, done: n++ === 3 });
      },
    }),
  };
  assert.deepEqual((await loop(pool.map(double, items))).given, [0, 2, 4]);
  assert.equal(looked, 1);
});

test(
  "an exception of the source's end does not take the place of the one that ended the loop",
  limits,
  async () => {
    for (const key of [Symbol.iterator, Symbol.asyncIterator]) {
      const ends: (() => unknown)[] = [fail, () => Promise.reject(new EvalError("later"))];
      for (const end of ends) {
        const items = (): Iterable<number> =>
          ({ [key]: () => ({ next: () => ({ value: 1, done: false }), return: end }) }) as never;
        const failing = (n: number): never => {
          throw new RangeError(`item ${n}`);
        };
        assert.match(String((await loop(pool.map(failing, items()))).error), /RangeError: item 1/);
        // Leaving the loop is no failure: what the source throws then is thrown there.
        const left = pool.map(double, items());
        await left.next();
        assert.ok((await rejection(left.return())) instanceof EvalError);
      }
    }
  },
);
