/** How `ExecutionFailed` describes exceptions that leave an interpreter, whatever was thrown. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { inspect } from "node:util";
import {
  create,
  ExecutionFailed,
  InterpreterError,
  InterpreterPoolExecutor,
  NotShareableError,
  type Queue,
} from "interpreters";
import { channel, failureIn, limits, rejection, thrown } from "../support/ways.js";

const interp = create();
after(() => interp.terminate());

const failure = (fn: () => unknown): Promise<ExecutionFailed> => failureIn(interp, fn);

test("thrown values that are not errors arrive with their value and their type", limits, async () => {
  const cases: [() => never, { type: string; message: string; cause: unknown }][] = [
    [
      () => {
        throw "text";
      },
      { type: "string", message: "text", cause: "text" },
    ],
    [
      () => {
        throw "";
      },
      { type: "string", message: "", cause: "" },
    ],
    [
      () => {
        throw undefined;
      },
      { type: "undefined", message: "undefined", cause: undefined },
    ],
    [
      () => {
        throw null;
      },
      { type: "object", message: "null", cause: null },
    ],
    [
      () => {
        throw 0;
      },
      { type: "number", message: "0", cause: 0 },
    ],
    [
      () => {
        throw 10n;
      },
      { type: "bigint", message: "10n", cause: 10n },
    ],
    [
      () => {
        throw false;
      },
      { type: "boolean", message: "false", cause: false },
    ],
    [
      () => {
        throw { code: 5, deep: [1] };
      },
      { type: "object", message: "{ code: 5, deep: [ 1 ] }", cause: { code: 5, deep: [1] } },
    ],
  ];
  for (const [fn, { type, message, cause }] of cases) {
    const error = await failure(fn);
    assert.deepEqual(error.excinfo.type, { name: type });
    assert.equal(error.excinfo.message, message);
    assert.equal(error.excinfo.formatted, `${type}: ${message}`);
    assert.match(error.excinfo.errdisplay, /^Uncaught /);
    assert.ok("cause" in error);
    assert.deepEqual(error.cause, cause);
  }
});

test(
  "a NotShareableError that is thrown inside a function is the function's failure, each time",
  limits,
  async () => {
    const queue = channel<unknown>();
    const put = (queue: Queue): void => queue.putNowait(() => 1);
    for (let time = 0; time < 2; time++) {
      const error = await rejection<ExecutionFailed>(interp.call(put, queue));
      assert.ok(error instanceof ExecutionFailed, String(error));
      assert.ok(error.cause instanceof NotShareableError);
    }
  },
);

test("builtin error classes keep class, message, cause and own properties", limits, async () => {
  const error = await failure(() => {
    const cause = new SyntaxError("inner", { cause: { plain: true } });
    throw Object.assign(new RangeError("outer", { cause }), { code: "E_FAR", at: new Date(0) });
  });
  const copy = error.cause as RangeError & { code: string; at: Date };
  assert.ok(copy instanceof RangeError);
  assert.deepEqual([copy.message, copy.code, copy.at], ["outer", "E_FAR", new Date(0)]);
  assert.ok(copy.cause instanceof SyntaxError);
  assert.deepEqual(copy.cause.cause, { plain: true });
  for (const part of ["outer", "inner", "plain: true", "E_FAR", "[cause]"]) {
    assert.ok(error.excinfo.errdisplay.includes(part), `${part} in ${error.excinfo.errdisplay}`);
  }
});

test(
  "a SuppressedError keeps its two errors, and the display shows them where Node does",
  limits,
  async (t) => {
    if (!("SuppressedError" in globalThis)) {
      t.skip("not in this runtime");
      return;
    }
    const fail = (): never => {
      type Make = new (error: unknown, suppressed: unknown, message: string) => Error;
      const { SuppressedError } = globalThis as unknown as { SuppressedError: Make };
      throw new SuppressedError(new TypeError("while closing"), new RangeError("before that"), "both");
    };
    const { cause, excinfo } = await failureIn(interp, fail);
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    for (const error of [cause, await rejection(pool.submit(fail))] as {
      error: Error;
      suppressed: Error;
    }[]) {
      assert.equal(error.constructor.name, "SuppressedError");
      assert.ok(error.error instanceof TypeError && error.suppressed instanceof RangeError);
      assert.deepEqual([error.error.message, error.suppressed.message], ["while closing", "before that"]);
    }
    assert.match(excinfo.errdisplay, /^SuppressedError: both\n/);
    // Node 24 has the class, but does not print the two.
    const shown = inspect(thrown(fail)).includes("while closing");
    assert.equal(excinfo.errdisplay.includes("TypeError: while closing"), shown);
    assert.equal(excinfo.errdisplay.includes("RangeError: before that"), shown);
  },
);

test("an error of WebAssembly keeps its class", limits, async () => {
  const trap = (): void => {
    interface Namespace {
      Module: new (bytes: Uint8Array) => object;
      Instance: new (module: object) => { exports: { f: () => void } };
    }
    const { Module, Instance } = (globalThis as unknown as { WebAssembly: Namespace }).WebAssembly;
    // (module (func (export "f") unreachable))
    const bytes = "0061736d0100000001040160000003020100070501016600000a05010300000b";
    new Instance(new Module(Buffer.from(bytes, "hex"))).exports.f();
  };
  const { cause } = await failureIn(interp, trap);
  assert.ok(cause instanceof Error);
  const { WebAssembly } = globalThis as unknown as { WebAssembly: Record<string, { prototype: object }> };
  assert.equal(Object.getPrototypeOf(cause), WebAssembly["RuntimeError"]!.prototype);
  assert.equal(cause.message, "unreachable");
});

test("an AggregateError keeps its errors, and the display shows them", limits, async () => {
  const error = await failure(() => {
    throw new AggregateError([new TypeError("one"), "two", new Error("three")], "several");
  });
  assert.ok(error.cause instanceof AggregateError);
  const [one, two, three] = error.cause.errors as [TypeError, string, Error];
  assert.ok(one instanceof TypeError);
  assert.deepEqual([one.message, two, three.message], ["one", "two", "three"]);
  for (const part of ["several", "one", "two", "three"])
    assert.ok(error.excinfo.errdisplay.includes(part), part);
});

test("a DOMException stays a DOMException", limits, async () => {
  const error = await failure(() => {
    throw new DOMException("took too long", "TimeoutError");
  });
  assert.equal(error.excinfo.message, "took too long");
  assert.match(error.excinfo.formatted, /took too long/);
  assert.ok(error.cause instanceof DOMException);
  assert.deepEqual(
    [error.cause.name, error.cause.message, error.cause.code],
    ["TimeoutError", "took too long", 23],
  );
});

test(
  "a user-defined subclass keeps its name and own properties, in the nearest class that is known here",
  limits,
  async () => {
    const error = await failure(() => {
      class HttpError extends TypeError {
        readonly status = 404;
        readonly headers = new Map([["etag", "x"]]);
        override name = "HttpError";
      }
      throw new HttpError("not there");
    });
    assert.deepEqual(error.excinfo.type, { name: "HttpError" });
    assert.equal(error.excinfo.formatted, "HttpError: not there");
    const copy = error.cause as TypeError & { status: number; headers: Map<string, string> };
    assert.ok(copy instanceof TypeError);
    assert.deepEqual([copy.name, copy.status, copy.headers.get("etag")], ["HttpError", 404, "x"]);
  },
);

test("an error of this package that leaves a function keeps its class", limits, async () => {
  const queue = channel<number>();
  const error = await rejection<ExecutionFailed>(
    interp.call((queue: Queue<number>) => queue.getNowait(), queue),
  );
  assert.ok(error instanceof ExecutionFailed);
  assert.equal((error.cause as Error & { code: string }).code, "ERR_QUEUE_EMPTY");
});

test("a rejected promise and a rejecting thenable fail the call like a throw", limits, async () => {
  assert.equal((await failure(() => Promise.reject(new RangeError("later")))).message, "RangeError: later");
  assert.equal((await failure(() => Promise.reject(undefined))).message, "undefined: undefined");
  assert.equal(
    (
      await failure(() => ({
        then: (_: unknown, no: (error: unknown) => void) => no(new RangeError("then")),
      }))
    ).message,
    "RangeError: then",
  );
  const getter = await failure(() => ({
    get then(): never {
      throw new RangeError("get then");
    },
  }));
  assert.equal(getter.message, "RangeError: get then");
});

test("the stack shows the uncaught exception there, then the caller here", limits, async () => {
  async function awaitingCaller(): Promise<void> {
    await interp.exec("function deep() { throw new RangeError('in the script') }\ndeep()", {
      filename: "job.js",
    });
  }
  function blockingCaller(): void {
    interp.callSync(function called() {
      throw new RangeError("in the call");
    });
  }
  const script = await rejection<ExecutionFailed>(awaitingCaller());
  const call = thrown<ExecutionFailed>(blockingCaller);
  assert.match(script.excinfo.errdisplay, /at deep \(job\.js:1:\d+\)[^]*at job\.js:2:1/);
  assert.match(call.excinfo.errdisplay, /at called /);
  for (const [error, caller] of [
    [script, "awaitingCaller"],
    [call, "blockingCaller"],
  ] as const) {
    const stack = error.stack ?? "";
    assert.ok(stack.startsWith(`ExecutionFailed: ${error.message}\n`), stack);
    assert.match(
      stack,
      new RegExp(`Uncaught in interpreter ${interp.id}:\\n[^]*Called from:\\n[^]*${caller}`),
    );
    assert.doesNotMatch(stack, /\/src\/(interpreter|guests|codec|supervisor)\//);
    assert.equal(inspect(error), stack);
  }
});

test("a syntax error in a script shows the line", limits, async () => {
  const error = await rejection<ExecutionFailed>(
    interp.exec("var fine = 1;\nvar broken = = 2;", { filename: "broken.js" }),
  );
  assert.ok(error instanceof ExecutionFailed);
  assert.equal(error.excinfo.type.name, "SyntaxError");
  assert.match(error.excinfo.errdisplay, /broken\.js:2\n\s*var broken = = 2;\n\s+\^/);
});

test("an unshareable result is refused as such, not as a failure of the function", limits, async () => {
  const makes: (() => unknown)[] = [
    () => () => 1,
    () => Symbol("s"),
    () => ({ a: [new WeakMap()] }),
    async () => [Promise.resolve(1)],
  ];
  for (const make of makes) {
    const error = await rejection(interp.call(make));
    assert.ok(error instanceof NotShareableError, String(error));
    assert.ok(!((error as unknown) instanceof InterpreterError));
    assert.equal(error.code, "ERR_NOT_SHAREABLE");
    assert.match(error.message, /result/);
    assert.throws(() => interp.callSync(make), NotShareableError);
  }
});
