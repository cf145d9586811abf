/** Select, in both forms, with each kind of case: exactly one case happens. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import {
  create,
  createQueue,
  InterpreterError,
  InterpreterPoolExecutor,
  ItemInterpreterDestroyed,
  NotShareableError,
  onGet,
  onPut,
  type Queue,
  QueueNotFoundError,
  QueueShutDown,
  type SelectCases,
  type SelectOptions,
  UNBOUND,
  UNBOUND_ERROR,
  UNBOUND_KEEP,
} from "interpreters";
import { getters, putters } from "../support/queues.js";
import { rejection, WATCHDOG } from "../support/processes.js";
import { forms } from "./forms.js";

const limits = { timeout: WATCHDOG };
const other = create();
const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
after(async () => {
  await other.terminate();
  await pool.terminateWorkers();
});

const numbers = (maxsize = 0): Queue<number, never> =>
  createQueue<number>(maxsize, { unboundItems: UNBOUND_KEEP });

/** A full queue, in which a put waits. */
function full(): Queue<number, never> {
  const queue = numbers(1);
  queue.putNowait(0);
  return queue;
}

/** Asserts that no waiter is left. */
function assertLeft(...queues: Queue<number, never>[]): void {
  for (const queue of queues) assert.deepEqual([getters(queue), putters(queue)], [0, 0], `queue ${queue.id}`);
}

