/** The set-up of workers: initializer, initargs, shared. CPython: test_init.py, test_interpreter_pool.py. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BrokenInterpreterPool,
  ExecutionFailed,
  type ExecutorOptions,
  type Future,
  fromModule,
  type Interpreter,
  InterpreterDiedError,
  InterpreterPoolExecutor,
  listAll,
  NotShareableError,
  type Queue,
} from "interpreters";
import { channel, Gate, outcome, rejection, startScenario, until, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const workers = (): Interpreter[] => listAll().filter((interp) => interp.whence === "interpreters module");
const scenarios = new URL("./init.scenarios.js", import.meta.url);

declare global {
  var greeting: string;
  var mailbox: Queue<unknown, never>;
}

test("the initializer runs once in each worker, before its tasks, and is awaited", limits, async () => {
  const log = channel<string>();
  await using pool = new InterpreterPoolExecutor({
    maxWorkers: 2,
    initializer: async (queue: typeof log, word: string) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      globalThis.greeting = word;
      queue.putSync(word);
    },
    initargs: [log, "hello"],
  });
  const gate = new Gate();
  const look = (queue: typeof gate.queue): string => {
    queue.getSync();
    return globalThis.greeting;
  };
  const both = [pool.submit(look, gate.queue), pool.submit(look, gate.queue)];
  await until(() => both.every((future) => future.running()));
  gate.open(2);
  assert.deepEqual(await Promise.all(both), ["hello", "hello"]);
  for (let i = 0; i < 5; i++) assert.equal(await pool.submit(() => globalThis.greeting), "hello");
  assert.equal(log.qsize(), 2, "once for each of two workers");
});

test("a worker that takes a dead one's place is set up like it", limits, async () => {
  await using pool = new InterpreterPoolExecutor({
    maxWorkers: 1,
    initializer: (word: string) => void (globalThis.greeting = word),
    initargs: ["again"],
  });
  await rejection(pool.submit(() => process.exit(1)));
  assert.equal(await pool.submit(() => globalThis.greeting), "again");
});

test("functions of modules and builtins can be initializers", limits, async () => {
  const { chdirLike } = fromModule<typeof import("./setup.js")>(new URL("./setup.js", import.meta.url));
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, initializer: chdirLike, initargs: ["/x"] });
  assert.equal(await pool.submit(() => globalThis.greeting), "/x");
  await using other = new InterpreterPoolExecutor({ maxWorkers: 1, initializer: Math.max, initargs: [1, 2] });
  assert.equal(await other.submit(() => 1), 1);
});

test(
  "shared values are globals of each worker, and are there before the initializer runs",
  limits,
  async () => {
    const mailbox = channel<unknown>();
    await using pool = new InterpreterPoolExecutor({
      maxWorkers: 1,
      shared: { greeting: "shared", mailbox, "not an identifier": new Map([["k", 1]]) },
      initializer: () => globalThis.mailbox.putSync(globalThis.greeting),
    });
    const seen = await pool.submit(
      () => [globalThis.greeting, (globalThis as Record<string, unknown>)["not an identifier"]] as const,
    );
    assert.deepEqual(seen, ["shared", new Map([["k", 1]])]);
    assert.deepEqual([mailbox.getNowait(), mailbox.qsize()], ["shared", 0]);
  },
);

test("what workers are set up with is copied when the pool is made", limits, async () => {
  const config = { greeting: { text: "then" } };
  const initargs: [{ count: number }] = [{ count: 1 }];
  await using pool = new InterpreterPoolExecutor({
    maxWorkers: 1,
    shared: config,
    initializer: (given: { count: number }) => void Object.assign(globalThis, given),
    initargs,
  });
  config.greeting.text = "later";
  initargs[0].count = 2;
  assert.deepEqual(await pool.submit(() => [globalThis.greeting, (globalThis as { count?: number }).count]), [
    { text: "then" },
    1,
  ]);
});

/** Each way in which an initializer can fail. */
const ways: Record<string, { options: ExecutorOptions; check(cause: unknown): void }> = {
  "throws an error": {
    options: {
      initializer: () => {
        throw new RangeError("no licence");
      },
    },
    check: (cause) => assert.ok(cause instanceof RangeError && cause.message === "no licence"),
  },
  "throws what is no error": {
    options: {
      initializer: () => {
        // oxlint-disable-next-line no-throw-literal
        throw "text";
      },
    },
    check: (cause) => assert.equal(cause, "text"),
  },
  rejects: {
    options: { initializer: () => Promise.reject(new TypeError("later")) },
    check: (cause) => assert.ok(cause instanceof TypeError && cause.message === "later"),
  },
  "refers to a variable that is not there": {
    options: {
      // @ts-expect-error no such name exists
      // oxlint-disable-next-line no-undef
      initializer: () => nowhere,
    },
    check: (cause) => assert.ok(cause instanceof NotShareableError && /nowhere/.test(cause.message)),
  },
  "ends its interpreter": {
    options: { initializer: () => process.exit(5) },
    check: (cause) => {
      assert.ok(cause instanceof InterpreterDiedError);
      assert.deepEqual([cause.reason, cause.exitCode], ["exit", 5]);
    },
  },
  "finds shared values that cannot be bound": {
    options: { shared: { undefined: 1 } },
    check: (cause) => assert.ok(cause instanceof TypeError && /undefined/.test(cause.message)),
  },
};

