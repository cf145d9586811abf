/**
 * The situation in which packages are compared. Of two workers, one runs the victim, the other a bystander that waits at a
 * gate; further tasks are queued behind them.
 */
import assert from "node:assert/strict";
import { type Future, type Interpreter, InterpreterPoolExecutor, listAll } from "interpreters";
import { memoryLimits } from "../support/memory.js";
import { Gate, outcome, until } from "../support/processes.js";

export const workers = (): Interpreter[] =>
  listAll().filter((interp) => interp.whence === "interpreters module");

export type Outcome = Awaited<ReturnType<typeof outcome>>;

/**
 * Runs a victim in that situation and returns its outcome. Checks that nothing else is harmed: the bystander continues, each
 * queued task runs once, and the pool takes new tasks on both workers and shuts down.
 */
export async function withBystanders(
  submit: (pool: InterpreterPoolExecutor) => PromiseLike<unknown>,
  options: { retries?: number } = {},
): Promise<Outcome> {
  const pool = new InterpreterPoolExecutor({
    maxWorkers: 2,
    ...memoryLimits({ maxOldGenerationSizeMb: 32 }),
    ...options,
  });
  const gate = new Gate();
  const wait = (queue: typeof gate.queue, name: string): string => {
    queue.getSync();
    return name;
  };
  const bystander = pool.submit(wait, gate.queue, "bystander");
  await until(() => bystander.running());
  const [its] = workers();
  const victim = outcome(submit(pool));
  const inLine = [1, 2, 3, 4].map((n) => pool.submit((x: number) => x * 10, n));
  const result = await victim;
  assert.deepEqual(await Promise.all(inLine), [10, 20, 30, 40], "the tasks in line");
  assert.equal(bystander.running(), true, "the bystander still runs");
  assert.ok(workers().includes(its), "on the same worker");
  gate.open();
  assert.equal(await bystander, "bystander");
  const both = [pool.submit(wait, gate.queue, "a"), pool.submit(wait, gate.queue, "b")];
  await until(
    () => both.every((future: Future<string>) => future.running()),
    "both workers are in use again",
  );
  gate.open(2);
  assert.deepEqual(await Promise.all(both), ["a", "b"]);
  await pool.shutdown();
  assert.deepEqual(workers(), []);
  return result;
}

/** Returns the error with which the victim was rejected. */
export function errorOf<E = Error>(result: Outcome): E {
  assert.ok("error" in result, "the victim was not rejected");
  return result.error as E;
}
