/**
 * Exceptions that no code in an interpreter catches (timers, promises): each ends the call under way there, and no other
 * interpreter's; calls that waited behind it learn of the death.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  create,
  InterpreterDiedError,
  InterpreterNotFoundError,
  InterpreterPoolExecutor,
} from "interpreters";
import { busy, limits, rejection, thrown, using } from "../support/ways.js";

type Props = Error & Record<string, unknown>;

/** The expression that is thrown, and a check of the cause of the death. */
const cases: [expression: string, check: (cause: Props) => void][] = [
  [
    "Object.assign(new RangeError('far', { cause: new TypeError('why') }), { code: 'E_FAR', run() {} })",
    (cause) => {
      assert.ok(cause instanceof RangeError);
      assert.deepEqual([cause.message, cause["code"]], ["far", "E_FAR"]);
      assert.ok(cause.cause instanceof TypeError);
    },
  ],
  ["Object.freeze(new RangeError('cold'))", (cause) => assert.equal(cause.message, "cold")],
  ["new (class Own extends Error { x = 1 })('own')", (cause) => assert.equal(cause["x"], 1)],
  [
    "new AggregateError([new TypeError('one')], 'all')",
    (cause) => assert.equal((cause["errors"] as unknown[]).length, 1),
  ],
  ["'text'", (cause) => assert.match(String(cause), /text/)],
  ["Symbol('sign')", (cause) => assert.match(String(cause), /sign/)],
  ["undefined", () => {}],
  ["Object.defineProperty(new RangeError('odd'), 'message', { get() { throw 1 } })", () => {}],
  ["Proxy.revocable(new Error('gone'), {}).proxy", (cause) => assert.match(String(cause), /gone/)],
  ["(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy })()", () => {}],
];

const sources: Record<string, (expression: string) => string> = {
  "thrown by a timer": (expression) => `setTimeout(() => { throw ${expression} })`,
  "thrown by a microtask": (expression) => `queueMicrotask(() => { throw ${expression} })`,
  "of an unhandled promise": (expression) => `void Promise.reject(${expression})`,
};

const ways: Record<string, (target: ReturnType<typeof create>, body: string) => unknown> = {
  exec: (target, body) => target.exec(`${body}; await new Promise(() => {})`),
  call: (target, body) => target.call(new Function(`${body}; return new Promise(() => {})`) as () => unknown),
};

for (const [source, wrap] of Object.entries(sources)) {
  test(`an exception ${source} ends the call under way, and no other interpreter's`, limits, async () => {
    await using bystander = create();
    const { done, release } = await busy(bystander);
    for (const [expression, check] of cases) {
      for (const run of Object.values(ways)) {
        const target = create();
        const under = rejection<InterpreterDiedError>(run(target, wrap(expression)) as Promise<unknown>);
        const queued = rejection<InterpreterDiedError>(target.call(() => 1));
        for (const error of [await under, await queued]) {
          assert.ok(error instanceof InterpreterDiedError, String(error));
          assert.equal(error.reason, "uncaught-exception", expression);
          assert.equal(error.interpreterId, target.id);
        }
        check((await under).cause as Props);
        assert.ok((await rejection(target.call(() => 1))) instanceof InterpreterNotFoundError);
      }
      const blocked = create();
      const body = `${wrap(expression)}; return new Promise(() => {})`;
      const error = thrown<InterpreterDiedError>(() => blocked.callSync(new Function(body) as () => unknown));
      assert.equal(error.reason, "uncaught-exception", expression);
    }
    release();
    assert.equal(await done, "released");
  });
}

test("an exception that a handler in the interpreter takes care of does no harm", limits, () =>
  using(async (interp) => {
    await interp.exec(`
      const seen = [];
      process.on("uncaughtException", (error) => seen.push(error.message));
      process.on("unhandledRejection", (error) => seen.push(error.message));
      setTimeout(() => { throw new Error("timer") });
      void Promise.reject(new Error("promise"));
      while (seen.length < 2) await new Promise(setImmediate);
    `);
    assert.deepEqual(await interp.call(new Function("return seen.sort()") as () => unknown), [
      "promise",
      "timer",
    ]);
  }),
);

test("in a pool an uncaught exception fails the running task, and no other", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const first = pool.submit(() => {
    setTimeout(() => {
      throw new RangeError("from the task");
    });
    return new Promise(() => {});
  });
  const second = pool.submit(() => "second");
  const error = await rejection<InterpreterDiedError>(first);
  assert.equal(error.reason, "uncaught-exception");
  assert.equal((error.cause as Error).message, "from the task");
  assert.equal(await second, "second");
});
