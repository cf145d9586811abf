/** The types that the compiler infers for `iterate` and `iterateSync` (base/calls.ts). */
import { strict as assert } from "node:assert";
import { test } from "node:test";
import { create, InterpreterPoolExecutor, type Iteration, type SyncIteration } from "interpreters";

/** Compiles only where `A` and `B` are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void {}

function* numbers(n: number): Generator<number, string> {
  for (let i = 0; i < n; i++) yield i;
  return "end";
}
async function* texts(prefix: string, times = 1): AsyncGenerator<string, number> {
  for (let i = 0; i < times; i++) yield prefix + i;
  return times;
}

test("iterate infers items and return values", async () => {
  await using interp = create();
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const view = interp.with({ buffersize: 2, timeout: 60_000 });
  const iterations = {
    generator: interp.iterate(numbers, 2),
    asynchronous: pool.iterate(texts, "a"),
    written: view.iterate(function* (n: number) {
      yield { n };
    }, 1),
    inferred: interp.iterate((a, b) => [a, b], 1, 2),
    list: pool.with({ priority: 1 }).iterate((text: string) => text.split(","), "a,b"),
    later: interp.iterate(async (n: number) => new Set([n]), 1),
    blocking: interp.iterateSync(numbers, 1),
    poolBlocking: pool.iterateSync(() => [true]),
  };
  same<typeof iterations.generator, Iteration<number, string>>();
  same<typeof iterations.asynchronous, Iteration<string, number>>();
  same<typeof iterations.list, Iteration<string, void>>();
  same<typeof iterations.inferred, Iteration<number, void>>();
  same<typeof iterations.later, Iteration<number, void>>();
  same<typeof iterations.blocking, SyncIteration<number, string>>();
  same<typeof iterations.poolBlocking, SyncIteration<boolean, void>>();
  for await (const n of iterations.generator) same<typeof n, number>();
  for await (const row of iterations.written) {
    same<typeof row, { n: number }>();
    assert.deepEqual(row, { n: 1 });
  }
  const items: string[] = [];
  for await (const text of iterations.asynchronous) items.push(text);
  for await (const text of iterations.list) items.push(text);
  for await (const n of iterations.inferred) items.push(String(n));
  for await (const n of iterations.later) items.push(String(n));
  assert.deepEqual(items, ["a0", "a", "b", "1", "2", "1"]);
  assert.deepEqual([...iterations.blocking], [0]);
  for (const flag of iterations.poolBlocking) same<typeof flag, boolean>();
  const wrong = (): void => {
    // @ts-expect-error -- a number is not iterable
    interp.iterate(() => 5);
    // @ts-expect-error -- the argument must be a number
    interp.iterate(numbers, "2");
  };
  assert.equal(typeof wrong, "function");
});

test("groups infer results as executors do", async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const result = await pool.group().run(async (group) => {
    const sum = group.submit((a: number, b = 2) => a + b, 1);
    const text = group.with({ priority: 1 }).submit((s: string) => s.toUpperCase(), "x");
    return [await sum, await text] as const;
  });
  same<typeof result, readonly [number, string]>();
  assert.deepEqual(result, [3, "X"]);
});
