/** The contract of every operation, in every form, from here and from another interpreter. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  create,
  ExecutionFailed,
  InterpreterError,
  InterpreterNotFoundError,
  NotShareableError,
} from "interpreters";
import { busy, limits, plainWays, rejection, using, ways } from "../support/ways.js";

/** For the tests that leave an interpreter as it was. */
const interp = create();
after(() => interp.terminate());

for (const way of ways) {
  test(`call returns the function's result (${way.name})`, limits, async () => {
    assert.equal(await way.call(interp, "add", 20, 22), 42);
    const args = [
      1,
      "two",
      null,
      undefined,
      3n,
      [4],
      { five: 5 },
      new Map([["k", new Set([6])]]),
      new Date(7),
    ];
    assert.deepEqual(await way.call(interp, "echo", ...args), args);
    assert.deepEqual(await way.call(interp, "echo"), []);
  });

  test(`call awaits an async function (${way.name})`, limits, async () => {
    assert.deepEqual(await way.call(interp, "later", { late: true }), { late: true });
  });

  test(`a called function has no this (${way.name})`, limits, async () => {
    assert.equal(await way.call(interp, "self"), "undefined");
  });

  test(`exec runs a script whose declarations stay, and returns nothing (${way.name})`, limits, async () => {
    assert.equal(
      await way.do("exec", interp, "var count = 40; function increase(by) { count += by; } 'dropped'"),
      undefined,
    );
    assert.equal(await way.do("exec", interp, "increase(2)"), undefined);
    assert.equal(await way.call(interp, "global", "count"), 42);
    assert.equal(await way.do("exec", interp, ""), undefined);
  });

  test(`an exception comes back as ExecutionFailed (${way.name})`, limits, async () => {
    const attempts: [() => Promise<unknown>, string][] = [
      [() => way.call(interp, "fail", "too far"), "too far"],
      [() => way.call(interp, "failLater", "too far, later"), "too far, later"],
      [() => way.do("exec", interp, "throw new RangeError('too far, in a script')"), "too far, in a script"],
    ];
    for (const [attempt, message] of attempts) {
      const error = await rejection<ExecutionFailed>(attempt());
      assert.ok(error instanceof ExecutionFailed, String(error));
      assert.ok(error instanceof InterpreterError);
      assert.equal(error.code, "ERR_EXECUTION_FAILED");
      assert.equal(error.interpreterId, interp.id);
      assert.equal(error.message, `RangeError: ${message}`);
      assert.deepEqual(error.excinfo.type, { name: "RangeError" });
      assert.equal(error.excinfo.message, message);
      assert.equal(error.excinfo.formatted, `RangeError: ${message}`);
      assert.match(error.excinfo.errdisplay, new RegExp(`RangeError: ${message}`));
      assert.ok(error.cause instanceof RangeError);
      assert.equal(error.cause.message, message);
    }
    assert.equal(await way.call(interp, "add", 1, 1), 2, "it goes on");
  });

  test(`an unshareable value is refused with its path, and nothing runs (${way.name})`, limits, async () => {
    await interp.exec("var ran = 0");
    if (!way.elsewhere) {
      const bad = { items: [0, { onClick: () => 1 }] };
      const argument = await rejection(way.call(interp, "echo", 1, bad));
      assert.ok(argument instanceof NotShareableError, String(argument));
      assert.match(argument.message, /args\[1\]\.items\[1\]\.onClick is a function/);
    }
    const result = await rejection(way.call(interp, "makeFunction"));
    assert.ok(result instanceof NotShareableError, String(result));
    assert.match(result.message, /result\.deep\[0\]\.fn is a function/);
    const captured = await rejection(way.call(interp, "capturing"));
    assert.ok(captured instanceof NotShareableError, String(captured));
    assert.match(captured.message, /`outsideOne`/);
    assert.match(captured.message, /`outsideTwo`/);
    assert.equal(await way.call(interp, "global", "ran"), 0);
  });

  test(`every operation on a closed interpreter says that it is gone (${way.name})`, limits, async () => {
    const interp = create();
    await way.do("close", interp);
    for (const [operation, ...args] of [
      ["call", "add", 1, 2],
      ["exec", "1"],
      ["prepareMain", { a: 1 }],
      ["close"],
      ["terminate"],
    ] as const) {
      const error = await rejection(way.do(operation, interp, ...args));
      assert.ok(error instanceof InterpreterNotFoundError, `${operation}: ${String(error)}`);
      assert.equal(error.code, "ERR_INTERPRETER_NOT_FOUND");
      assert.match(error.message, new RegExp(`interpreter ${interp.id} is gone`));
    }
  });
}

for (const way of plainWays) {
  test(`prepareMain binds globals for later scripts and calls (${way.name})`, limits, () =>
    using(async (interp) => {
      assert.equal(
        await way.do("prepareMain", interp, { answer: 42, "not an identifier": [1], nothing: undefined }),
        undefined,
      );
      await interp.exec("answer += 1");
      assert.equal(
        await interp.call((name: string) => (globalThis as Record<string, unknown>)[name], "answer"),
        43,
      );
      assert.deepEqual(
        await interp.call(
          (name: string) => (globalThis as Record<string, unknown>)[name],
          "not an identifier",
        ),
        [1],
      );
      assert.equal(await interp.call(() => "nothing" in globalThis), true);
    }),
  );

  test(`prepareMain binds nothing when one of the values cannot travel (${way.name})`, limits, () =>
    using(async (interp) => {
      if (way.elsewhere) return; // The value could not even travel to the relay.
      const error = await rejection(way.do("prepareMain", interp, { fine: 1, bad: { fn: () => 1 } }));
      assert.ok(error instanceof NotShareableError, String(error));
      assert.match(error.message, /namespace\.bad\.fn is a function/);
      assert.equal(await interp.call(() => "fine" in globalThis), false);
    }),
  );

  test(`close refuses while work runs or waits, and stops nothing (${way.name})`, limits, () =>
    using(async (interp) => {
      const { done, release } = await busy(interp);
      const waiting = interp.call((a: number) => a, 5);
      for (let i = 0; i < 2; i++) {
        const error = await rejection<InterpreterError>(way.do("close", interp));
        assert.ok(error instanceof InterpreterError, String(error));
        assert.equal(error.code, "ERR_INTERPRETER_RUNNING");
      }
      assert.equal(interp.isRunning(), true);
      release();
      assert.equal(await done, "released");
      assert.equal(await waiting, 5);
      await way.do("close", interp);
    }),
  );

  test(`close and terminate return once the interpreter is gone (${way.name})`, limits, async () => {
    for (const operation of ["close", "terminate"] as const) {
      const interp = create();
      await interp.exec("1");
      assert.equal(await way.do(operation, interp), undefined);
      const error = await rejection(interp.exec("1"));
      assert.ok(error instanceof InterpreterNotFoundError, String(error));
    }
  });

  test(`close and terminate end an interpreter that is still booting (${way.name})`, limits, async () => {
    for (const operation of ["close", "terminate"] as const) {
      const interp = create();
      assert.equal(await way.do(operation, interp), undefined);
      assert.ok((await rejection(interp.exec("1"))) instanceof InterpreterNotFoundError);
    }
  });

  test(`terminate stops an endless loop (${way.name})`, limits, () =>
    using(async (interp) => {
      const { done } = await busy(interp);
      await way.do("terminate", interp);
      const error = await rejection<{ reason: string }>(done);
      assert.equal(error.reason, "terminated");
    }),
  );
}
