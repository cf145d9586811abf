/** Exceptions that are hard to inspect: hostile objects leave an interpreter, and neither it nor the caller is harmed. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { create, ExecutionFailed } from "interpreters";
import { failureIn, limits, rejection, using } from "../support/ways.js";

const interp = create();
after(() => interp.terminate());

const failure = (fn: () => unknown): Promise<ExecutionFailed> => failureIn(interp, fn);

test("a thrown value that cannot travel is described instead", limits, async () => {
  const fn = await failure(() => {
    throw () => 1;
  });
  assert.equal(fn.excinfo.type.name, "function");
  assert.match(String(fn.cause), /function/i);
  const symbol = await failure(() => {
    throw Symbol("sign");
  });
  assert.equal(symbol.excinfo.type.name, "symbol");
  assert.match(String(symbol.cause), /Symbol\(sign\)/);
  const promise = await failure(() => {
    throw Promise.resolve(1);
  });
  assert.equal(promise.excinfo.type.name, "object");
  const withFunction = await failure(() => {
    throw Object.assign(new RangeError("has a function"), { retry: () => 1, kept: [1, 2] });
  });
  assert.equal(withFunction.message, "RangeError: has a function");
  assert.ok(withFunction.cause instanceof RangeError);
  assert.deepEqual((withFunction.cause as Error & { kept?: unknown }).kept, [1, 2]);
});

test("throwing a revoked or uncooperative proxy does no harm", limits, () =>
  using(async (interp) => {
    const revoked = (): never => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      throw proxy;
    };
    const revokedFunction = (): never => {
      const { proxy, revoke } = Proxy.revocable(function () {}, {});
      revoke();
      throw proxy;
    };
    const hostile = (): never => {
      const no = (): never => {
        throw new Error("no");
      };
      throw new Proxy(new Error("behind a proxy"), { get: no, has: no, getPrototypeOf: no, ownKeys: no });
    };
    const fromGetter = (): unknown => ({
      get bad(): never {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        throw proxy;
      },
    });
    const later = async (): Promise<never> => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return await Promise.reject(proxy);
    };
    for (const fn of [revoked, revokedFunction, hostile, fromGetter, later] as (() => unknown)[]) {
      for (let time = 0; time < 2; time++) {
        const error = await rejection<ExecutionFailed>(interp.call(fn));
        assert.ok(error instanceof ExecutionFailed, `${fn.name}: ${String(error)}`);
        assert.match(error.excinfo.type.name, /^(object|function|Error)$/, fn.name);
        assert.equal(
          interp.callSync(() => 1),
          1,
        );
      }
    }
  }),
);

test("a frozen error is reported like any other", limits, async () => {
  const error = await failure(() => {
    throw Object.freeze(new RangeError("frozen"));
  });
  assert.equal(error.message, "RangeError: frozen");
  assert.ok(error.cause instanceof RangeError);
});

test("a cyclic cause is kept", limits, async () => {
  const error = await failure(() => {
    const first = new Error("first");
    first.cause = new Error("second", { cause: first });
    throw first;
  });
  const first = error.cause as Error;
  assert.equal((first.cause as Error).message, "second");
  assert.equal((first.cause as Error).cause, first);
});

test("getters that throw, on the error or its name, message and stack, do no harm", limits, async () => {
  const property = await failure(() => {
    throw Object.defineProperty(new RangeError("odd"), "detail", {
      enumerable: true,
      get: () => {
        throw new Error("no");
      },
    });
  });
  assert.equal(property.message, "RangeError: odd");
  for (const key of ["message", "name", "stack", "cause", "constructor"]) {
    await interp.prepareMain({ key });
    const error = await failure(() => {
      const { key } = globalThis as unknown as { key: string };
      throw Object.defineProperty(new RangeError("odd"), key, {
        get: () => {
          throw new Error(`no ${key}`);
        },
      });
    });
    assert.ok(error instanceof ExecutionFailed, key);
    if (key !== "message") assert.match(error.message, /odd/, key);
  }
});

test("errors whose message or name is not a string are reported", limits, async () => {
  const error = await failure(() => {
    throw Object.assign(new Error("x"), { message: { not: "text" }, name: 5 });
  });
  assert.match(error.message, /not/);
});

test("an error whose own custom inspector throws is displayed all the same", limits, async () => {
  const error = await failure(() => {
    throw Object.assign(new RangeError("custom"), {
      [Symbol.for("nodejs.util.inspect.custom")]: () => {
        throw new Error("no");
      },
    });
  });
  assert.equal(error.message, "RangeError: custom");
  assert.match(error.excinfo.errdisplay, /RangeError: custom/);
});

test("a getter of the result that throws fails the call with its exception", limits, async () => {
  const error = await failure(() => ({
    fine: 1,
    get bad(): never {
      throw new RangeError("unreadable");
    },
  }));
  assert.equal(error.message, "RangeError: unreadable");
});
