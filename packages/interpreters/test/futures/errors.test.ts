/** The exception that a task threw comes back as itself. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "node:util";
import { ExecutionFailed, Future, InterpreterPoolExecutor, QueueEmpty, type Queue } from "interpreters";
import type { TaskError } from "../../src/futures/failure.js";
import { channel, outcome, rejection, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
type Thrown = Error & Record<string, unknown> & { executionFailed: ExecutionFailed };

let pool: InterpreterPoolExecutor;
before(() => {
  pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
});
after(() => pool.shutdown());

test("builtin error classes come back as themselves", limits, async () => {
  const classes = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError];
  for (const type of classes) {
    const error = await rejection<Thrown>(
      pool.submit((name: string) => {
        const constructors = globalThis as unknown as Record<string, new (message: string) => Error>;
        throw new constructors[name](`from ${name}`);
      }, type.name),
    );
    assert.equal(Object.getPrototypeOf(error), type.prototype, type.name);
    assert.equal(error.message, `from ${type.name}`);
  }
});

test(
  "a subclass comes back as its builtin base, with message, own properties and the name it gave itself",
  limits,
  async () => {
    const error = await rejection<Thrown>(
      pool.submit(() => {
        class UploadFailed extends RangeError {
          override name = "UploadFailed";
          status = 503;
          when = new Date(1234);
          details = { tried: new Map([["a", 1]]) };
        }
        throw new UploadFailed("no room");
      }),
    );
    assert.ok(error instanceof RangeError);
    assert.equal(error.name, "UploadFailed");
    assert.equal(error.message, "no room");
    assert.equal(error["status"], 503);
    assert.deepEqual(error["when"], new Date(1234));
    assert.deepEqual(error["details"], { tried: new Map([["a", 1]]) });
    assert.equal(error.executionFailed.excinfo.type.name, "UploadFailed");
  },
);

test("causes and aggregated errors come back all the way down", limits, async () => {
  const error = await rejection<Thrown>(
    pool.submit(() => {
      const root = Object.assign(new TypeError("root"), { port: 80 });
      throw new AggregateError(
        [new RangeError("first"), "second", new Error("third", { cause: root })],
        "all failed",
        {
          cause: new SyntaxError("why", { cause: 5 }),
        },
      );
    }),
  );
  assert.ok(error instanceof AggregateError);
  const [first, second, third] = error.errors as [Error, string, Error];
  assert.ok(first instanceof RangeError && first.message === "first");
  assert.equal(second, "second");
  assert.ok(third.cause instanceof TypeError);
  assert.equal((third.cause as Thrown)["port"], 80);
  assert.ok(error.cause instanceof SyntaxError);
  assert.equal(error.cause.cause, 5);
});

test("Node's own errors keep what programs look at", limits, async () => {
  const missing = await rejection<NodeJS.ErrnoException>(
    pool.submit(async () => {
      const fs = await import("node:fs");
      return fs.readFileSync("/no/such/file", "utf8");
    }),
  );
  assert.ok(missing instanceof Error);
  assert.deepEqual([missing.code, missing.syscall, missing.path], ["ENOENT", "open", "/no/such/file"]);
  const aborted = await rejection(
    pool.submit(() => {
      AbortSignal.abort().throwIfAborted();
    }),
  );
  assert.ok(aborted instanceof DOMException);
  assert.equal(aborted.name, "AbortError");
});

test("this package's errors are its errors on the other side", limits, async () => {
  const error = await rejection<QueueEmpty>(
    pool.submit((queue: Queue<number, never>) => queue.getNowait(), channel<number>()),
  );
  assert.ok(error instanceof QueueEmpty);
  assert.equal(error.code, "ERR_QUEUE_EMPTY");
});

test("thrown values that are no errors come back as they are", limits, async () => {
  for (const thrown of ["text", "", 0, 12n, false, null, undefined, { code: 1 }, [1, 2]]) {
    const future = pool.submit((value: unknown) => {
      throw value;
    }, thrown);
    assert.deepEqual(await outcome(future), { error: thrown }, inspect(thrown));
    assert.deepEqual(await outcome(future.result()), { error: thrown });
    let caught: unknown = "nothing";
    try {
      future.resultSync();
    } catch (error) {
      caught = error;
    }
    assert.deepEqual(caught, thrown);
  }
});

test("a rejected promise is a thrown exception", limits, async () => {
  const error = await rejection(pool.submit(() => Promise.reject(new URIError("later"))));
  assert.ok(error instanceof URIError);
  assert.equal(error.message, "later");
});

test(
  "the stack shows the frames over there, then where it was submitted, and nothing of this package",
  limits,
  async () => {
    function explode(): never {
      const inner = (): never => {
        throw new Error("boom");
      };
      return inner();
    }
    const submitHere = (): Future<never> => pool.submit(explode);
    const { stack = "" } = await rejection(submitHere());
    const lines = stack.split("\n");
    assert.equal(lines[0], "Error: boom");
    const remote = lines.findIndex((line) => line.includes(`at inner (${import.meta.url}:`));
    const submitted = lines.findIndex((line) => /at submitHere \(.*errors\.test\.js/.test(line));
    assert.ok(remote > 0 && submitted > remote, stack);
    assert.doesNotMatch(stack, /\/src\/(?:interpreter|futures|codec|guests)\//);
  },
);

test("the stack of a task of a map leads to the map", limits, async () => {
  async function mapHere(): Promise<void> {
    const results = pool.map(
      (n: number) => {
        if (n === 1) throw new Error("boom");
      },
      [0, 1],
    );
    for await (const _ of results);
  }
  const { stack = "" } = await rejection(mapHere());
  assert.match(stack, /mapHere.*errors\.test\.js/);
  assert.doesNotMatch(stack, /\/src\/(?:interpreter|futures|codec|guests)\//);
});

test("an ExecutionFailed with the full display hangs off the exception, out of the way", limits, async () => {
  const error = await rejection<Thrown>(
    pool.submit(() => {
      throw Object.assign(new TypeError("outer", { cause: new Error("inner") }), { port: 80 });
    }),
  );
  assert.ok(error.executionFailed instanceof ExecutionFailed);
  const { excinfo } = error.executionFailed;
  assert.equal(excinfo.formatted, "TypeError: outer");
  assert.match(excinfo.errdisplay, /inner/);
  assert.match(excinfo.errdisplay, /port: 80/);
  assert.match(inspect(error.executionFailed), /Uncaught in interpreter \d+:/);
  assert.equal(error.executionFailed.cause, error);
  assert.deepEqual(Object.keys(error), ["port"], "it is not enumerable");
});

test("the display is read without a cast", limits, async () => {
  const task = (): never => {
    throw new TypeError("typed");
  };
  const byHandler = await pool
    .submit(task)
    .catch((error: TaskError) => error.executionFailed?.excinfo.formatted);
  assert.equal(byHandler, "TypeError: typed");
  try {
    await pool.submit(task);
  } catch (error) {
    assert.ok(error instanceof Error);
    const { executionFailed }: TaskError = error;
    assert.equal(executionFailed?.excinfo.type.name, "TypeError");
  }
  const dies = await rejection<TaskError>(pool.submit(() => process.exit(1)));
  assert.equal(dies.executionFailed, undefined);
});

test("an exception that cannot travel whole still arrives, with what can", limits, async () => {
  const error = await rejection<Thrown>(
    pool.submit(() => {
      throw Object.assign(new RangeError("with a socket"), { socket: { write() {} }, port: 80 });
    }),
  );
  assert.ok(error instanceof RangeError);
  assert.equal(error.message, "with a socket");
  assert.equal(error["port"], 80);
  const frozen = await rejection<Thrown>(
    pool.submit(() => {
      throw Object.freeze(new Error("frozen"));
    }),
  );
  assert.equal(frozen.message, "frozen");
  const hostile = await outcome(
    pool.submit(() => {
      throw new Proxy(new Error("behind a proxy"), {
        get() {
          throw new Error("hands off");
        },
      });
    }),
  );
  assert.ok("error" in hostile);
  assert.equal(await pool.submit(() => "still working"), "still working");
});

test("a result whose getter throws is a failure of the task", limits, async () => {
  const error = await rejection(
    pool.submit(() => ({
      get trap(): number {
        throw new EvalError("in the getter");
      },
    })),
  );
  assert.equal(error.message, "in the getter");
  assert.equal(await pool.submit(() => 1), 1);
});
