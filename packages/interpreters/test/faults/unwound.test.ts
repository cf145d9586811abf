/**
 * Exceptions that unwind an operation at any instruction, in a thread that lives on: the call stack is exhausted, or `vm` stops the code at
 * its time limit. The thread's next operations and all other threads go on, and no item is lost or seen twice.
 */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import vm from "node:vm";
import { createQueue, create, InterpreterPoolExecutor, type Queue, QueueEmpty } from "interpreters";
import { WATCHDOG } from "../support/processes.js";
import { created } from "../support/queues.js";

/** A failure of one test must not fail the next. */
afterEach(() => Promise.all(created().map((interp) => interp.terminate())));

/** Gets all that is there; throws what else happens. */
function drain(queue: Queue<unknown>): unknown[] {
  const items: unknown[] = [];
  for (;;) {
    try {
      items.push(queue.getNowait());
    } catch (error) {
      if (error instanceof QueueEmpty) return items;
      throw error;
    }
  }
}

/** Calls `operation` from the end of the call stack upwards, until it succeeds. */
function atEachDepth(operation: () => void): void {
  const attempt = (): boolean => {
    let done = false;
    try {
      done = attempt();
    } catch {
      // The call stack ends here.
    }
    if (done) return true;
    try {
      operation();
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  };
  attempt();
}

/** Echoes items until it gets "stop", and returns how many. */
function echo(from: Queue<unknown>, to: Queue<unknown>): number {
  for (let count = 0; ; count++) {
    const item = from.getSync();
    if (item === "stop") return count;
    to.putSync(item);
  }
}

const ROUNDS = 40;

test("operations at the end of the call stack leave queues whole", { timeout: WATCHDOG }, async () => {
  const out = createQueue<unknown>();
  const back = createQueue<unknown>();
  const interp = create();
  const echoed = interp.call(echo, out, back);
  let puts = 0;
  const seen: unknown[] = [];
  const get = (): void => {
    seen.push(back.getSync({ timeout: 0 }));
  };
  for (let i = 0; i < ROUNDS; i++) {
    // An attempt that fails may have put its item, whose number is not used again.
    atEachDepth(() => out.putNowait(puts++));
    atEachDepth(() => out.putManySync([puts++, puts++, puts++]));
    atEachDepth(() => out.putNowait({ number: puts++, text: "x".repeat(5000) }));
    await back.put(-1);
    atEachDepth(get);
  }
  await out.put("stop");
  const count = await echoed;
  seen.push(...drain(back));
  const numbers = seen
    .map((item) => (typeof item === "number" ? item : (item as { number: number }).number))
    .filter((number) => number >= 0);
  assert.deepEqual(
    numbers,
    [...new Set(numbers)].sort((a, b) => a - b),
    "in order, none twice",
  );
  // Each get that was unwound may have taken its item with it.
  assert.ok(numbers.length <= count);
  assert.ok(count >= ROUNDS * 5, `${count} items arrived`);
  await interp.close();
});

test("a pool settles what is submitted from the end of the call stack", { timeout: WATCHDOG }, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const results: Promise<number>[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    atEachDepth(() => {
      results.push(pool.submit((n: number) => n + 1, i));
    });
  }
  const settled = await Promise.allSettled(results);
  assert.ok(settled.filter(({ status }) => status === "fulfilled").length >= ROUNDS);
  assert.equal(await pool.submit(() => "goes on"), "goes on");
  await pool.shutdown();
});

test("code that vm stops within an operation holds up no other thread", { timeout: WATCHDOG }, async () => {
  const out = createQueue<number | string>(8);
  const back = createQueue<number | string>(8);
  const interp = create();
  const echoed = interp.call(echo, out, back);
  let puts = 0;
  let stops = 0;
  const script = new vm.Script("for (;;) step()");
  const context = vm.createContext({
    step() {
      out.putSync(puts++);
      back.getSync();
    },
  });
  while (stops < 300) {
    try {
      script.runInContext(context, { timeout: 1 + (stops % 3) });
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "ERR_SCRIPT_EXECUTION_TIMEOUT");
      stops++;
    }
    drain(back);
    if (stops % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const draining = setInterval(drain, 1, back);
  await out.put("stop");
  const count = await echoed;
  clearInterval(draining);
  // A put that was stopped may not have happened.
  assert.ok(count <= puts && count >= puts - stops, `${count} of ${puts} items arrived`);
  await interp.close();
});

test("a wait that vm stopped takes no item from those who wait", { timeout: WATCHDOG }, async () => {
  const queue = createQueue<number>();
  const interp = create();
  await interp.call(() => {});
  const context = vm.createContext({ queue });
  for (let i = 0; i < 20; i++) {
    assert.throws(() => vm.runInContext("queue.getSync()", context, { timeout: 5 }));
    const got = interp.call((from: Queue<number>) => from.getSync(), queue);
    // The interpreter waits by now, or will find the item.
    await new Promise((resolve) => setTimeout(resolve, 5));
    queue.putNowait(i);
    assert.equal(await got, i);
  }
  await interp.close();
});

test(
  "a thread that does nothing more gives back the lock that it poisoned",
  { timeout: WATCHDOG },
  async () => {
    const queue = createQueue<number>();
    const interp = create();
    const called = interp.call((to: Queue<number>) => {
      for (let i = 0; i < 1000; i++) to.putSync(i);
    }, queue);
    await called;
    for (let i = 0; i < 50; i++) {
      atEachDepth(() => queue.getNowait());
      // This thread only waits for another interpreter, which needs the lock.
      assert.equal(
        await interp.call((q: Queue<number>) => q.qsize() > 0 && (q.getNowait(), true), queue),
        true,
      );
    }
    await interp.close();
  },
);
