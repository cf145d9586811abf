/** Every operation ends in one outcome, and nothing that user code has replaced or attached can lose, delay or change it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, ExecutionFailed, InterpreterDiedError, type Interpreter, type Queue } from "interpreters";
import { busy, channel, limits, rejection, thrown, using } from "../support/ways.js";

/** A call that fails, one that is refused, one that succeeds, one that dies, and the end of the interpreter. */
async function outcomes(interp: Interpreter): Promise<void> {
  const failing = interp.call(() => {
    throw new RangeError("x", { cause: new Error("y") });
  });
  const refused = interp.call(() => () => {});
  const fine = interp.call(() => 1);
  const [failure, refusal] = await Promise.all([rejection<ExecutionFailed>(failing), rejection(refused)]);
  assert.ok(failure instanceof ExecutionFailed);
  assert.equal(failure.excinfo.type.name, "RangeError");
  assert.match(failure.stack ?? "", /Uncaught in interpreter/);
  assert.match(refusal.message, /is a function/);
  assert.equal(await fine, 1);
  const dying = [interp.call(() => new Promise(() => {})), interp.call(() => 2)].map((each) =>
    rejection(each),
  );
  await interp.terminate();
  for (const error of await Promise.all(dying))
    assert.ok(error instanceof InterpreterDiedError, String(error));
}

const hostilities: Record<string, () => () => void> = {
  "Error.prepareStackTrace that returns no text": () => {
    const before = Error.prepareStackTrace;
    Error.prepareStackTrace = (_error, sites) => sites;
    return () => (Error.prepareStackTrace = before as never);
  },
  "Error.prepareStackTrace that throws": () => {
    const before = Error.prepareStackTrace;
    Error.prepareStackTrace = () => {
      throw new Error("from prepareStackTrace");
    };
    return () => (Error.prepareStackTrace = before as never);
  },
  "getters on Error.prototype that throw": () => {
    for (const key of ["cause", "errors"]) {
      // oxlint-disable-next-line no-extend-native -- what hostile programs do
      Object.defineProperty(Error.prototype, key, {
        configurable: true,
        get() {
          throw new Error(`from ${key}`);
        },
        set(value: unknown) {
          Object.defineProperty(this, key, { value, writable: true, configurable: true });
        },
      });
    }
    return () => {
      for (const key of ["cause", "errors"]) Reflect.deleteProperty(Error.prototype, key);
    };
  },
  "Error[Symbol.hasInstance] that throws": () => {
    Object.defineProperty(Error, Symbol.hasInstance, {
      configurable: true,
      value() {
        throw new TypeError("from hasInstance");
      },
    });
    return () => Reflect.deleteProperty(Error, Symbol.hasInstance);
  },
};
for (const [name, begin] of Object.entries(hostilities)) {
  test(`with ${name}`, limits, async () => {
    const interp = create();
    await interp.call(() => 0);
    const end = begin();
    try {
      await outcomes(interp);
    } finally {
      end();
    }
  });
}

test("a blocking call in line is bounded by waitTimeout, and withdrawn", limits, () =>
  using(async (interp) => {
    const { done, release } = await busy(interp);
    const ran = channel<string>();
    const error = thrown(() => interp.with({ waitTimeout: 30 }).callSync((q) => q.putSync("ran"), ran));
    assert.ok(error instanceof DOMException && error.name === "TimeoutError", String(error));
    assert.match(error.message, /it waited in line for 30 ms$/);
    release();
    assert.equal(await done, "released");
    assert.equal(await interp.call(() => "alive"), "alive");
    assert.ok(ran.empty());
  }),
);

test("a call in line is bounded by waitTimeout, and what waits behind it goes on", limits, () =>
  using(async (interp) => {
    const { done, release } = await busy(interp);
    const bounded = rejection(interp.with({ waitTimeout: 30 }).call(() => 1));
    const behind = interp.call(() => 2);
    assert.equal((await bounded).name, "TimeoutError");
    release();
    assert.deepEqual([await done, await behind], ["released", 2]);
  }),
);

test("waitTimeout does not stop what has begun", limits, () =>
  using(async (interp) => {
    await interp.call(() => 0);
    const [started, gate] = [channel<string>(), channel<string>()];
    const waits = async (announce: Queue<string>, until: Queue<string>): Promise<unknown> => {
      announce.putNowait("started");
      return until.get();
    };
    const begun = interp.with({ waitTimeout: 1000 }).call(waits, started, gate);
    await started.get();
    // Its limit is set later, so it passes later.
    const behind = rejection(interp.with({ waitTimeout: 1000 }).call(() => 1));
    assert.equal((await behind).name, "TimeoutError");
    gate.putNowait("done");
    assert.equal(await begun, "done");
  }),
);

test("a signal that a getter aborts while the arguments are encoded counts", limits, () =>
  using(async (interp) => {
    const abort = new AbortController();
    const ran = channel<string>();
    const trap = {
      get value() {
        abort.abort(new RangeError("enough"));
        return 1;
      },
    };
    const call = interp.with({ signal: abort.signal }).call((_trap, q) => q.putSync("ran"), trap, ran);
    assert.equal(await rejection(call), abort.signal.reason);
    const again = { signal: AbortSignal.abort("no") };
    assert.equal(
      thrown<unknown>(() => interp.with(again).callSync(() => 1)),
      "no",
    );
    await interp.call(() => 0);
    assert.ok(ran.empty());
  }),
);

test(
  "a signal whose addEventListener throws: it is reported, and the operation has its outcome",
  limits,
  (t) =>
    using(async (interp) => {
      const reported: string[] = [];
      const listeners = process.listeners("uncaughtException");
      process.removeAllListeners("uncaughtException");
      process.on("uncaughtException", (error) => void reported.push(error.message));
      t.after(() => {
        process.removeAllListeners("uncaughtException");
        for (const listener of listeners) process.on("uncaughtException", listener);
      });
      const { signal } = new AbortController();
      let tries = 0;
      signal.addEventListener = () => {
        throw new Error(`try ${++tries}`);
      };
      const queue = channel<number>();
      const item = queue.get({ signal });
      assert.equal(await interp.with({ signal }).call(() => 1), 1);
      queue.putNowait(2);
      assert.equal(await item, 2);
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(reported, ["try 1", "try 2"]);
    }),
);
