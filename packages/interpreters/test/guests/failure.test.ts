/** Every thrown value is described as Node would have printed it, and stays unchanged. */

import assert from "node:assert/strict";
import { describe as group, test } from "node:test";
import { describe } from "../../src/guests/javascript/callable.js";
import { describeFailure } from "../../src/guests/javascript/failure.js";
import { load } from "../../src/guests/javascript/load.js";

function thrownBy(step: () => unknown): unknown {
  try {
    step();
  } catch (error) {
    return error;
  }
  return assert.fail("nothing was thrown");
}

class OwnError extends Error {
  code = "E_OWN";
  details = { at: [1, 2] };
}

group("errors", () => {
  test("have their class, message and one line", () => {
    const cases: [unknown, type: string, message: string, formatted: string][] = [
      [new TypeError("t"), "TypeError", "t", "TypeError: t"],
      [new Error(), "Error", "", "Error"],
      [new OwnError("own"), "OwnError", "own", "OwnError: own"],
      [Object.assign(new Error("m"), { name: "Named" }), "Error", "m", "Named: m"],
      [new DOMException("slow", "TimeoutError"), "DOMException", "slow", "TimeoutError: slow"],
      [
        thrownBy(() => Buffer.alloc("x" as never)),
        "TypeError",
        "The \"size\" argument must be of type number. Received type string ('x')",
        "",
      ],
    ];
    for (const [error, type, message, formatted] of cases) {
      const info = describeFailure(error);
      assert.equal(info.type.name, type);
      assert.equal(info.message, message);
      if (formatted !== "") assert.equal(info.formatted, formatted);
    }
  });

  test("are displayed with stack, causes, aggregated errors and own properties", () => {
    const error = new AggregateError([new OwnError("first"), "second"], "both", {
      cause: new RangeError("why"),
    });
    const { errdisplay } = describeFailure(error);
    assert.match(errdisplay, /^AggregateError: both\n {4}at .*failure\.test/);
    assert.match(errdisplay, /\[cause\]: RangeError: why\n/);
    assert.match(errdisplay, /\[errors\]: \[\n {4}OwnError.*first\n/);
    assert.match(errdisplay, /code: 'E_OWN',\n\s+details: \{ at: \[ 1, 2 \] \}/);
    assert.match(errdisplay, /'second'/);
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(errdisplay, /\u001b/);
  });

  test("show no frames of Node's insides and of this package", () => {
    const fn = load(describe(() => JSON.parse("{") as unknown)) as () => unknown;
    const { errdisplay } = describeFailure(thrownBy(fn));
    assert.match(
      errdisplay,
      /at JSON\.parse \(<anonymous>\)\n {4}at file:\S+failure\.test\.js:\d+:\d+(?:\n|$)/,
    );
    const wrongScript = thrownBy(() => load({ kind: "function", source: "(", free: [], name: "wrong" }));
    const ownError = thrownBy(() => describe(1));
    for (const each of [
      errdisplay,
      describeFailure(wrongScript).errdisplay,
      describeFailure(ownError).errdisplay,
    ]) {
      assert.doesNotMatch(each, /node:internal|node:vm|dist\/src/);
      assert.match(each, /failure\.test/);
    }
  });

  test("keep their form when Node's frames were the last ones", () => {
    const stack = "Error: e\n    at user (/a.js:1:1)\n    at f (node:internal/x:1:1)";
    const make = (): Error => Object.assign(new Error("e"), { stack, k: 1 });
    for (const error of [make(), Object.freeze(make())]) {
      assert.equal(describeFailure(error).errdisplay, "Error: e\n    at user (/a.js:1:1) {\n  k: 1\n}");
    }
  });

  test("without any frame of the user's are not put into brackets", () => {
    const error = new Error("e");
    error.stack = "Error: e\n    at f (node:internal/x:1:1)";
    assert.equal(describeFailure(error).errdisplay, "Error: e");
  });

  test("are left as they were", () => {
    const cause = new Error("cause");
    const error = Object.freeze(new OwnError("e", { cause }));
    const [stack, causeStack] = [error.stack, cause.stack];
    describeFailure(error);
    assert.equal(error.stack, stack);
    assert.equal(cause.stack, causeStack);
    assert.deepEqual(Object.keys(cause), []);
  });

  test("that a user or JSON.parse made a SyntaxError of get no location that is not theirs", () => {
    assert.match(describeFailure(new SyntaxError("mine")).errdisplay, /^SyntaxError: mine\n/);
    assert.match(describeFailure(thrownBy(() => JSON.parse("{"))).errdisplay, /^SyntaxError: /);
  });
});

group("what is no error", () => {
  const cases: [unknown, type: string, message: string, errdisplay: string][] = [
    ["text", "string", "text", "Uncaught 'text'"],
    [undefined, "undefined", "undefined", "Uncaught undefined"],
    [null, "object", "null", "Uncaught null"],
    [1n, "bigint", "1n", "Uncaught 1n"],
    [Symbol("s"), "symbol", "Symbol(s)", "Uncaught Symbol(s)"],
    [{ a: 1 }, "object", "{ a: 1 }", "Uncaught { a: 1 }"],
    [Object.create(null), "object", "[Object: null prototype] {}", "Uncaught [Object: null prototype] {}"],
  ];
  for (const [thrown, type, message, errdisplay] of cases) {
    test(errdisplay, () => {
      assert.deepEqual(describeFailure(thrown), {
        type: { name: type },
        message,
        formatted: `${type}: ${message}`,
        errdisplay,
      });
    });
  }
});

group("nothing makes it throw", () => {
  const boom = (): never => {
    throw new Error("from user code");
  };
  /** Creates the stack now, which reads the name and the message. */
  const withStack = (): Error => {
    const error = new Error("e");
    assert.ok(error.stack);
    return error;
  };
  const circular = new Error("circular");
  circular.cause = circular;
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const revokedError = Proxy.revocable(new Error("e"), {});
  revokedError.revoke();
  const cases: Record<string, unknown> = {
    "a frozen error": Object.freeze(new Error("frozen")),
    "an error that is its own cause": circular,
    "getters that throw": Object.defineProperties(withStack(), {
      message: { get: boom },
      name: { get: boom },
      stack: { get: boom },
      cause: { get: boom },
      constructor: { get: boom },
    }),
    "a custom inspector that throws": Object.assign(new Error("e"), {
      [Symbol.for("nodejs.util.inspect.custom")]: boom,
    }),
    "a Proxy of an error whose traps throw": new Proxy(new Error("e"), {
      get: boom,
      getPrototypeOf: boom,
      getOwnPropertyDescriptor: boom,
      ownKeys: boom,
    }),
    "a Proxy in the prototype chain": Object.create(new Proxy({}, { getPrototypeOf: boom, get: boom })),
    "a revoked Proxy": revoked.proxy,
    "a revoked Proxy of an error": revokedError.proxy,
    "an error with a Proxy as its cause": new Error("e", { cause: revokedError.proxy }),
    "an error without a stack": Object.assign(new Error("e"), { stack: undefined }),
    "an error whose message is an object": Object.assign(new Error("e"), { message: { toString: boom } }),
    "a class": OwnError,
  };
  for (const [title, thrown] of Object.entries(cases)) {
    test(title, () => {
      const info = describeFailure(thrown);
      for (const text of [info.type.name, info.message, info.formatted, info.errdisplay])
        assert.equal(typeof text, "string");
      assert.notEqual(info.type.name, "");
      assert.notEqual(info.errdisplay, "");
    });
  }
});