for (const [way, { options, check }] of Object.entries(ways)) {
  test(
    `an initializer that ${way} breaks the pool: tasks in line and later ones say why`,
    limits,
    async (t) => {
      t.mock.method(process.stderr, "write", () => true);
      const pool = new InterpreterPoolExecutor({ maxWorkers: 2, ...options });
      const futures = [1, 2, 3, 4].map((n) => pool.submit((x: number) => x, n));
      for (const future of futures) {
        const error = await rejection(future);
        assert.ok(error instanceof BrokenInterpreterPool, String(error));
        assert.equal(error.code, "ERR_BROKEN_INTERPRETER_POOL");
        check(error.cause);
        assert.equal(future.cancelled(), false);
      }
      assert.throws(
        () => pool.submit(() => 1),
        (error: Error) => {
          assert.ok(error instanceof BrokenInterpreterPool);
          check(error.cause);
          assert.match(error.stack ?? "", /init\.test\.js/, "the stack leads to the submit");
          return true;
        },
      );
      assert.throws(() => pool.map((x: number) => x, [1]), BrokenInterpreterPool);
      await until(() => workers().length === 0, "its interpreters end");
      await pool.shutdown();
    },
  );
}

test("a pool that breaks while a task runs lets it finish", limits, async () => {
  const turns = channel<number>();
  turns.putNowait(0);
  const pool = new InterpreterPoolExecutor({
    maxWorkers: 2,
    retries: 1,
    // Only the first worker gets a turn.
    initializer: (queue: typeof turns) => void queue.getNowait(),
    initargs: [turns],
  });
  const gate = new Gate();
  const running = pool.submit((queue: typeof gate.queue) => queue.getSync(), gate.queue);
  await until(() => running.running());
  const inLine = pool.submit(() => "never");
  const error = await rejection(inLine);
  assert.ok(error instanceof BrokenInterpreterPool);
  assert.equal((error.cause as Error).name, "QueueEmpty");
  assert.equal(running.running(), true);
  gate.open();
  assert.equal(await running, 0);
  await until(() => workers().length === 0);
  await pool.shutdown();
});

test("an initializer that failed is heard of by whoever blocks", limits, () => {
  const pool = new InterpreterPoolExecutor({
    maxWorkers: 1,
    initializer: () => {
      throw new Error("heard");
    },
  });
  const future = pool.submit(() => 1);
  assert.throws(() => future.resultSync(WATCHDOG), BrokenInterpreterPool);
});

test("it is printed once, however many workers fail", limits, async () => {
  const { stdout, stderr, code } = await startScenario(scenarios, "failsInEachWorker").ended;
  assert.deepEqual([code, stdout], [0, "BrokenInterpreterPool\n".repeat(4)]);
  assert.equal(stderr.split("no licence").length - 1, 1, stderr);
  assert.match(
    stderr,
    /^InterpreterPoolExecutor: the initializer in interpreter \d+ failed:\n.*RangeError: no licence/,
  );
});

test("a worker that dies before it is set up, without an initializer, is only replaced", limits, async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const future: Future<string> = pool.submit(() => "run by the next");
  const [first] = workers();
  await first.terminate();
  assert.equal(await future, "run by the next");
  await pool.shutdown();
});

test("what cannot be used to set up a worker is refused when the pool is made", limits, async () => {
  const captured = 1;
  const refused: [unknown, abstract new () => Error, RegExp][] = [
    [{ initializer: 5 }, TypeError, /initializer must be a function, found 5/],
    [{ initializer: null }, TypeError, /initializer/],
    [{ initializer: Math.max.bind(Math) }, NotShareableError, /bound/],
    [{ initializer: () => 0, initargs: "ab" }, TypeError, /initargs must be an array/],
    [{ initargs: [1] }, TypeError, /no initializer/],
    [{ initializer: () => 0, initargs: [1, { f() {} }] }, NotShareableError, /initargs\[1\]\.f/],
    [{ shared: { on: { click() {} } } }, NotShareableError, /shared\.on\.click/],
    [{ shared: [1] }, TypeError, /shared must be an object/],
    [{ shared: null }, TypeError, /shared/],
  ];
  for (const [options, type, message] of refused) {
    assert.throws(
      () => new InterpreterPoolExecutor(options as ExecutorOptions),
      (error) => error instanceof type && message.test(error.message),
      String(message),
    );
  }
  assert.deepEqual(workers(), []);
  // A mistake that only the worker can find breaks the pool; see above.
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1, initializer: () => captured });
  const result = await outcome(pool.submit(() => 1));
  assert.ok("error" in result && result.error instanceof BrokenInterpreterPool);
  assert.ok(!(result.error.cause instanceof ExecutionFailed));
  await pool.shutdown();
});
