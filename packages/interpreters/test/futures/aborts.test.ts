/** Signals that abort at an awkward moment: behind a listener that stops the event, or while arguments are encoded. */
import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { test } from "node:test";
import {
  asCompleted,
  type Future,
  InterpreterError,
  InterpreterPoolExecutor,
  type Queue,
  wait,
} from "interpreters";
import { busyPool, channel, Gate, outcome, rejection, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };

/** A controller whose signal has a listener that keeps the event from all later ones. */
function stoppingController(): AbortController {
  const controller = new AbortController();
  controller.signal.addEventListener("abort", (event) => event.stopImmediatePropagation());
  return controller;
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

test("a listener that stops the event keeps no abort from wait, asCompleted and map", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const reason = new Error("enough");
  const waits: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
    wait: (signal) => wait(busy, { signal }),
    asCompleted: (signal) => drain(asCompleted(busy, { signal })),
    map: (signal) => drain(pool.map((n: number) => n, [1], { signal })),
  };
  for (const [name, start] of Object.entries(waits)) {
    const controller = stoppingController();
    const ended = outcome(start(controller.signal));
    // A map begins in the next microtask.
    await Promise.resolve();
    controller.abort(reason);
    assert.deepEqual(await ended, { error: reason }, name);
  }
  gate.open();
  await pool.shutdown();
});

test("a listener that stops the event keeps no abort from a task, in line or running", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const inLine = stoppingController();
  const future = pool.with({ signal: inLine.signal }).submit(() => "never");
  inLine.abort(new Error("in line"));
  assert.equal((await rejection(future)).message, "in line");
  gate.open();
  await busy[0];
  const running = stoppingController();
  const endless = pool.with({ signal: running.signal }).submit(() => {
    for (;;);
  });
  await until(() => endless.running());
  running.abort();
  await rejection(endless);
  await pool.shutdown();
});

test("a getter of an argument that aborts the signal: the task never runs", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const ran = channel<number>();
  const reason = new Error("in a getter");
  const controller = new AbortController();
  const argument = {
    get aborting() {
      controller.abort(reason);
      return 1;
    },
  };
  const future = pool
    .with({ signal: controller.signal })
    .submit((queue: Queue<number>, value: unknown) => queue.putSync(Number(value)), ran, argument);
  assert.equal(await rejection(future), reason);
  assert.deepEqual([future.done(), future.cancel(), future.running()], [true, false, false]);
  assert.equal(await pool.submit((queue: Queue<number>) => queue.qsize(), ran), 0);
});

test("an item's getter that aborts the signal ends the map with the reason", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  for (const chunksize of [1, 4, "auto"] as const) {
    const reason = new Error("in an item");
    const controller = new AbortController();
    const aborting = {
      get n(): number {
        controller.abort(reason);
        return 1;
      },
    };
    const results = pool.map((item: { n: number }) => item.n, [{ n: 0 }, aborting, { n: 2 }], {
      chunksize,
      signal: controller.signal,
    });
    assert.equal(await rejection(drain(results)), reason);
  }
});

test("iterators of futures that abort the signal end wait and asCompleted", limits, async () => {
  const { pool, gate, busy } = await busyPool(1);
  const reason = new Error("in an iterator");
  const aborting = (controller: AbortController): Iterable<Future<string>> =>
    (function* () {
      yield busy[0];
      controller.abort(reason);
    })();
  const [one, two] = [new AbortController(), new AbortController()];
  assert.equal(await rejection(wait(aborting(one), { signal: one.signal })), reason);
  assert.equal(await rejection(drain(asCompleted(aborting(two), { signal: two.signal }))), reason);
  assert.equal(busy[0].listeners, 0);
  gate.open();
  await pool.shutdown();
});

test("a subscriber that aborts the signal when it learns of the task stops it", limits, async (t) => {
  const { pool, gate, busy } = await busyPool(1);
  const controller = new AbortController();
  const reason = new Error("in a subscriber");
  const abort = (): void => controller.abort(reason);
  subscribe("interpreters:task:submit", abort);
  t.after(() => unsubscribe("interpreters:task:submit", abort));
  const future = pool.with({ signal: controller.signal }).submit(() => "never");
  assert.equal(await rejection(future), reason);
  gate.open();
  await busy[0];
  await pool.shutdown();
});

test("an argument's getter that shuts the pool down: the task is refused", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  let ended: Promise<void> | undefined;
  const argument = {
    get closing() {
      ended = pool.shutdown();
      return 1;
    },
  };
  assert.throws(
    () => pool.submit((x: unknown) => x, argument),
    (error) => error instanceof InterpreterError && error.code === "ERR_EXECUTOR_SHUTDOWN",
  );
  await ended;
});

test("one signal of a thousand tasks stops them all", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const gate = new Gate();
  const controller = stoppingController();
  const view = pool.with({ signal: controller.signal });
  const futures = Array.from({ length: 1000 }, () =>
    view.submit((queue: typeof gate.queue) => queue.getSync(), gate.queue),
  );
  const ends = Promise.all(futures.map(outcome));
  controller.abort("all");
  assert.equal((await ends).length, 1000);
  await pool.shutdown();
});
