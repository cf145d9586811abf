/** The options of a pool that are those of each interpreter: env, argv, execArgv, stdout, stderr. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExecutorOptions, InterpreterPoolExecutor } from "interpreters";
import { rejection, WATCHDOG } from "../support/processes.js";
import { createdIds } from "../support/queues.js";

const limits = { timeout: WATCHDOG };

const look = (): unknown => [
  process.env["POOL_TEST"],
  process.argv.slice(2),
  process.execArgv,
  (globalThis as { imported?: unknown }).imported,
];

test("each worker has the environment, the arguments and the Node options of the pool", limits, async () => {
  const env: Record<string, string> = { POOL_TEST: "given" };
  const argv = ["--verbose", "input"];
  const execArgv = ["--import", "data:text/javascript,globalThis.imported = 5"];
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, env, argv, execArgv });
  env["POOL_TEST"] = "later";
  argv.push("later");
  execArgv.length = 0;
  const expected = [
    "given",
    ["--verbose", "input"],
    ["--import", "data:text/javascript,globalThis.imported = 5"],
    5,
  ];
  assert.deepEqual(await pool.submit(look), expected);
  await rejection(pool.submit(() => process.exit(1)));
  assert.deepEqual(await pool.submit(look), expected, "the one that took the dead one's place, too");
});

test("by default the environment is this one's when the interpreter starts", limits, async (t) => {
  t.after(() => delete process.env["POOL_TEST"]);
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  process.env["POOL_TEST"] = "mine";
  assert.equal(((await pool.submit(look)) as unknown[])[0], "mine");
});

test("a sink gets the output of all workers, before a task's result", limits, async () => {
  const [out, err]: [string[], string[]] = [[], []];
  const pool = new InterpreterPoolExecutor({
    maxWorkers: 2,
    stdout: { write: (text: string) => void out.push(text) },
    stderr: { write: (text: string) => void err.push(text) },
  });
  const write = (n: number): number => {
    console.log(`out ${n}`);
    console.error(`err ${n}`);
    return n;
  };
  for (let n = 0; n < 5; n++) {
    await pool.submit(write, n);
    assert.equal(out.join("").split("\n").at(-2), `out ${n}`);
  }
  await Promise.all(Array.from({ length: 20 }, (_, n) => pool.submit(write, n + 5)));
  await pool.submit(() => void setTimeout(() => console.log("last"), 1));
  await pool.shutdown();
  const lines = out.join("").trimEnd().split("\n");
  assert.deepEqual(
    new Set(lines.filter((line) => line !== "last")),
    new Set(Array.from({ length: 25 }, (_, n) => `out ${n}`)),
  );
  assert.equal(err.join("").trimEnd().split("\n").length, 25);
});

test("output may be ignored", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1, stdout: "ignore", stderr: "ignore" });
  await pool.submit(() => {
    console.log("not to be seen");
    console.error("nor this");
  });
});

test("a sink that never takes the output does not keep terminateWorkers from its end", limits, async () => {
  const pool = new InterpreterPoolExecutor({
    maxWorkers: 1,
    stdout: { write: () => new Promise(() => {}) },
  });
  await pool.submit(() => console.log("stuck"));
  await pool.shutdown({ timeout: 50 });
  assert.deepEqual(createdIds(), []);
});

test("bad options are refused at once", limits, () => {
  const bad: ExecutorOptions[] = [
    { env: 5 as never },
    { env: { A: 1 as never } },
    { argv: "text" as never },
    { argv: [1 as never] },
    { execArgv: "text" as never },
    { stdout: "nowhere" as never },
    { stderr: {} as never },
  ];
  for (const options of bad) {
    const [option] = Object.keys(options);
    assert.throws(
      () => new InterpreterPoolExecutor(options),
      (error) => error instanceof TypeError && error.message.includes(option),
      option,
    );
  }
});