for (const { name, select } of forms) {
  describe(name, limits, () => {
    test("the case that is ready happens, and no other", async () => {
      const [empty, items, there] = [numbers(), numbers(), full()];
      items.putManySync([1, 2]);
      const cases = [onGet(empty), onGet(items), onPut(there, 3)] as const;
      assert.deepEqual(await select(cases), { index: 1, value: 1 });
      assert.deepEqual([empty.qsize(), items.qsize(), there.qsize()], [0, 1, 1]);
      assert.deepEqual(await select(cases), { index: 1, value: 2 }, "cases can be used again");
      there.getNowait();
      assert.deepEqual(await select(cases), { index: 2, value: undefined });
      assert.equal(there.getNowait(), 3);
    });

    test("named cases say their names", async () => {
      const [jobs, orders] = [numbers(), createQueue<string>()];
      orders.putNowait("stop");
      assert.deepEqual(await select({ job: onGet(jobs), order: onGet(orders) }), {
        name: "order",
        value: "stop",
      });
    });

    for (const kind of ["get", "put"] as const) {
      test(`waits for another interpreter to let a ${kind} go on, and leaves all lines`, async () => {
        const [a, b, gate] = kind === "get" ? [numbers(), numbers(), numbers()] : [full(), full(), numbers()];
        for (const [i, queue] of [a, b].entries()) {
          const helping = other.call(
            (queue, gate, kind) => {
              gate.getSync();
              if (kind === "get") queue.putSync(7);
              else queue.getSync();
            },
            queue,
            gate,
            kind,
          );
          gate.putNowait(1);
          const chosen = await select(
            [a, b].map((each) => (kind === "get" ? onGet(each) : onPut(each, 8))),
            { timeout: WATCHDOG },
          );
          assert.deepEqual(chosen, { index: i, value: kind === "get" ? 7 : undefined });
          assertLeft(a, b);
          await helping;
        }
        if (kind === "put") assert.deepEqual([a.getNowait(), b.getNowait()], [8, 8]);
      });
    }

    test("a future is ready when it is done, with its value or its error", async () => {
      const queue = numbers();
      assert.deepEqual(await select([onGet(queue), pool.submit((n: number) => n + 1, 1)]), {
        index: 1,
        value: 2,
      });
      const failing = pool.submit(() => {
        throw new RangeError("too far");
      });
      const error = await rejection(select({ item: onGet(queue), done: failing }));
      assert.ok(error instanceof RangeError && error.message === "too far", String(error));
      const gone = pool.submit(() => process.exit(0));
      const died = await select([onGet(queue), gone], { settled: true });
      assert.ok(died.index === 1 && died.status === "rejected");
      assert.equal((died.reason as InterpreterError).code, "ERR_INTERPRETER_DIED");
      assertLeft(queue);
    });

    test("a future whose task waits in line for too long is ready then", async () => {
      const [queue, gate] = [numbers(), numbers()];
      const running = pool.submit((gate) => gate.getSync(), gate);
      const waiting = pool.with({ waitTimeout: 30 }).submit(() => 1);
      const error = await rejection<DOMException>(select([onGet(queue), waiting]));
      assert.equal(error.name, "TimeoutError");
      gate.putNowait(1);
      await running;
    });

    test("a queue that was shut down gives its items, and then is ready with its error", async () => {
      const [queue, empty] = [numbers(), numbers()];
      queue.putNowait(1);
      queue.shutdown();
      assert.deepEqual(await select([onGet(empty), onGet(queue)]), { index: 1, value: 1 });
      assert.ok((await rejection(select([onGet(empty), onGet(queue)]))) instanceof QueueShutDown);
      assert.ok((await rejection(select([onGet(empty), onPut(queue, 1)]))) instanceof QueueShutDown);
      const settled = await select({ none: onGet(empty), item: onGet(queue) }, { settled: true });
      assert.ok(settled.name === "item" && settled.status === "rejected");
      assert.ok(settled.reason instanceof QueueShutDown);
    });

    test("a queue that ends elsewhere during the wait ends the wait", async () => {
      for (const [end, type] of [
        ["shutdown", QueueShutDown],
        ["close", QueueNotFoundError],
      ] as const) {
        const [queue, empty] = [numbers(), numbers()];
        const ending = other.call(
          (queue, end) => {
            for (let i = 0; i < 1e6; i++);
            queue[end]();
          },
          queue,
          end,
        );
        assert.ok((await rejection(select([onGet(empty), onGet(queue)]))) instanceof type);
        await ending;
        assertLeft(empty);
      }
    });

    test("items of an interpreter that was destroyed arrive as get has them", async () => {
      const doomed = create();
      const plain = createQueue<number>();
      const strict = createQueue<number>(0, { unboundItems: UNBOUND_ERROR });
      const empty = numbers();
      const putBoth = (a: typeof plain, b: typeof strict): void => {
        a.putSync(1);
        b.putSync(1);
      };
      await doomed.call(putBoth, plain, strict);
      await doomed.terminate();
      assert.deepEqual(await select([onGet(empty), onGet(plain)]), { index: 1, value: UNBOUND });
      const error = await rejection(select([onGet(empty), onGet(strict)]));
      assert.ok(error instanceof ItemInterpreterDestroyed, String(error));
      assert.deepEqual([plain.qsize(), strict.qsize()], [0, 0]);
    });

    test("default: no case is ready, and it does not wait, or for as long as timeout says", async () => {
      const [queue, room] = [numbers(), full()];
      const cases = { item: onGet(queue), room: onPut(room, 1) };
      const began = performance.now();
      assert.deepEqual(await select(cases, { default: true }), { name: "default", value: undefined });
      assert.deepEqual(await select([onGet(queue)], { default: true }), { index: -1, value: undefined });
      assert.deepEqual(await select([], { default: true }), { index: -1, value: undefined });
      assert.ok(performance.now() - began < WATCHDOG / 2);
      assert.deepEqual(await select([onGet(queue)], { default: true, timeout: 20, settled: true }), {
        index: -1,
        status: "fulfilled",
        value: undefined,
      });
      assert.ok(performance.now() - began >= 19);
      queue.putNowait(4);
      assert.deepEqual(await select(cases, { default: true }), { name: "item", value: 4 });
      assertLeft(queue, room);
    });

    test("timeout: a TimeoutError, and no case has happened", async () => {
      const [queue, room] = [numbers(), full()];
      for (const timeout of [0, 20]) {
        const began = performance.now();
        const error = await rejection<DOMException>(
          select([onGet(queue), onPut(room, 1)], { timeout, settled: true }),
        );
        assert.ok(error instanceof DOMException && error.name === "TimeoutError", String(error));
        assert.match(
          error.message,
          new RegExp(
            `none of its 2 cases \\(get from queue ${queue.id}, put into queue ${room.id}\\) was ready within ${timeout} ms`,
          ),
        );
        assert.ok(performance.now() - began >= timeout - 1);
      }
      assertLeft(queue, room);
      assert.deepEqual([queue.qsize(), room.qsize()], [0, 1]);
      await rejection<DOMException>(select([], { timeout: 5 }));
    });

    test("a signal that has aborted: its reason, and nothing is tried", async () => {
      const queue = numbers();
      queue.putNowait(1);
      const signal = AbortSignal.abort("enough");
      assert.equal(await rejection<unknown>(select([onGet(queue)], { signal })), "enough");
      assert.equal(queue.qsize(), 1);
    });

    test("a value that cannot be put fails the whole select before any case is tried", async () => {
      const [ready, room] = [numbers(), createQueue<unknown>()];
      ready.putNowait(1);
      const error = await rejection(select([onGet(ready), onPut(room, 1), onPut(room, { a: [() => 0] })]));
      assert.ok(error instanceof NotShareableError && error.message.includes("value.a[0]"), String(error));
      assert.deepEqual([ready.qsize(), room.qsize()], [1, 0]);
    });

    test("a value is copied when the select begins, and each time anew", async () => {
      const room = createQueue<number[]>();
      const list = [1];
      const sending = onPut(room, list);
      for (let n = 0; n < 2; n++) {
        const sent = select([sending]);
        list.push(2);
        await sent;
      }
      assert.deepEqual([room.getNowait(), room.getNowait()], [[1], [1, 2]]);
    });

    test("what a put moves leaves this thread if it is chosen, and stays otherwise", async () => {
      for (const bytes of [100, 4 << 20]) {
        const [items, room] = [numbers(), createQueue<ArrayBuffer>(1)];
        const buffer = new ArrayBuffer(bytes);
        const putting = onPut(room, buffer, { transfer: [buffer] });
        const blocked = createQueue<ArrayBuffer>(1);
        blocked.putNowait(new ArrayBuffer(0));
        items.putNowait(1);
        const cases = [onGet(items), onPut(blocked, buffer, { transfer: [buffer] })] as const;
        assert.equal((await select(cases)).index, 0);
        await rejection(select(cases, { timeout: 1 }));
        assert.equal(buffer.byteLength, bytes, "it was not chosen");
        assert.equal((await select([onGet(items), putting])).index, 1);
        assert.equal(buffer.byteLength, 0, "it was chosen");
        assert.equal(((await room.get()) as ArrayBuffer).byteLength, bytes);
      }
    });

    test("an item's own unboundItems is kept", async () => {
      const doomed = create();
      const queue = createQueue<number>();
      await doomed.call(async (queue) => {
        const api = await import("interpreters");
        await api.select([api.onPut(queue, 5, { unboundItems: api.UNBOUND_KEEP })]);
      }, queue);
      await doomed.terminate();
      assert.deepEqual(await select([onGet(queue)]), { index: 0, value: 5 });
    });

    test("one queue may be in several cases, and both its ends", async () => {
      const queue = numbers(1);
      assert.deepEqual(await select([onGet(queue), onGet(queue), onPut(queue, 1)]), {
        index: 2,
        value: undefined,
      });
      const { index, value } = await select([onGet(queue), onGet(queue), onPut(queue, 2)]);
      assert.ok(index === 0 || index === 1);
      assert.deepEqual([value, queue.qsize()], [1, 0]);
      const later = other.call((queue) => {
        for (let i = 0; i < 1e6; i++);
        queue.putSync(3);
      }, queue);
      assert.equal((await select([onGet(queue), onGet(queue)])).value, 3);
      await later;
      assertLeft(queue);
    });

    test("of several ready cases none starves", async () => {
      const rounds = 900;
      const queues = [numbers(), numbers(), numbers()];
      for (const queue of queues) queue.putManySync(Array.from({ length: rounds }, (_, i) => i));
      const cases = [...queues.map((queue) => onGet(queue)), onGet(numbers())];
      const chosen = queues.map(() => 0);
      for (let i = 0; i < rounds; i++) chosen[(await select(cases)).index]++;
      // Each is chosen 300 times, with a standard deviation of 14.
      assert.ok(
        chosen.every((times) => times > 200 && times < 400),
        chosen.join(),
      );
    });

    test("without cases and without a limit it would wait for ever", async () => {
      const error = await rejection<InterpreterError>(select([]));
      assert.equal(error.code, "ERR_INTERPRETER_DEADLOCK");
      assert.equal((await rejection<InterpreterError>(select({}))).code, "ERR_INTERPRETER_DEADLOCK");
    });

    test("what it does not understand is a TypeError that says so", async () => {
      const queue = numbers();
      queue.putNowait(1);
      const bad = async (cases: unknown, options: unknown, message: RegExp): Promise<void> => {
        const error = await rejection(select(cases as SelectCases, options as SelectOptions));
        assert.ok(error instanceof TypeError, String(error));
        assert.match(error.message, message);
      };
      await bad(onGet(queue), {}, /expected an array of cases, or an object of named ones/);
      await bad(queue, {}, /cases\.id must be a case/);
      await bad(
        [onGet(queue), queue],
        {},
        /cases\[1\] must be a case \(onGet, onPut, onAcquire, onSet\) or a Future, found/,
      );
      await bad({ a: onGet(queue), b: null }, {}, /cases\.b must be a case/);
      await bad(new Set([onGet(queue)]), {}, /expected an array of cases/);
      await bad("cases", {}, /expected an array of cases/);
      await bad([onGet(queue)], { timeOut: 1 }, /there is no option timeOut/);
      await bad([onGet(queue)], { timeout: Number.NaN }, /timeout must be a number/);
      await bad([onGet(queue)], { signal: {} }, /signal must be an AbortSignal/);
      await bad([onGet(queue)], { default: "yes" }, /default must be true or false/);
      await bad([onGet(queue)], { settled: 1 }, /settled must be true or false/);
      await bad({ default: onGet(queue) }, { default: true }, /no case can have the name "default"/);
      assert.ok((await rejection(select([onGet(queue)], { timeout: -1 }))) instanceof RangeError);
      assert.equal(queue.qsize(), 1);
    });
  });
}

test("a case is checked when it is made, and says what it is", () => {
  const queue = numbers();
  assert.throws(() => onGet({} as typeof queue), TypeError);
  assert.throws(() => onPut(undefined as unknown as typeof queue, 1), TypeError);
  assert.throws(() => onPut(queue, 1, { timeout: 1 } as object), /onPut: there is no option timeout/);
  assert.equal(String(onGet(queue)), `get from queue ${queue.id}`);
  assert.equal(String(onPut(queue, 1)), `put into queue ${queue.id}`);
});
