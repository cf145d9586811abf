/**
 * Failures of a worker while the main thread blocks for it, one test for each. Measured with synckit 0.12.3 on Node 20; the
 * comments say what happened there. comlink 4.4.2 and threads 1.7.0 do not block, but leave the victim and all later calls
 * pending when a worker exits.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  create,
  createQueue,
  fromModule,
  type Interpreter,
  InterpreterDiedError,
  InterpreterNotFoundError,
  NotShareableError,
  type Queue,
  UNBOUND_REMOVE,
} from "interpreters";
import { withoutMemoryLimits } from "../support/memory.js";
import { deathByLimit } from "../support/ways.js";
import { channel, outcome, startScenario, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };

function thrownBy(fn: () => unknown): unknown {
  try {
    fn();
  } catch (error) {
    return error;
  }
  assert.fail("it did not throw");
}

/** Asserts that the victim died for that reason, that later calls say so, and that another interpreter gives right results. */
function assertDied(interp: Interpreter, thrown: unknown, reason: string): void {
  assert.ok(thrown instanceof InterpreterDiedError, String(thrown));
  assert.equal(thrown.reason, reason);
  assert.ok(thrownBy(() => interp.callSync(() => 1)) instanceof InterpreterNotFoundError);
  using other = create();
  for (const n of [1, 2, 3])
    assert.equal(
      other.callSync((x: number) => x, n),
      n,
    );
}

// synckit: that function never works again.
test("process.exit(1) in a call", limits, () => {
  const interp = create();
  assertDied(
    interp,
    thrownBy(() => interp.callSync(() => process.exit(1))),
    "exit",
  );
});

// synckit: main hangs forever.
test("out of memory in a call", { ...limits, skip: withoutMemoryLimits }, () => {
  const interp = create({ resourceLimits: { maxOldGenerationSizeMb: 32 } });
  const thrown = thrownBy(() =>
    interp.callSync(() => {
      const hoard: number[][] = [];
      for (;;) hoard.push(Array.from({ length: 1000 }, Math.random));
    }),
  );
  assertDied(interp, thrown, "out-of-memory");
});

// synckit: hangs; after a timeout, later calls get the replies of earlier ones.
test("a time limit on an endless loop", limits, () => {
  const interp = create();
  const thrown = thrownBy(() =>
    interp.with({ timeout: 30 }).callSync(() => {
      for (;;);
    }),
  );
  assertDied(interp, deathByLimit(thrown), "timeout");
});

// synckit: never works again.
test("an exception thrown from a timer while a call runs", limits, () => {
  const interp = create();
  const thrown = thrownBy(() =>
    interp.callSync(async () => {
      setTimeout(() => {
        throw new TypeError("foreign");
      }, 1);
      await new Promise(() => {});
    }),
  );
  assertDied(interp, thrown, "uncaught-exception");
});

// synckit: never works again.
test("an exception thrown from a timer while idle", limits, async () => {
  const scenarios = new URL("../process/output.scenarios.js", import.meta.url);
  const { code, stdout } = await startScenario(scenarios, "idleTimerThrows").ended;
  assert.deepEqual([code, stdout], [0, "main goes on\n"]);
});

// synckit: never works again.
test("a result that cannot be cloned", limits, () => {
  using interp = create();
  for (let i = 0; i < 3; i++) {
    const thrown = thrownBy(() => interp.callSync(() => ({ close() {} })));
    assert.ok(thrown instanceof NotShareableError);
    assert.match(thrown.message, /result\.close is a function/);
  }
  assert.equal(
    interp.callSync(() => "works on"),
    "works on",
  );
});

test("an argument that cannot be cloned", limits, () => {
  using interp = create();
  for (let i = 0; i < 3; i++) {
    const thrown = thrownBy(() => interp.callSync((x: unknown) => typeof x, [Symbol("s")]));
    assert.ok(thrown instanceof NotShareableError);
    assert.match(thrown.message, /args\[0\]\[0\] is a symbol/);
  }
  assert.equal(
    interp.callSync(() => "works on"),
    "works on",
  );
});

test("throw 'text', throw undefined, throw null", limits, () => {
  using interp = create();
  for (const value of ["text", undefined, null]) {
    const thrown = thrownBy(() =>
      interp.callSync((given: unknown) => {
        throw given;
      }, value),
    );
    assert.equal((thrown as Error).cause, value);
  }
  assert.equal(
    interp.callSync(() => "works on"),
    "works on",
  );
});

