/** The bounded window: order, back-pressure, failures, stopping. The tests settle every task themselves. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Outcome, type WindowOptions, runWindow } from "../src/window.js";

/** Waits until nothing more happens without outside input. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve: () => resolve() };
}

/** Items numbered from 0, and a record of what the window did with them. */
class Bench {
  readonly started: number[] = [];
  readonly cancelled: number[] = [];
  readonly emitted: string[] = [];
  readonly #tasks = new Map<number, { resolve(value: string): void; reject(error: Error): void }>();
  pulled = 0;

  async *numbers(end = Infinity): AsyncGenerator<number, void, void> {
    for (let item = 0; item < end; item++) {
      this.pulled += 1;
      yield item;
    }
  }

  run(source: AsyncIterable<number>, options: Partial<WindowOptions<number, string>>): Promise<void> {
    return runWindow<number, string>(source, {
      size: 4,
      ordered: true,
      stopOnFailure: true,
      start: (item) => {
        this.started.push(item);
        const result = new Promise<string>((resolve, reject) => this.#tasks.set(item, { resolve, reject }));
        return { result, cancel: () => void this.cancelled.push(item) };
      },
      emit: (outcome) => this.note(outcome),
      ...options,
    });
  }

  note(outcome: Outcome<number, string>): undefined {
    this.emitted.push(outcome.ok ? outcome.value : `${outcome.item} failed`);
  }

  async finish(...items: readonly number[]): Promise<void> {
    for (const item of items) {
      this.#tasks.get(item)?.resolve(`${item} done`);
      await settled();
    }
  }

  async fail(item: number): Promise<void> {
    this.#tasks.get(item)?.reject(new Error(`no ${item}`));
    await settled();
  }
}

test("outcomes are emitted in the order of the items, as soon as that allows", async () => {
  const bench = new Bench();
  const over = bench.run(bench.numbers(4), {});
  await settled();
  await bench.finish(2, 1);
  assert.deepEqual(bench.emitted, []);
  await bench.finish(0);
  assert.deepEqual(bench.emitted, ["0 done", "1 done", "2 done"]);
  await bench.finish(3);
  await over;
  assert.deepEqual(bench.emitted, ["0 done", "1 done", "2 done", "3 done"]);
});

test("unordered outcomes are emitted as they come", async () => {
  const bench = new Bench();
  const over = bench.run(bench.numbers(3), { ordered: false });
  await settled();
  await bench.finish(2, 0, 1);
  await over;
  assert.deepEqual(bench.emitted, ["2 done", "0 done", "1 done"]);
});

test("an endless source is pulled only as far as the window allows", async () => {
  const bench = new Bench();
  const stop = new AbortController();
  const over = bench.run(bench.numbers(), { signal: stop.signal });
  await settled();
  assert.deepEqual(bench.started, [0, 1, 2, 3]);
  // Finished items behind an unfinished first one still count: they wait to be emitted.
  await bench.finish(1, 2, 3);
  assert.deepEqual(bench.started, [0, 1, 2, 3]);
  await bench.finish(0);
  assert.deepEqual(bench.started, [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.ok(bench.pulled <= 8, `${bench.pulled} items pulled`);
  stop.abort();
  await over;
});

test("while the reader of the outcomes is behind, no outcome is emitted and no item is pulled", async () => {
  const bench = new Bench();
  const behind = deferred();
  const over = bench.run(bench.numbers(6), {
    ordered: false,
    emit: (outcome) => {
      bench.note(outcome);
      return bench.emitted.length === 1 ? behind.promise : undefined;
    },
  });
  await settled();
  await bench.finish(0, 1, 2, 3);
  assert.deepEqual(bench.emitted, ["0 done"]);
  assert.deepEqual(bench.started, [0, 1, 2, 3]);
  behind.resolve();
  await settled();
  assert.deepEqual(bench.emitted, ["0 done", "1 done", "2 done", "3 done"]);
  await bench.finish(4, 5);
  await over;
});

test("heavy items fill the window before its full count is reached, but it always admits minSize items", async () => {
  const bench = new Bench();
  const weight = {
    ofItem: () => 10,
    ofResult: (line: string) => line.length,
    maxWeight: 25,
    minSize: 2,
  };
  const over = bench.run(bench.numbers(5), { size: 100, weight });
  await settled();
  assert.deepEqual(bench.started, [0, 1, 2]);
  // Finished results behind the first item have a weight too.
  await bench.finish(2, 1, 0);
  assert.deepEqual(bench.started, [0, 1, 2, 3, 4]);
  await bench.finish(3, 4);
  await over;

  const small = new Bench();
  const smallOver = small.run(small.numbers(3), { weight: { ...weight, maxWeight: 1 } });
  await settled();
  assert.deepEqual(small.started, [0, 1]);
  await small.finish(0, 1);
  await small.finish(2);
  await smallOver;
});

test("a failure stops the run: items before it still end, those after it are cancelled", async () => {
  const bench = new Bench();
  const over = bench.run(bench.numbers(), {});
  await settled();
  await bench.finish(3);
  await bench.fail(2);
  assert.deepEqual(bench.emitted, []);
  await bench.finish(0, 1);
  await over;
  assert.deepEqual(bench.emitted, ["0 done", "1 done", "2 failed"]);
  assert.deepEqual(bench.started, [0, 1, 2, 3]);
  // Item 3 had ended already and was not cancelled.
  assert.deepEqual(bench.cancelled, []);
});

test("of several failures, that of the first item ends the run", async () => {
  const bench = new Bench();
  const over = bench.run(bench.numbers(), {});
  await settled();
  await bench.fail(2);
  assert.deepEqual(bench.cancelled, [3]);
  await bench.fail(1);
  await bench.finish(0);
  await over;
  assert.deepEqual(bench.emitted, ["0 done", "1 failed"]);
});

test("an unordered failure is emitted at once, and items before it still end", async () => {
  const bench = new Bench();
  const over = bench.run(bench.numbers(), { ordered: false });
  await settled();
  await bench.fail(2);
  assert.deepEqual(bench.emitted, ["2 failed"]);
  assert.deepEqual(bench.cancelled, [3]);
  await bench.finish(1, 0);
  await over;
  assert.deepEqual(bench.emitted, ["2 failed", "1 done", "0 done"]);
  assert.deepEqual(bench.started, [0, 1, 2, 3]);
});

test("without stopOnFailure a failure is an outcome like any other, even a failure to start", async () => {
  const bench = new Bench();
  const over = bench.run(bench.numbers(3), {
    stopOnFailure: false,
    start: (item) => {
      if (item === 1) throw new Error("cannot start");
      return { result: Promise.resolve(`${item} done`), cancel: () => undefined };
    },
  });
  await over;
  assert.deepEqual(bench.emitted, ["0 done", "1 failed", "2 done"]);
});

test("an abort emits the outcomes finished in order, cancels the rest and awaits nothing", async () => {
  const bench = new Bench();
  const stop = new AbortController();
  const behind = deferred();
  const over = bench.run(bench.numbers(), {
    signal: stop.signal,
    emit: (outcome) => {
      bench.note(outcome);
      return bench.emitted.length === 1 ? behind.promise : undefined;
    },
  });
  await settled();
  await bench.finish(0, 1, 3);
  stop.abort();
  behind.resolve();
  await over;
  assert.deepEqual(bench.emitted, ["0 done", "1 done"]);
  assert.deepEqual(bench.cancelled, [2]);
});

test("with gaps, an abort emits all outcomes that are finished, in order", async () => {
  const bench = new Bench();
  const stop = new AbortController();
  const over = bench.run(bench.numbers(), { signal: stop.signal, gaps: true });
  await settled();
  await bench.finish(3, 1);
  assert.deepEqual(bench.emitted, []);
  stop.abort();
  await over;
  assert.deepEqual(bench.emitted, ["1 done", "3 done"]);
  assert.deepEqual(bench.cancelled, [0, 2]);
});

test("an abort does not wait for a source that has no next item yet", async () => {
  const bench = new Bench();
  const stop = new AbortController();
  const silent: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
  };
  const over = bench.run(silent, { signal: stop.signal });
  await settled();
  stop.abort();
  await over;
  assert.deepEqual(bench.started, []);
});

test("no task is started if the signal is already aborted", async () => {
  const bench = new Bench();
  await bench.run(bench.numbers(), { signal: AbortSignal.abort() });
  assert.deepEqual(bench.started, []);
});

test("an error of the source is thrown once all outcomes before it are emitted", async () => {
  const bench = new Bench();
  async function* breaking(): AsyncGenerator<number, void, void> {
    yield* bench.numbers(2);
    throw new Error("disk gone");
  }
  const over = assert.rejects(bench.run(breaking(), {}), /disk gone/);
  await settled();
  await bench.finish(1, 0);
  await over;
  assert.deepEqual(bench.emitted, ["0 done", "1 done"]);
});

test("an error of emit ends the run, cancels the running tasks and closes the source", async () => {
  const bench = new Bench();
  const closed = deferred();
  async function* endless(): AsyncGenerator<number, void, void> {
    try {
      yield* bench.numbers();
    } finally {
      closed.resolve();
    }
  }
  const over = bench.run(endless(), {
    emit: () => {
      throw new Error("nobody listens");
    },
  });
  await settled();
  const rejected = assert.rejects(over, /nobody listens/);
  await bench.finish(0);
  await rejected;
  await closed.promise;
  assert.deepEqual(bench.cancelled, [1, 2, 3]);
});

test("an empty source ends the run at once", async () => {
  const bench = new Bench();
  await bench.run(bench.numbers(0), {});
  assert.deepEqual(bench.emitted, []);
});

test("many items pass through a window of four in order", async () => {
  let next = 0;
  async function* source(): AsyncGenerator<number, void, void> {
    for (let item = 0; item < 50_000; item++) yield item;
  }
  await runWindow<number, number>(source(), {
    size: 4,
    ordered: true,
    stopOnFailure: true,
    start: (item) => ({ result: Promise.resolve(item), cancel: () => undefined }),
    emit: (outcome) => {
      assert.equal(outcome.ok && outcome.value, next++);
    },
  });
  assert.equal(next, 50_000);
});
