/** A select's place in line: served in turn, left without a trace, and no item lost on the way. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import {
  create,
  createQueue,
  InterpreterPoolExecutor,
  onGet,
  onPut,
  type Queue,
  QueueEmpty,
  registerType,
  select,
  selectSync,
  UNBOUND_KEEP,
} from "interpreters";
import { Chance, getters, putters } from "../support/queues.js";
import { rejection, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const others = [create(), create()];
after(() => Promise.all(others.map((interp) => interp.terminate())));

type Numbers = Queue<number, never>;
const numbers = (maxsize = 0): Numbers => createQueue<number>(maxsize, { unboundItems: UNBOUND_KEEP });

describe("in the line of a queue", limits, () => {
  test("selects and gets of an interpreter are served in the order in which they came", async () => {
    const [queue, empty] = [numbers(), numbers()];
    const waiting: Promise<number>[] = [];
    for (let i = 0; i < 6; i++) {
      if (i % 2 === 0) waiting.push(queue.get());
      else waiting.push(select([onGet(empty), onGet(queue)]).then(({ value }) => value));
    }
    queue.putManySync([0, 1, 2, 3, 4, 5]);
    assert.deepEqual(await Promise.all(waiting), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual([getters(queue), getters(empty)], [0, 0]);
  });

  test("selects and puts, too", async () => {
    const [queue, full] = [numbers(1), numbers(1)];
    queue.putNowait(-1);
    full.putNowait(-1);
    const waiting = [
      queue.put(0),
      select([onPut(full, 9), onPut(queue, 1)]),
      queue.put(2),
      select([onPut(queue, 3)]),
    ];
    const got: number[] = [];
    for (let i = 0; i < 5; i++) got.push(await queue.get({ timeout: WATCHDOG / 2 }));
    await Promise.all(waiting);
    assert.deepEqual(got, [-1, 0, 1, 2, 3]);
    assert.deepEqual([putters(queue), putters(full), full.qsize()], [0, 0, 1]);
  });

  test("one that comes later does not overtake it, in either form", async () => {
    const [queue, empty] = [numbers(), numbers()];
    const first = queue.get();
    const second = select([onGet(queue), onGet(empty)]);
    queue.putNowait(1);
    // The get, which came first, takes the item although the select tries before this event loop has turned.
    assert.throws(() => selectSync([onGet(queue)], { timeout: 0 }), { name: "TimeoutError" });
    assert.equal(await first, 1);
    queue.putManySync([2, 3]);
    assert.deepEqual(selectSync([onGet(queue)], { timeout: WATCHDOG }), { index: 0, value: 3 });
    assert.deepEqual(await second, { index: 0, value: 2 });
  });

  test("those before a blocked select are served while it blocks", async () => {
    const [queue, other] = [numbers(), numbers()];
    const before = [queue.get(), select([onGet(queue), onGet(other)])];
    const putting = others[0].call((queue) => {
      for (let i = 0; i < 3; i++) queue.putSync(i);
    }, queue);
    assert.equal(selectSync([onGet(other), onGet(queue)]).value, 2);
    assert.deepEqual(await Promise.all(before), [0, { index: 0, value: 1 }]);
    await putting;
    assert.deepEqual([getters(queue), getters(other)], [0, 0]);
  });

  test("a thousand selects leave it in any order, each with its own item", async () => {
    const [shared, stop] = [numbers(), numbers()];
    const chance = new Chance(5);
    const aborts: (() => void)[] = [];
    const got: number[] = [];
    let [aborted, timedOut] = [0, 0];
    const waiting = Array.from({ length: 1000 }, (_, i) => {
      const controller = new AbortController();
      if (i % 5 === 0) aborts.push(() => controller.abort("enough"));
      return select([onGet(shared), onGet(stop)], {
        signal: controller.signal,
        ...(i % 5 === 1 && { timeout: chance.below(20) }),
      }).then(
        ({ value }) => void got.push(value),
        (error: unknown) => {
          if (error === "enough") aborted++;
          else if ((error as Error).name === "TimeoutError") timedOut++;
          else throw error;
        },
      );
    });
    let put = 0;
    while (put < 600) {
      (chance.next() < 0.5 ? shared : stop).putNowait(put++);
      if (chance.next() < 0.2) aborts.splice(chance.below(aborts.length), 1)[0]?.();
      if (chance.next() < 0.1) await turn();
    }
    for (const abort of aborts) abort();
    while (got.length + aborted + timedOut < 1000) {
      if (shared.qsize() + stop.qsize() === 0) (chance.next() < 0.5 ? shared : stop).putNowait(put++);
      await turn();
    }
    await Promise.all(waiting);
    const left = [shared, stop].flatMap((queue) => (queue.empty() ? [] : queue.getManySync(1000)));
    assert.deepEqual(
      [...got, ...left].sort((a, b) => a - b),
      Array.from({ length: put }, (_, i) => i),
    );
    assert.deepEqual([getters(shared), getters(stop)], [0, 0]);
  });
});

test("a future that outlives a thousand selects has no listener of theirs", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const [queue, gate] = [numbers(), numbers()];
  const future = pool.submit((gate) => gate.getSync(), gate);
  const controller = new AbortController();
  const waiting = Array.from({ length: 1000 }, (_, i) =>
    select([onGet(queue), future], i < 500 ? { signal: controller.signal } : {}),
  );
  assert.equal(future.listeners, 1000);
  controller.abort();
  for (const aborted of waiting.slice(0, 500)) await rejection(aborted);
  for (let i = 0; i < 490; i++) queue.putNowait(i);
  await Promise.all(waiting.slice(500, 990));
  assert.equal(future.listeners, 10);
  gate.putNowait(7);
  assert.deepEqual(await waiting[999], { index: 1, value: 7 });
  assert.equal(queue.qsize() + getters(queue), 0);
});

describe("a ring that a select does not use", limits, () => {
  for (const form of ["a promise", "blocking"]) {
    test(`goes to the next who waits (${form})`, async () => {
      const [mine, shared, got] = [numbers(), numbers(), numbers()];
      // The other interpreter waits for `shared` all the time; this one selects, and often is rung for both at once.
      const taking = others[0].call(
        (shared, got) => {
          for (;;) {
            const item = shared.getSync();
            if (item === -1) return;
            got.putSync(item);
          }
        },
        shared,
        got,
      );
      const putting = others[1].call(
        async (mine, shared, got) => {
          let received = 0;
          for (let i = 0; i < 1500; i++) {
            // In both orders, at once. The next pair comes only when this one is received: nothing makes up for a lost ring.
            if (i % 2 === 0) mine.putSync(i);
            shared.putSync(i);
            if (i % 2 !== 0) mine.putSync(i);
            for (; received < 2 * (i + 1); received++) await got.get();
          }
          mine.putSync(-1);
        },
        mine,
        shared,
        got,
      );
      const cases = [onGet(mine), onGet(shared)] as const;
      for (;;) {
        const { value } = form === "blocking" ? selectSync(cases) : await select(cases);
        if (value === -1) break;
        got.putNowait(value);
      }
      await putting;
      shared.putNowait(-1);
      await taking;
      assert.deepEqual([getters(mine), getters(shared), got.qsize()], [0, 0, 0]);
    });
  }
});

/** The effects of decoding an item. */
let onDecode: (() => void) | undefined;
class Reactive {
  readonly n: number;
  constructor(n: number) {
    this.n = n;
  }
}
registerType("select/Reactive", Reactive, {
  encode: ({ n }) => n,
  decode: (n) => {
    const react = onDecode;
    onDecode = undefined;
    react?.();
    return new Reactive(n as number);
  },
});

