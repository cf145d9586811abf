/** The types of a select's result: inferred from its cases, without type arguments. */
import { strict as assert } from "node:assert";
import { test } from "node:test";
import {
  createQueue,
  type Future,
  InterpreterPoolExecutor,
  onGet,
  onPut,
  type Queue,
  select,
  type Selectable,
  type SelectCase,
  selectSync,
  type UNBOUND,
  UNBOUND_KEEP,
} from "interpreters";

/** Compiles only where `A` and `B` are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void {}

const numbers = (): Queue<number, never> => createQueue<number>(0, { unboundItems: UNBOUND_KEEP });

test("the index tells the type of the value", async () => {
  const [jobs, words, room] = [numbers(), createQueue<string>(), createQueue<Date>(1)];
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const future: Future<boolean> = pool.submit(() => true);
  jobs.putNowait(1);
  const chosen = await select([onGet(jobs), onGet(words), onPut(room, new Date()), future]);
  same<(typeof chosen)["index"], 0 | 1 | 2 | 3>();
  const { index, value } = chosen;
  if (index === 0) same<typeof value, number>();
  else if (index === 1) same<typeof value, string | typeof UNBOUND>();
  else if (index === 2) same<typeof value, undefined>();
  else same<typeof value, boolean>();
  await future;
  const blocking = selectSync([onGet(jobs), onPut(room, new Date())], { timeout: 0, default: true });
  same<(typeof blocking)["index"], -1 | 0 | 1>();
  if (blocking.index === -1) same<typeof blocking.value, undefined>();
});

test("so does the name", async () => {
  const [jobs, words] = [numbers(), createQueue<string>()];
  words.putNowait("now");
  const { name, value } = await select({ job: onGet(jobs), word: onGet(words) });
  same<typeof name, "job" | "word">();
  if (name === "job") same<typeof value, number>();
  else same<typeof value, string | typeof UNBOUND>();
  const none = await select({ job: onGet(jobs) }, { default: true });
  same<typeof none.name, "job" | "default">();
});

test("settled results have a status, and a reason instead of a value", async () => {
  const jobs = numbers();
  jobs.shutdown();
  const settled = await select([onGet(jobs)], { settled: true });
  // @ts-expect-error a value exists only where the status was checked
  void settled.value;
  if (settled.status === "fulfilled") same<typeof settled.value, number>();
  else same<typeof settled.reason, unknown>();
  assert.equal(settled.status, "rejected");
});

test("of a list whose length is not known the values are a union, and the index is a number", async () => {
  const [empty, items] = [numbers(), numbers()];
  items.putNowait(5);
  const queues: readonly Queue<number, never>[] = [empty, items];
  const chosen = await select(queues.map((queue) => onGet(queue)));
  same<typeof chosen.index, number>();
  same<typeof chosen.value, number>();
  const named: Record<string, SelectCase<number>> = { a: onGet(empty) };
  const { name, value } = await select(named, { default: true });
  same<typeof name, string>();
  same<typeof value, number | undefined>();
  assert.deepEqual([chosen, name], [{ index: 1, value: 5 }, "default"]);
});

test("what is no case, and options that do not exist, are refused", () => {
  const [jobs, words] = [numbers(), createQueue<string>()];
  const never = (): void => {
    // @ts-expect-error a queue is no case
    void select([jobs]);
    // @ts-expect-error nor is a promise, to which a thousand selects would leave a thousand listeners
    void select([Promise.resolve(1)]);
    // @ts-expect-error the queue takes strings
    onPut(words, 1);
    // @ts-expect-error the options of a case are the item's, those of waiting are the select's
    onPut(words, "", { timeout: 1 });
    // @ts-expect-error a misspelt option
    void select([onGet(jobs)], { timeOut: 1 });
    // @ts-expect-error there is no value for default
    void select([onGet(jobs)], { default: 0 });
    const some: readonly Selectable<number>[] = [onGet(jobs)];
    void selectSync(some, { signal: AbortSignal.abort() });
  };
  assert.equal(typeof never, "function");
});
