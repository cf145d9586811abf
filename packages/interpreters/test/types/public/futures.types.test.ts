/** The types of futures, as interpreters.types.test.ts tests those of interpreters. */
import { strict as assert } from "node:assert";
import { test } from "node:test";
import {
  asCompleted,
  type ExecutorOptions,
  type Future,
  InterpreterPoolExecutor,
  type MapOutcome,
  type TaskError,
  wait,
  waitSync,
} from "interpreters";

/** Compiles only where `A` and `B` are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void {}

test("waiting for futures of several types keeps these types", async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const [number, text] = [pool.submit((n: number) => n, 1), pool.submit((s: string) => s, "1")];
  const { done, notDone } = await wait([number, text]);
  same<typeof done, Set<Future<number> | Future<string>>>();
  same<typeof notDone, Set<Future<number> | Future<string>>>();
  const blocking = waitSync(new Set([number]), { returnWhen: "FIRST_COMPLETED" });
  same<typeof blocking.done, Set<Future<number>>>();
  const results: (string | number)[] = [];
  for await (const completed of asCompleted([number, text])) {
    same<typeof completed.future, Future<number> | Future<string>>();
    if (completed.status === "fulfilled") results.push(completed.value);
    // @ts-expect-error a value exists only where the status was checked
    void completed.value;
  }
  assert.deepEqual(results, [1, "1"]);
  const never = (): void => {
    // @ts-expect-error promises are not futures
    void wait([Promise.resolve(1)]);
    // @ts-expect-error there are three ways to return
    void wait([number], { returnWhen: "ANY" });
    waitSync([number], { signal: AbortSignal.abort() });
    // @ts-expect-error asCompleted has no returnWhen: it yields each future
    void asCompleted([number], { returnWhen: "ALL_COMPLETED" });
  };
  assert.equal(typeof never, "function");
});

test("the arguments of an initializer are checked against its parameters", async () => {
  await using pool = new InterpreterPoolExecutor({
    initializer: (n: number, s: string) => n + s.length,
    initargs: [1, "two"],
  });
  const any: InterpreterPoolExecutor = pool;
  await using plain = new InterpreterPoolExecutor({ maxWorkers: 1 });
  same<typeof plain, InterpreterPoolExecutor>();
  assert.equal(any.maxWorkers, pool.maxWorkers);
  const never = (): void => {
    // @ts-expect-error a string is not a number
    void new InterpreterPoolExecutor({ initializer: (n: number) => n, initargs: ["1"] });
    // @ts-expect-error an argument is missing
    void new InterpreterPoolExecutor({ initializer: (n: number, m: number) => n + m, initargs: [1] });
    // @ts-expect-error shared globals have names
    void new InterpreterPoolExecutor({ shared: 5 });
  };
  assert.equal(typeof never, "function");
});

test("starmap takes tuples of the function's arguments", async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const results: string[] = [];
  const tuples: [string, number][] = [["a", 1]];
  for await (const text of pool.starmap((s: string, n: number) => s.repeat(n), tuples)) {
    same<typeof text, string>();
    results.push(text);
  }
  for await (const text of pool.starmap(async (s: string, n: number) => s.repeat(n), [["b", 2]])) {
    same<typeof text, string>();
    results.push(text);
  }
  assert.deepEqual(results, ["a", "bb"]);
  const never = (): void => {
    // @ts-expect-error a string is not a number
    void pool.starmap((s: string, n: number) => s.repeat(n), [["b", "2"]]);
    // @ts-expect-error an argument is missing
    void pool.starmap((s: string, n: number) => s.repeat(n), [["b"]]);
    const views = [new DataView(new ArrayBuffer(1))];
    // @ts-expect-error buffers are moved, views are not
    void pool.map((v: DataView) => v.byteLength, views, { transfer: (v) => [v] });
    // @ts-expect-error chunksize is a number or "auto"
    void pool.map((n: number) => n, [1], { chunksize: "many" });
  };
  assert.equal(typeof never, "function");
});

declare function parse(text: string): string;
declare function parse(text: string, times: number): number[];
declare function parse(bytes: Uint8Array): Promise<boolean>;
declare function widen(text: string): string;
declare function widen(value: string | number): string | number;

test("submit infers from defaults, of generic and of overloaded functions", async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const view = pool.with({ priority: 1 });
  const list: number[] = [1, 2];
  const futures = [
    pool.submit((a: number, b = 2) => a + b, 1),
    pool.submit((a: number, b = 2) => a + b, 1, 3),
    view.submit((a: number, b = 2) => a + b, 1),
    pool.submit((a = 5) => a),
    pool.submit((a: number, { b = 2 } = {}) => a + b, 1),
    pool.submit((a, b) => a + b, 1, 2),
    pool.submit((a, b = 2, ...c) => a + b + c.length, 1),
    pool.submit(<T>(x: T): T => x, 5),
    pool.submit(Math.max, ...list),
  ];
  same<typeof futures, Future<number>[]>();
  assert.deepEqual(await Promise.all(futures), [3, 4, 3, 5, 3, 3, 3, 5, 2]);
  const typed = {
    asynchronous: pool.submit(async (a: number, b = "x") => b.repeat(a), 3),
    literal: pool.submit((k: "a" | "b", times = 2) => k.repeat(times), "a"),
    generic: pool.submit(<T extends object>(x: T): T[] => [x], { a: 1 }),
    unknown: pool.submit((text: string, suffix = ""): unknown => JSON.parse(text + suffix), "1"),
    nothing: pool.submit(() => {}),
    same: pool.submit((k: "a" | "b") => k, "a"),
  };
  same<typeof typed.asynchronous, Future<string>>();
  same<typeof typed.literal, Future<string>>();
  same<typeof typed.generic, Future<{ a: number }[]>>();
  same<typeof typed.unknown, Future<unknown>>();
  same<typeof typed.nothing, Future<void>>();
  same<typeof typed.same, Future<"a" | "b">>();
  assert.deepEqual(await Promise.all(Object.values(typed)), ["xxx", "aa", [{ a: 1 }], 1, undefined, "a"]);
  // A function that is generic in the function, and an interface with the usual signature.
  const through = <A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> =>
    pool.submit(fn, ...args);
  interface Submitter {
    submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): PromiseLike<Awaited<R>>;
  }
  const submitter: Submitter = pool;
  const viewed: Submitter = view;
  assert.deepEqual(
    [await through(Math.abs, -1), await submitter.submit(Math.abs, -2), await viewed.submit(Math.abs, -3)],
    [1, 2, 3],
  );
  const never = (): void => {
    const text = pool.submit(parse, "1");
    same<typeof text, Future<string>>();
    const numbers = pool.submit(parse, "1", 2);
    same<typeof numbers, Future<number[]>>();
    const flag = view.submit(parse, new Uint8Array(1));
    same<typeof flag, Future<boolean>>();
    const narrow = pool.submit(widen, "1");
    same<typeof narrow, Future<string>>();
    const wide = pool.submit(widen, 1);
    same<typeof wide, Future<string | number>>();
    // `map` sees the last signature. A type assertion, which is erased, chooses another one.
    const mapped = pool.map(parse as (text: string) => string, ["1"]);
    same<typeof mapped, AsyncGenerator<string, void, undefined>>();
    // @ts-expect-error no signature takes a boolean
    void pool.submit(parse, true);
    // @ts-expect-error nor a string and a string
    void pool.submit(parse, "1", "2");
    // @ts-expect-error a string is no number
    void pool.submit((a: number, b = 2) => a + b, 1, "2");
    // @ts-expect-error a string is no number
    void pool.submit((a: number, b = 2) => a + b, "1");
    // @ts-expect-error an argument is missing
    void pool.submit((a: number) => a);
    // @ts-expect-error there is one argument too many
    void pool.submit((a: number) => a, 1, 2);
    // @ts-expect-error there is one argument too many
    void pool.submit((a: number, b = 2) => a + b, 1, 2, 3);
    // @ts-expect-error what is no function cannot be called
    void pool.submit("Math.hypot", 1);
  };
  assert.equal(typeof never, "function");
});

test("options may be undefined, and are not given then", async () => {
  // An object of the options that are undefined, as programs make them from their own optional parameters.
  const options = (
    signal?: AbortSignal,
    timeout?: number,
  ): { signal: AbortSignal | undefined; timeout: number | undefined } => ({
    signal,
    timeout,
  });
  await using pool = new InterpreterPoolExecutor({
    maxWorkers: 1,
    minWorkers: undefined,
    idleTimeout: undefined,
    maxTasksPerInterpreter: undefined,
    concurrency: undefined,
    maxQueue: undefined,
    name: undefined,
    initializer: undefined,
    initargs: undefined,
    shared: undefined,
    retries: undefined,
    shutdownTimeout: undefined,
    config: undefined,
    resourceLimits: undefined,
    env: undefined,
    argv: undefined,
    execArgv: undefined,
    stdout: undefined,
    stderr: undefined,
    language: undefined,
  });
  const future = pool.with({ ...options(), transfer: undefined, priority: undefined }).submit(Math.abs, -1);
  assert.equal((await wait([future], { ...options(), returnWhen: undefined })).done.size, 1);
  assert.equal(waitSync([future], options()).done.size, 1);
  for await (const { status } of asCompleted([future], options())) assert.equal(status, "fulfilled");
  const mapOptions = { ...options(), buffersize: undefined, chunksize: undefined, ordered: undefined };
  for await (const n of pool.map(Math.abs, [-1], { ...mapOptions, settled: undefined, transfer: undefined }))
    assert.equal(n, 1);
  await pool.room(options());
  pool.roomSync(options());
  await pool.shutdown({ wait: undefined, cancelFutures: undefined, timeout: undefined });
});

test("a handler of a rejection is typed as that of a promise", async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const fail = (): number => {
    throw new RangeError("far");
  };
  const name = pool.submit(fail).catch((error) => String(error.name));
  same<typeof name, Promise<string | number>>();
  const message = pool.submit(fail).then(
    (n) => n.toFixed(1),
    (error: TaskError) => error.message,
  );
  same<typeof message, Promise<string>>();
  const either = pool.submit(fail).catch(() => {});
  same<typeof either, Promise<number | void>>();
  const promise: Promise<number> = pool.submit(Math.abs, -1);
  assert.deepEqual(
    [await name, await message, await either, await promise],
    ["RangeError", "far", undefined, 1],
  );
});

test("an initializer that takes arguments needs initargs", async () => {
  const ready = [
    new InterpreterPoolExecutor({ initializer: (n: number) => n, initargs: [1] }),
    new InterpreterPoolExecutor({ initializer: (n?: number) => n }),
    new InterpreterPoolExecutor({ initializer: (...all: number[]) => all.length }),
    new InterpreterPoolExecutor({ initializer: () => 1 }),
    new InterpreterPoolExecutor({ initializer: (n, s) => `${s}${n}`, initargs: [1, "s"] }),
    new InterpreterPoolExecutor({}),
    new InterpreterPoolExecutor(),
  ];
  const options: ExecutorOptions = { maxWorkers: 1 };
  ready.push(new InterpreterPoolExecutor(options));
  await Promise.all(ready.map((pool) => pool.shutdown()));
  const never = (): void => {
    // @ts-expect-error the initializer takes a number
    void new InterpreterPoolExecutor({ initializer: (n: number) => n });
    // @ts-expect-error undefined is none
    void new InterpreterPoolExecutor({ initializer: (n: number) => n, initargs: undefined });
    // @ts-expect-error nor are no arguments
    void new InterpreterPoolExecutor({ initializer: (n: number) => n, initargs: [] });
  };
  assert.equal(typeof never, "function");
});

test("a settled map yields outcomes, and errors have the field of their item", async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const values: string[] = [];
  for await (const outcome of pool.map((n: number) => String(n), [1, 2], { settled: true })) {
    same<typeof outcome, MapOutcome<string>>();
    if (outcome.status === "fulfilled") values[outcome.index] = outcome.value;
    else assert.fail(String(outcome.reason));
  }
  const pairs: [string, number][] = [["a", 1]];
  const spread = pool.with({}).starmap((s: string, n: number) => s.repeat(n), pairs, { settled: true });
  same<typeof spread, AsyncGenerator<MapOutcome<string>, void, undefined>>();
  for await (const { status } of spread) values.push(status);
  const never = (settled: boolean): void => {
    const either = pool.map((n: number) => n, [1], { settled });
    same<typeof either, AsyncGenerator<number | MapOutcome<number>, void, undefined>>();
    const plain = pool.map((n: number) => n, [1], { settled: false });
    same<typeof plain, AsyncGenerator<number, void, undefined>>();
    const index = (error: TaskError): number | undefined => error.itemIndex;
    void index(new RangeError("any error may have it"));
    const outcome = (): MapOutcome<number> => ({ index: 0, status: "fulfilled", value: 1 });
    // @ts-expect-error a value is there only where the call was fulfilled
    void outcome().value;
  };
  assert.equal(typeof never, "function");
  assert.deepEqual(values, ["1", "2", "fulfilled"]);
});