describe("an item whose decoder runs user code", limits, () => {
  const reactive = (): Queue<Reactive, never> => createQueue<Reactive>(0, { unboundItems: UNBOUND_KEEP });

  for (const how of ["get", "select"]) {
    const take = (queue: Queue<Reactive, never>, options: { signal?: AbortSignal } = {}): Promise<Reactive> =>
      how === "get" ? queue.get(options) : select([onGet(queue)], options).then(({ value }) => value);

    test(`is not lost if the decoder aborts the ${how}`, async () => {
      const queue = reactive();
      const controller = new AbortController();
      const taking = take(queue, { signal: controller.signal });
      onDecode = () => controller.abort(new Error("aborted by a decoder"));
      queue.putNowait(new Reactive(1));
      assert.equal((await taking).n, 1);
    });

    test(`comes to its own ${how} if the decoder polls for those behind it`, async () => {
      const [queue, gate] = [reactive(), numbers()];
      const taking = [take(queue), take(queue), take(queue)];
      // Blocking polls for all waiters of this thread.
      onDecode = () => assert.throws(() => gate.getSync({ timeout: 1 }), QueueEmpty);
      for (let n = 0; n < 3; n++) queue.putNowait(new Reactive(n));
      const got = await Promise.all(taking);
      assert.deepEqual(
        got.map(({ n }) => n),
        [0, 1, 2],
      );
      assert.deepEqual([queue.qsize(), getters(queue)], [0, 0]);
    });
  }

  test("ends the select before it is decoded: no other case can happen meanwhile", async () => {
    const [queue, other, gate] = [reactive(), numbers(), numbers()];
    const taking = select([onGet(queue), onGet(other)]);
    onDecode = () => {
      other.putNowait(2);
      assert.throws(() => gate.getSync({ timeout: 1 }), QueueEmpty);
    };
    queue.putNowait(new Reactive(1));
    assert.equal((await taking).index, 0);
    assert.equal(other.qsize(), 1);
  });
});

