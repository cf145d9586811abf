/** `ended`: every end of an interpreter is noticed, with its reason, in every thread that has a handle, whether or not it had work. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  create,
  createQueue,
  type CreateOptions,
  type Interpreter,
  type InterpreterEnd,
  InterpreterNotFoundError,
  type Queue,
  UNBOUND_KEEP,
} from "interpreters";
import { withoutMemoryLimits } from "../support/memory.js";
import { gc } from "../support/queues.js";
import { limits, plainWays, rejection, thrown, until, using } from "../support/ways.js";

// Awaiting `ended` does not keep the process alive.
let alive: NodeJS.Timeout;
before(() => void (alive = setInterval(() => {}, 1000)));
after(() => clearInterval(alive));

interface Case {
  readonly name: string;
  readonly options?: CreateOptions;
  /** Ends the interpreter, perhaps later. */
  end(interp: Interpreter): unknown;
  readonly reason: InterpreterEnd["reason"];
  readonly exitCode?: number;
  readonly error?: RegExp;
}

const cases: readonly Case[] = [
  { name: "close()", end: (interp) => interp.close(), reason: "closed", exitCode: 0 },
  { name: "closeSync()", end: (interp) => interp.closeSync(), reason: "closed", exitCode: 0 },
  { name: "terminate()", end: (interp) => interp.terminate(), reason: "terminated" },
  {
    name: "process.exit()",
    end: (interp) => interp.call(() => process.exit(7)),
    reason: "exit",
    exitCode: 7,
  },
  {
    name: "process.exit() while it is idle",
    end: (interp) => interp.call(() => void setTimeout(() => process.exit(8), 1)),
    reason: "exit",
    exitCode: 8,
  },
  {
    name: "an exception that no handler catches while it is idle",
    end: (interp) =>
      interp.call(
        () =>
          void setTimeout(() => {
            throw new RangeError("ticked off");
          }, 1),
      ),
    reason: "uncaught-exception",
    exitCode: 1,
    error: /RangeError: ticked off/,
  },
  {
    name: "memory",
    options: { resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 } },
    end: (interp) =>
      interp.call(() => {
        const hoard: number[][] = [];
        for (;;) hoard.push(Array.from({ length: 1000 }, Math.random));
      }),
    reason: "out-of-memory",
    exitCode: 1,
    error: /memory/,
  },
  {
    name: "a time limit",
    end: (interp) =>
      interp.with({ timeout: 10 }).call(() => {
        for (;;);
      }),
    reason: "timeout",
  },
  {
    name: "a signal",
    end: (interp) => {
      const controller = new AbortController();
      const call = interp.with({ signal: controller.signal }).call(() => {
        for (;;);
      });
      void until(() => interp.isRunning()).then(() => controller.abort());
      return call;
    },
    reason: "aborted",
  },
  {
    name: "a failed boot",
    options: { execArgv: ["--import", "data:text/javascript,throw new RangeError('no boot')"] },
    end: () => {},
    reason: "boot",
    exitCode: 1,
    error: /RangeError: no boot/,
  },
];

function check({ reason, exitCode, error }: Case, end: InterpreterEnd): void {
  assert.equal(end.reason, reason);
  // It may be closed before its thread runs.
  if (reason !== "closed" || end.exitCode !== undefined) assert.equal(end.exitCode, exitCode);
  if (error === undefined) assert.equal(end.error, undefined);
  else assert.match(String(end.error), error);
}

for (const each of cases) {
  const options = { ...limits, skip: each.reason === "out-of-memory" && withoutMemoryLimits };
  test(`ended, asked before: ${each.name}`, options, async () => {
    const interp = create(each.options);
    const { ended } = interp;
    assert.equal(interp.ended, ended, "the same promise each time");
    // What waits there fails as ever.
    void Promise.resolve(each.end(interp)).catch(() => {});
    check(each, await ended);
    check(each, await interp.ended);
  });

  test(`ended, asked afterwards: ${each.name}`, options, async () => {
    const interp = create(each.options);
    const ends = Promise.resolve(each.end(interp)).catch(() => {});
    if (each.reason !== "boot") await ends;
    await until(() => gone(interp));
    check(each, await interp.ended);
  });
}

function gone(interp: Interpreter): boolean {
  try {
    interp.isRunning();
    return false;
  } catch {
    return true;
  }
}

test(
  "a thread that never held it learns of the end, in its handle and in the errors of operations",
  limits,
  () =>
    using(async (third) => {
      const queue = createQueue<Interpreter>(0, { unboundItems: UNBOUND_KEEP }) as Queue<Interpreter, never>;
      const interp = create();
      queue.putNowait(interp);
      await rejection(interp.call(() => process.exit(5)));
      await until(() => gone(interp));
      const [reason, exitCode, message] = await third.call(async (queue: Queue<Interpreter, never>) => {
        const late = queue.getNowait();
        const end = await late.ended;
        const error = await late.call(() => 1).catch((error: Error) => error);
        return [end.reason, end.exitCode, (error as Error).message] as const;
      }, queue);
      assert.deepEqual([reason, exitCode], ["exit", 5]);
      assert.match(message, /is gone: it called process\.exit\(5\)/);
    }),
);

test("several threads wait for one end", limits, () =>
  using(async (other) => {
    const interp = create();
    const elsewhere = other.call(async (interp: Interpreter) => (await interp.ended).reason, interp);
    const here = interp.ended;
    await until(() => other.isRunning());
    await interp.terminate();
    assert.deepEqual([(await here).reason, await elsewhere], ["terminated", "terminated"]);
  }),
);

test(
  "the promise keeps no handle: an interpreter whose handles are collected is closed",
  limits,
  async () => {
    // In a function of its own, so that no handle stays on the stack.
    const begin = async (): Promise<{ ended: Promise<InterpreterEnd> }> => {
      const interp = create();
      await interp.call(() => 1);
      return { ended: interp.ended };
    };
    const { ended } = await begin();
    let end: InterpreterEnd | undefined;
    void ended.then((value) => (end = value));
    await until(() => {
      gc();
      return end !== undefined;
    });
    assert.equal(end?.reason, "closed");
  },
);

test("an end that comes while this thread blocks is noticed then", limits, async () => {
  const interp = create();
  const other = create();
  let seen: string | undefined;
  void interp.ended.then(({ reason }) => (seen = reason));
  other.callSync((interp: Interpreter) => interp.terminateSync(), interp);
  await until(() => seen !== undefined);
  assert.equal(seen, "terminated");
  await other.close();
});

for (const way of plainWays) {
  test(`errors of a gone interpreter say how it ended (${way.name})`, limits, async () => {
    const interp = create();
    await rejection(way.call(interp, "exit", 4));
    const error = await rejection(way.call(interp, "add", 1, 2));
    assert.ok(error instanceof InterpreterNotFoundError);
    assert.match(error.message, /it called process\.exit\(4\)/);
    assert.match(thrown(() => interp.isRunning()).message, /it called process\.exit\(4\)/);
    const closed = create();
    await closed.close();
    assert.match((await rejection(way.call(closed, "add", 1, 2))).message, /it was closed/);
  });
}
