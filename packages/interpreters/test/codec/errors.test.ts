/** Errors keep what people read: class, name, message, stack, causes, own properties. */

import assert from "node:assert/strict";
import { Socket } from "node:net";
import { describe, it } from "node:test";
import { inspect, types } from "node:util";
import * as errors from "../../src/base/errors.js";
import { assertSameGraph, decoded, encoded, roundTrip } from "./support.js";

/** Calls `use` while prepareStackTrace is `hook`. */
function withHook<T>(hook: (error: Error, sites: unknown) => unknown, use: () => T): T {
  const before = Error.prepareStackTrace;
  Error.prepareStackTrace = hook;
  try {
    return use();
  } finally {
    Error.prepareStackTrace = before as typeof hook;
  }
}

describe("errors", () => {
  it("keeps the class, message, stack and own properties of builtin ones", () => {
    for (const Class of [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]) {
      const error = Object.assign(new Class("what happened"), { code: "E_CODE", details: { list: [1, 2] } });
      const copy = roundTrip(error);
      assertSameGraph(copy, error);
      assert.ok(copy instanceof Class && types.isNativeError(copy));
      assert.equal(copy.stack, error.stack);
      assert.equal(String(copy), String(error));
    }
  });

  it("keeps causes, whatever they are, and cycles among them", () => {
    const inner = new RangeError("inner");
    const outer = new Error("outer", { cause: inner });
    assertSameGraph(roundTrip(outer), outer);
    inner.cause = outer;
    const copy = roundTrip(outer);
    assert.ok(copy.cause instanceof RangeError);
    assert.equal(copy.cause.cause, copy);
    for (const cause of [undefined, null, "text", 0, { a: 1 }]) {
      const made = roundTrip(new Error("e", { cause }));
      assert.ok(Object.hasOwn(made, "cause"));
      assert.deepEqual(made.cause, cause);
    }
    assert.ok(!Object.hasOwn(roundTrip(new Error("e")), "cause"));
  });

  it("keeps the errors of an AggregateError", () => {
    const copy = roundTrip(new AggregateError([new TypeError("a"), "b"], "several"));
    assert.ok(copy instanceof AggregateError && copy.errors[0] instanceof TypeError);
    assert.deepEqual([copy.message, copy.errors[0].message, copy.errors[1]], ["several", "a", "b"]);
    assert.ok(!Object.keys(copy).includes("errors"));
  });

  it("makes of a user's class the nearest builtin one, and keeps its name", () => {
    class HttpError extends TypeError {
      status: number;
      constructor(status: number) {
        super(`status ${status}`);
        this.name = "HttpError";
        this.status = status;
      }
    }
    class PrototypeNamed extends Error {}
    PrototypeNamed.prototype.name = "PrototypeNamed";
    const copy = roundTrip(new HttpError(404));
    assert.equal(Object.getPrototypeOf(copy), TypeError.prototype);
    assert.deepEqual([copy.name, copy.status, String(copy)], ["HttpError", 404, "HttpError: status 404"]);
    assert.equal(String(roundTrip(new PrototypeNamed("x"))), "PrototypeNamed: x");
    assert.equal(Object.getPrototypeOf(roundTrip(new PrototypeNamed("x"))), Error.prototype);
  });

  it("knows errors that were made without the constructor", () => {
    function Legacy(this: { message: string }, message: string): void {
      this.message = message;
    }
    Legacy.prototype = Object.create(Error.prototype, { name: { value: "Legacy" } }) as object;
    const legacy = Reflect.construct(Legacy, ["old"]) as Error;
    const copy = roundTrip(legacy);
    assert.ok(copy instanceof Error);
    assert.equal(String(copy), "Legacy: old");
  });

  it("keeps the classes of newer runtimes and of WebAssembly, and what is hidden in them", () => {
    const globals = globalThis as unknown as Record<string, (new (...args: unknown[]) => Error) | undefined>;
    const { SuppressedError, QuotaExceededError } = globals;
    if (SuppressedError !== undefined) {
      const error = new SuppressedError(new TypeError("a"), new RangeError("b"), "m");
      const copy = roundTrip(error) as Error & { error: Error; suppressed: Error };
      assertSameGraph(copy, error);
      assert.ok(copy.error instanceof TypeError && copy.suppressed instanceof RangeError);
      assert.equal(String(copy), String(error));
    }
    if (QuotaExceededError !== undefined) {
      const copy = roundTrip(new QuotaExceededError("m", { quota: 1, requested: 2 })) as Error & {
        quota: number;
        requested: number;
      };
      assert.ok(copy instanceof QuotaExceededError);
      assert.deepEqual([copy.message, copy.quota, copy.requested], ["m", 1, 2]);
    }
    const { WebAssembly } = globalThis as unknown as { WebAssembly: typeof globals };
    for (const name of ["CompileError", "LinkError", "RuntimeError"]) {
      const error = Object.assign(new WebAssembly[name]!("m"), { code: 5 });
      assertSameGraph(roundTrip(error), error);
      assert.equal(String(roundTrip(error)), String(error));
    }
  });

  it("keeps the class of an error of a module of the runtime", () => {
    const error = new assert.AssertionError({ message: "m", actual: 1, expected: 2, operator: "equal" });
    const copy = roundTrip(error);
    assert.deepStrictEqual(copy, error);
    assert.equal(inspect(copy), inspect(error));
    assert.ok(copy instanceof assert.AssertionError);
    class Mine extends assert.AssertionError {}
    assert.equal(
      Object.getPrototypeOf(roundTrip(new Mine({ message: "m" }))),
      assert.AssertionError.prototype,
    );
  });

  it("shows as JSON what the class shows, and keeps back the cycles that it hides", () => {
    class HttpError extends Error {
      readonly code = "E_HTTP";
      readonly config: object;
      readonly request: object;
      readonly socket = new Socket();
      readonly response = { status: 404, headers: { a: "b" } };
      constructor(config: object) {
        super("status 404");
        this.name = "HttpError";
        this.config = config;
        const request: Record<string, unknown> = { agent: {} };
        request["agent"] = { request };
        this.request = request;
      }
      toJSON(): object {
        return {
          message: this.message,
          name: this.name,
          config: this.config,
          code: this.code,
          when: new Date(0),
        };
      }
    }
    const error = new HttpError({ url: "http://a.b/" });
    for (const lenient of [false, true]) {
      const copy = roundTrip(error, lenient);
      assert.equal(JSON.stringify({ copy }), JSON.stringify({ copy: error }));
      assert.deepEqual(Object.keys(copy), ["code", "config", "response", "name"]);
      assert.deepEqual(
        [copy.code, copy.config, copy.response.status],
        ["E_HTTP", { url: "http://a.b/" }, 404],
      );
      assert.equal(String(copy), String(error));
      // And so does the copy's copy.
      assert.equal(JSON.stringify(roundTrip(copy, lenient)), JSON.stringify(error));
    }
  });

  it("does without a toJSON that fails, and takes one of the error itself", () => {
    const failing = Object.assign(new Error("m"), { a: 1 });
    Object.setPrototypeOf(
      failing,
      Object.create(Error.prototype, {
        toJSON: {
          value: () => {
            throw new Error("no");
          },
        },
      }) as object,
    );
    const copy = roundTrip(failing);
    assert.deepEqual([copy.message, copy.a, "toJSON" in copy], ["m", 1, false]);
    const own = roundTrip(Object.assign(new Error("m"), { b: 2, toJSON: () => "text" }));
    assert.deepEqual([JSON.stringify(own), own.b, Object.keys(own)], ['"text"', 2, ["b"]]);
    const nothing = roundTrip(Object.assign(new Error("m"), { toJSON: () => undefined }));
    assert.equal(JSON.stringify(nothing), undefined);
    assert.deepEqual(
      (roundTrip(Object.assign(new Error("m"), { toJSON: 5 })) as { toJSON: unknown }).toJSON,
      5,
    );
  });

  it("keeps this package's own classes and what they know", () => {
    const own = [
      new errors.InterpreterError("m", { code: "ERR_X" }),
      new errors.InterpreterNotFoundError("m"),
      new errors.InterpreterDiedError("m", { interpreterId: 3, reason: "exit", exitCode: 7 }),
      new errors.AddonImportError("m"),
      new errors.BrokenInterpreterPool("m"),
      new errors.CancelledError("m"),
      new errors.NotShareableError("m"),
      new errors.QueueEmpty("m"),
      new errors.QueueFull("m"),
      new errors.QueueShutDown("m"),
      new errors.QueueNotFoundError("m"),
      new errors.ItemInterpreterDestroyed("m", { cause: 1 }),
    ];
    for (const error of own) {
      const copy = roundTrip(error);
      assertSameGraph(copy, error);
      assert.equal(copy.code, error.code);
      assert.equal(copy.stack, error.stack);
      assert.equal(String(copy), String(error));
    }
    const info = {
      type: { name: "TypeError" },
      message: "m",
      formatted: "TypeError: m",
      errdisplay: "display",
    };
    const failed = roundTrip(new errors.ExecutionFailed(4, info, new TypeError("m")));
    assert.ok(failed instanceof errors.ExecutionFailed && failed.cause instanceof TypeError);
    assert.deepEqual([failed.excinfo, failed.interpreterId], [info, 4]);
    class Mine extends errors.QueueEmpty {}
    assert.equal(Object.getPrototypeOf(roundTrip(new Mine("m"))), errors.QueueEmpty.prototype);
  });

  it("keeps DOMExceptions", () => {
    for (const error of [
      new DOMException("aborted", "AbortError"),
      AbortSignal.abort().reason as DOMException,
    ]) {
      const copy = roundTrip(error);
      assert.ok(copy instanceof DOMException);
      assert.deepEqual(
        [copy.name, copy.message, copy.code, copy.stack],
        [error.name, error.message, error.code, error.stack],
      );
    }
  });

  it("keeps missing and replaced parts as they are", () => {
    const bare = new Error("gone");
    delete bare.stack;
    assert.ok(!Object.hasOwn(roundTrip(bare), "stack"));
    const odd = Object.assign(new Error(), { message: { not: "text" }, stack: 5, name: 7 });
    const copy = roundTrip(odd) as unknown as Record<string, unknown>;
    assert.deepEqual([copy["message"], copy["stack"], copy["name"]], [{ not: "text" }, 5, 7]);
  });

  it("travels with a text for its stack if prepareStackTrace gives call sites, or throws", () => {
    const hooks: Record<string, (error: Error, sites: unknown) => unknown> = {
      sites: (_, sites) => sites,
      throws() {
        throw new Error("a hook");
      },
    };
    for (const [name, hook] of Object.entries(hooks)) {
      withHook(hook, () => {
        const made = function madeHere(): Error {
          return new RangeError("far", { cause: new AggregateError([new TypeError("part")], "why") });
        };
        const copy = roundTrip(made()) as Error & { cause: AggregateError };
        for (const error of [copy, copy.cause, copy.cause.errors[0] as Error]) {
          const first = `${error.name}: ${error.message}\n    at madeHere (`;
          assert.ok(
            typeof error.stack === "string" && error.stack.startsWith(first),
            `${name}: ${error.stack}`,
          );
        }
        const exception = roundTrip(new DOMException("aborted", "AbortError"));
        assert.match(String(exception.stack), /^AbortError: aborted|^Error: aborted/, name);
      });
    }
  });

  it("travels whatever else prepareStackTrace gives", () => {
    const frames = [{ file: "a.js", line: 1 }];
    for (const stack of [undefined, 5, null, frames, { frames }, new Map([[1, 2]])]) {
      const copy = withHook(
        () => stack,
        () => roundTrip(new Error("e")),
      );
      assert.deepEqual(copy.stack, stack);
    }
    const odd = withHook(
      () => ({ frames, render: () => "text" }),
      () => roundTrip(new Error("e")),
    );
    assert.match(inspect((odd as { stack?: unknown }).stack), /frames: .*render: '\[Function: render\]'/s);
  });

  it("arrives with the stack that was sent, whatever prepareStackTrace does here", () => {
    for (const stack of ["a text", ["no", "text"], 5]) {
      for (const enumerable of [true, false]) {
        const error = Object.defineProperty(new Error("e"), "stack", { value: stack, enumerable });
        const bytes = encoded(error);
        // The property may be an accessor of the runtime (V8 since 14), as for every new error.
        const found = withHook(
          () => assert.fail("called"),
          () => {
            const copy = decoded(bytes) as Error;
            const own = Object.getOwnPropertyDescriptor(copy, "stack");
            return { stack: copy.stack, enumerable: own?.enumerable, configurable: own?.configurable };
          },
        );
        assert.deepEqual(found, { stack, enumerable, configurable: true });
      }
    }
  });

  it("leaves the collecting of stacks as it was", () => {
    const before = Error.stackTraceLimit;
    roundTrip(new Error("e"));
    assert.equal(Error.stackTraceLimit, before);
  });
});