describe("in the very instant", limits, () => {
  /** Puts numbers into either queue, one at a time, as long as there is room. */
  const produce = async (a: Numbers, b: Numbers, count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await (i % 3 === 0 ? a : b).put(i);
  };

  for (const end of ["an abort", "a time limit"]) {
    test(`${end} and an item: one of them, and nothing is lost`, async () => {
      const [a, b] = [numbers(1), numbers(1)];
      const chance = new Chance(7);
      const count = 600;
      const producing = others[0].call(produce, a, b, count);
      const items: number[] = [];
      let ended = 0;
      while (items.length < count) {
        const controller = new AbortController();
        const selecting = select([onGet(a), onGet(b)], {
          signal: controller.signal,
          ...(end === "a time limit" && { timeout: chance.below(2) }),
        }).then(
          ({ value }) => void items.push(value),
          (error: unknown) => {
            if (end === "an abort") assert.equal(error, "enough");
            else assert.equal((error as Error).name, "TimeoutError");
            ended++;
          },
        );
        for (let turns = chance.below(4); turns > 0; turns--) await turn();
        if (end === "an abort") controller.abort("enough");
        await selecting;
      }
      await producing;
      assert.ok(ended > 0);
      assert.deepEqual(
        items.sort((x, y) => x - y),
        Array.from({ length: count }, (_, i) => i),
      );
      assert.deepEqual([a.qsize(), b.qsize(), getters(a), getters(b)], [0, 0, 0, 0]);
    });

    test(`${end} and room: the item is put or is not`, async () => {
      const [a, b] = [numbers(1), numbers(1)];
      const chance = new Chance(8);
      const consuming = others[0].call(
        async (a, b) => {
          const { onGet, select } = await import("interpreters");
          const items: number[] = [];
          for (;;) {
            const { value } = await select([onGet(a), onGet(b)]);
            if (value === -1) return items;
            items.push(value);
          }
        },
        a,
        b,
      );
      const put: number[] = [];
      let refused = 0;
      for (let i = 0; i < 600; i++) {
        const controller = new AbortController();
        const selecting = select([onPut(a, i), onPut(b, i)], {
          signal: controller.signal,
          ...(end === "a time limit" && { timeout: chance.below(2) }),
        }).then(
          () => void put.push(i),
          () => void refused++,
        );
        for (let turns = chance.below(3); turns > 0; turns--) await turn();
        if (end === "an abort") controller.abort("enough");
        await selecting;
      }
      await until(() => a.empty() && b.empty(), "all are taken");
      await a.put(-1);
      assert.deepEqual(
        (await consuming).sort((x, y) => x - y),
        put,
      );
      assert.equal(put.length + refused, 600);
      assert.deepEqual([putters(a), putters(b)], [0, 0]);
    });
  }

  test("the end of the queue and an item: the item, and then the end", async () => {
    for (let round = 0; round < 100; round++) {
      const [a, b] = [numbers(), numbers()];
      const selecting = select([onGet(a), onGet(b)]);
      a.putNowait(round);
      if (round % 2 === 0) a.shutdown();
      else b.close();
      const outcome = await selecting.catch((error: Error) => error.name);
      if (round % 2 === 0) assert.deepEqual(outcome, { index: 0, value: round });
      else if (outcome === "QueueNotFoundError") assert.equal(a.getNowait(), round);
      else assert.deepEqual(outcome, { index: 0, value: round });
    }
    await rejection(select([onGet(numbers())], { timeout: 0 }));
  });
});