// synckit: the class is lost, and so are the errors.
test("an error subclass with own properties and a cause, and the errors of an AggregateError", limits, () => {
  using interp = create();
  const thrown = thrownBy(() =>
    interp.callSync(() => {
      const first = Object.assign(new RangeError("first", { cause: new TypeError("why") }), {
        at: new Date(99),
      });
      throw new AggregateError([first], "all");
    }),
  );
  const { cause } = thrown as { cause: AggregateError };
  assert.ok(cause instanceof AggregateError);
  const [first] = cause.errors as [RangeError & { at: Date }];
  assert.ok(first instanceof RangeError && first.cause instanceof TypeError);
  assert.deepEqual(first.at, new Date(99));
});

test("a module that throws while it is loaded", limits, () => {
  using interp = create();
  const { never } = fromModule<typeof import("./throws-on-load.js")>(
    new URL("./throws-on-load.js", import.meta.url),
  );
  for (let i = 0; i < 2; i++) {
    const { cause } = thrownBy(() => interp.callSync(never)) as Error;
    assert.ok(cause instanceof RangeError && cause.message === "thrown while loading");
  }
  assert.equal(
    interp.callSync(() => "works on"),
    "works on",
  );
});

// comlink, threads: the victim and all later calls stay pending forever.
test("calls in line behind one that exits, and later ones", limits, async () => {
  const interp = create();
  const calls = [
    interp.call(() => process.exit(2)),
    interp.call(() => 1),
    interp.exec("1"),
    interp.prepareMain({ a: 1 }),
  ];
  for (const result of await Promise.all(calls.map(outcome))) {
    assert.ok("error" in result && result.error instanceof InterpreterDiedError);
    assert.deepEqual([result.error.reason, result.error.exitCode], ["exit", 2]);
  }
  const after = await outcome(interp.call(() => 1));
  assert.ok("error" in after && after.error instanceof InterpreterNotFoundError);
});

// multithreading 0.3.52: a receiver whose sender died never wakes.
test("a receiver that waits, blocked, for a sender that dies", limits, async () => {
  const queue = createQueue<number>();
  const started = channel<number>();
  const [sender, receiver] = [create(), create()];
  const received = receiver.call(
    (q: Queue<number>, s: Queue<number>) => {
      s.putSync(1);
      const first = q.getSync();
      return typeof first === "number" ? "item" : "UNBOUND";
    },
    queue,
    started,
  );
  await until(() => started.qsize() === 1);
  await outcome(
    sender.call((q: Queue<number>) => {
      q.putSync(1);
      process.exit(1);
    }, queue),
  );
  assert.ok(["item", "UNBOUND"].includes(await received));
  await receiver.close();
});

// multithreading 0.3.52: whatever a dead worker held is never handed on.
test("a producer that waits, blocked, for room that a dead one takes up", limits, async () => {
  const queue = createQueue<string>(1, { unboundItems: UNBOUND_REMOVE });
  const [first, second] = [create(), create()];
  await first.call((q: typeof queue) => q.putSync("of the dead"), queue);
  const started = channel<number>();
  const put = second.call(
    (q: typeof queue, s: Queue<number>) => {
      s.putSync(1);
      q.putSync("of the living");
    },
    queue,
    started,
  );
  await until(() => started.qsize() === 1);
  await first.terminate();
  await put;
  assert.equal(queue.getNowait(), "of the living");
  await second.close();
});

// multithreading 0.3.52: as above.
test("a consumer that dies while it waits takes nothing with it", limits, async () => {
  const queue = channel<string>();
  const [dying, living] = [create(), create()];
  const take = (q: typeof queue, s: Queue<number>): string => {
    s.putSync(1);
    return q.getSync();
  };
  const started = channel<number>();
  const lost = outcome(dying.call(take, queue, started));
  const won = living.call(take, queue, started);
  await until(() => started.qsize() === 2);
  await dying.terminate();
  queue.putNowait("for the living");
  assert.equal(await won, "for the living");
  const result = await lost;
  assert.ok("error" in result && result.error instanceof InterpreterDiedError);
  await living.close();
});
