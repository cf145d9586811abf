/** A blocking call that could never end is refused at once; the same call with a promise is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  create,
  type ExecutionFailed,
  fromModule,
  getCurrent,
  type Interpreter,
  InterpreterError,
} from "interpreters";
import { channel, limits, rejection, thrown, using } from "../support/ways.js";

const circle = fromModule<typeof import("./circle.js")>(new URL("./circle.js", import.meta.url));

/** Runs `action` with three new interpreters, whatever has happened to those of the test before. */
async function three(
  action: (a: Interpreter, b: Interpreter, c: Interpreter) => Promise<void>,
): Promise<void> {
  await using((a) => using((b) => using((c) => action(a, b, c))));
}

/** Unwraps an error that has passed through several interpreters. */
function innermost(error: unknown): Error & { code?: string } {
  let inner = error as ExecutionFailed;
  while (inner.code === "ERR_EXECUTION_FAILED") inner = inner.cause as ExecutionFailed;
  return inner;
}

function assertDeadlock(error: unknown): void {
  const inner = innermost(error);
  assert.ok(inner instanceof InterpreterError, String(inner));
  assert.equal(inner.code, "ERR_INTERPRETER_DEADLOCK", String(inner));
  assert.match(inner.message, /promise/, "it says what to do");
}

test("a blocking call of the main interpreter on itself", limits, () => {
  for (const attempt of [
    () => getCurrent().callSync(() => 1),
    () => getCurrent().execSync("1"),
    () =>
      getCurrent()
        .with({ timeout: 1000 })
        .callSync(() => 1),
  ]) {
    assert.ok(thrown(attempt) instanceof InterpreterError);
  }
});

test("a blocking call of an interpreter on itself", limits, () =>
  using(async (a) => {
    for (const form of ["callSync", "execSync", "prepareMainSync", "viewSync"] as const) {
      assertDeadlock(await rejection(a.call(circle.onItself, form)));
    }
    assert.equal(
      a.callSync(() => 1),
      1,
    );
  }),
);

test("blocking calls around a circle of two interpreters", limits, () =>
  three(async (a, b) => {
    const said = channel<string>();
    for (const form of [
      "callSync",
      "execSync",
      "prepareMainSync",
      "viewSync",
      "closeSync",
      "dispose",
    ] as const) {
      assertDeadlock(thrown(() => a.callSync(circle.around, form, [b, a], said)));
      assertDeadlock(await rejection(b.call(circle.around, form, [a, b], said)));
      for (const interp of [a, b]) assert.equal(await interp.call(() => 1), 1, `${form} left it working`);
    }
    assert.equal(said.qsize(), 0, "what was refused is never run");
  }),
);

test("blocking calls around a circle of three interpreters", limits, () =>
  three(async (a, b, c) => {
    const said = channel<string>();
    for (const form of [
      "callSync",
      "execSync",
      "prepareMainSync",
      "viewSync",
      "closeSync",
      "dispose",
    ] as const) {
      assertDeadlock(thrown(() => a.callSync(circle.around, form, [b, c, a], said)));
      assertDeadlock(await rejection(c.call(circle.around, form, [b, a, c], said)));
      for (const interp of [a, b, c]) assert.equal(await interp.call(() => 1), 1, `${form} left it working`);
    }
    assert.equal(said.qsize(), 0, "what was refused is never run");
  }),
);

test(
  "two interpreters that block on each other at the same moment: exactly one of them is refused",
  limits,
  () =>
    three(async (a, b) => {
      for (let round = 0; round < 20; round++) {
        const [ready, go] = [channel<string>(), channel<string>()];
        const both = [a.call(circle.meet, b, ready, go), b.call(circle.meet, a, ready, go)];
        const outcomes = Promise.allSettled(both);
        await ready.get();
        await ready.get();
        go.putNowait("go");
        go.putNowait("go");
        const results = (await outcomes).map((each) =>
          each.status === "fulfilled" ? each.value : innermost(each.reason).code,
        );
        assert.deepEqual(new Set(results), new Set(["ERR_INTERPRETER_DEADLOCK", "answered"]));
      }
    }),
);

test("waiting with a promise does not close a circle", limits, () =>
  three(async (a, b) => {
    assert.equal(await a.call(circle.callBackLater, b, a), "called back");
    assert.equal(await a.call((other: Interpreter) => other.callSync(() => "one way"), b), "one way");
  }),
);

test("many interpreters may block on one", limits, () =>
  three(async (a, b, c) => {
    const answers = await Promise.all(
      [a, b].flatMap((interp) =>
        [1, 2, 3].map((n) =>
          interp.call((other: Interpreter, n: number) => other.callSync((n: number) => n * 2, n), c, n),
        ),
      ),
    );
    assert.deepEqual(answers, [2, 4, 6, 2, 4, 6]);
  }),
);

test("after a refused circle the same interpreters may call each other in both directions", limits, () =>
  three(async (a, b) => {
    assertDeadlock(await rejection(a.call(circle.around, "callSync", [b, a], channel<string>())));
    assert.equal(await a.call((other: Interpreter) => other.callSync(() => 1), b), 1);
    assert.equal(await b.call((other: Interpreter) => other.callSync(() => 2), a), 2);
  }),
);

test(
  "an interpreter that works for another may close, blocking, an interpreter that waits for no other",
  limits,
  () =>
    using(async (a) => {
      const d = create();
      assert.equal(await a.call((d: Interpreter) => d.closeSync({ wait: true }), d), undefined);
      await assert.rejects(d.exec("1"), { code: "ERR_INTERPRETER_NOT_FOUND" });
    }),
);
