/** A second guest language, from both sides: everything that an interpreter can do and suffer, without a word of JavaScript. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  create,
  createQueue,
  ExecutionFailed,
  InterpreterDiedError,
  InterpreterError,
  InterpreterPoolExecutor,
  NotShareableError,
  prewarm,
  type Queue,
  UNBOUND_KEEP,
} from "interpreters";
import { rejection } from "../support/ways.js";
import { calculator, program } from "./calculator.js";

const language = calculator();

test("an interpreter of another language is created, executes scripts, is called and closed", async () => {
  const interp = create({ language, name: "abacus" });
  assert.equal(interp.name, "abacus");
  await interp.exec("20 1");
  assert.equal(await interp.call(program<[], number>("+")), 21);
  assert.equal(interp.callSync(program<[number, number]>("$0 $1 *"), 6, 7), 42);
  await interp.prepareMain({ rate: 3 });
  assert.equal(await interp.call(program<[]>("$rate 2 *")), 6);
  await interp.close();
});

test("work that comes while the language boots waits for it", async () => {
  const interp = create({ language: calculator({ bootTime: 100 }) });
  assert.equal(interp.callSync(program<[]>("1 1 +")), 2);
  await interp.close();
});

test("a boot that fails fails each operation, with the boot's error", async () => {
  const interp = create({ language: calculator({ bootFailure: "no batteries" }) });
  const outcomes = await Promise.allSettled([interp.call(program<[]>("1")), interp.exec("1")]);
  for (const outcome of outcomes) {
    assert.equal(outcome.status, "rejected");
    const { code, cause } = outcome.reason as InterpreterError & { cause: Error };
    assert.deepEqual([code, cause.message], ["ERR_INTERPRETER_BOOT", "no batteries"]);
  }
});

test("an exception is described by the language", async () => {
  await using interp = create({ language });
  await assert.rejects(interp.call(program<[]>("1 nonsense")), (error) => {
    assert.ok(error instanceof ExecutionFailed);
    assert.equal(error.excinfo.type.name, "CalculatorError");
    assert.equal(error.excinfo.errdisplay, "calculator error: there is no word nonsense");
    return true;
  });
});

test("neutral values pass through queues, both ways", async () => {
  await using interp = create({ language });
  const queue = createQueue<unknown>(0, { unboundItems: UNBOUND_KEEP });
  await interp.call(program<[Queue, number]>("$1 2 * $0 put"), queue as Queue, 21);
  assert.equal(await queue.get(), 42);
  queue.putNowait(20);
  assert.equal(await interp.call(program<[Queue]>("$0 get 1 +"), queue as Queue), 21);
});

test("a value that only JavaScript understands is refused before it is sent", async () => {
  await using interp = create({ language });
  const echo = program<[unknown], unknown>("$0");
  await assert.rejects(interp.call(echo, { a: 1 }), (error: Error) => {
    assert.ok(error instanceof NotShareableError);
    assert.match(error.message, /^Cannot copy args to a calculator interpreter: /);
    return true;
  });
  assert.throws(() => interp.callSync(echo, new Date()), NotShareableError);
  await assert.rejects(interp.prepareMain({ map: new Map() }), NotShareableError);
  assert.deepEqual(await interp.call(echo, [1, "two", null, true]), [1, "two", null, true]);
});

test("a value that only the language understands reaches its own kind, and is refused elsewhere", async () => {
  await using alice = create({ language });
  await using bob = create({ language });
  const queue = createQueue<unknown>(0, { unboundItems: UNBOUND_KEEP });
  await alice.call(program<[Queue]>("42 secret $0 put"), queue as Queue);
  assert.equal(await bob.call(program<[Queue]>("$0 get reveal"), queue as Queue), 42);
  await alice.call(program<[Queue]>("1 secret $0 put 2 $0 put"), queue as Queue);
  // Refused, and not "damaged bytes"; the item after it is intact.
  assert.throws(
    () => queue.getNowait(),
    (error: Error) => {
      assert.ok(error instanceof NotShareableError);
      assert.match(error.message, /codec tag 7/);
      return true;
    },
  );
  assert.equal(queue.getNowait(), 2);
  await assert.rejects(alice.call(program<[], unknown>("1 secret")), NotShareableError);
});

test("functions of JavaScript do not run there", async () => {
  await using interp = create({ language });
  await assert.rejects(
    interp.call(() => 1),
    /a calculator runs programs/,
  );
});

test("it is killed like any other: by its limit, by terminate, by leaving", async () => {
  const stuck = create({ language });
  const died = (reason: string) => (error: unknown) =>
    error instanceof InterpreterDiedError && error.reason === reason;
  await assert.rejects(stuck.with({ timeout: 50 }).call(program<[]>("loop")), { name: "TimeoutError" });
  const looping = create({ language });
  const call = looping.call(program<[]>("loop"));
  await Promise.all([assert.rejects(call, died("terminated")), looping.terminate()]);
  await assert.rejects(create({ language }).call(program<[]>("exit")), died("exit"));
});

test("closing lets the language finalize; terminating does not", async () => {
  const farewell = createQueue<unknown>(0, { unboundItems: UNBOUND_KEEP });
  const interp = create({ language });
  await interp.prepareMain({ farewell });
  await interp.close();
  assert.equal(farewell.getNowait(), "finalized");
  const victim = create({ language });
  await victim.prepareMain({ farewell });
  await victim.terminate();
  assert.ok(farewell.empty());
});

test("a pool runs its programs, and replaces workers that die", async () => {
  await using executor = new InterpreterPoolExecutor({
    language,
    maxWorkers: 2,
    shared: { base: 100 },
    retries: 0,
  });
  const sums = await Promise.all([1, 2, 3].map((n) => executor.submit(program<[number]>("$0 $base +"), n)));
  assert.deepEqual(sums, [101, 102, 103]);
  await assert.rejects(executor.submit(program<[]>("exit")), InterpreterDiedError);
  const squares: number[] = [];
  for await (const square of executor.map(program<[number]>("$0 dup *"), [2, 3, 4])) squares.push(square);
  assert.deepEqual(squares, [4, 9, 16]);
  assert.throws(() => executor.submit(program<[object]>("$0"), {}), NotShareableError);
});

test("prewarmed interpreters of the language are taken by those who want that language only", async () => {
  prewarm(1, { language });
  await using interp = create({ language });
  assert.equal(await interp.call(program<[number]>("$0 1 +"), 1), 2);
  await using other = create();
  assert.equal(await other.call((n: number) => n + 1, 1), 2);
  prewarm(0);
});

test("a handle that travels to a thread that does not know the language says so", async () => {
  await using interp = create({ language });
  await using stranger = create();
  const asked = stranger.call(
    (target: { call(fn: unknown): Promise<unknown> }) => target.call("1"),
    interp as never,
  );
  await assert.rejects(asked, /language that this thread does not know \(codec tag 7\)/);
});

test("what is no language is refused at once", () => {
  assert.throws(() => create({ language: {} as never }), TypeError);
  assert.throws(() => create({ language: { ...language, tag: 256 } }), RangeError);
  assert.throws(() => create({ language: { ...language, name: "other" } }), InterpreterError);
});

test("iterate takes what the executing side returns, if that is iterable", async () => {
  await using interp = create({ language });
  const items: number[] = [];
  const same = program<[number[]], number[]>("$0");
  for await (const item of interp.iterate(same, [1, 2])) items.push(item);
  assert.deepEqual(items, [1, 2]);
  const error = await rejection(interp.iterate(program("1 2 +") as never).next());
  assert.ok(
    error instanceof TypeError && /must return an iterable.*found 3/.test(error.message),
    error.message,
  );
});
