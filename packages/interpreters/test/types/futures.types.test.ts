/** The types of futures, as interpreters.types.test.ts tests those of interpreters. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { asCompleted, type Future, InterpreterPoolExecutor, wait, waitSync } from "interpreters";

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
    // @ts-expect-error buffers are moved, views are not
    void pool.map((b: Uint8Array) => b.length, [new Uint8Array(1)], { transfer: (b) => [b] });
    // @ts-expect-error chunksize is a number or "auto"
    void pool.map((n: number) => n, [1], { chunksize: "many" });
  };
  assert.equal(typeof never, "function");
});
