/** There is one runtime in a process, whichever thread comes first, and whatever main does meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FACTOR } from "../faults/harness.js";
import { type Ended, startScenario, WATCHDOG } from "../support/processes.js";

const options = { timeout: 4 * WATCHDOG * Math.max(FACTOR, 1), concurrency: 2 };
const module = new URL("./runtimes.scenarios.js", import.meta.url);

/** `nodeArgs` come before the file, `args` after the scenario's name. */
async function run(scenario: string, args: string[] = [], nodeArgs: string[] = []): Promise<Ended> {
  const ended = await startScenario(module, scenario, { nodeArgs, args }).ended;
  assert.deepEqual([ended.code, ended.stderr], [0, ""]);
  return ended;
}

const expected = "0 1 2 2 2,4\n0 runtime init, 1 worker_threads, 2 interpreters module\nfrom the worker\n";

test("a worker and main share one runtime", options, async (t) => {
  const orders: Record<string, string> = {
    importedYounger: "a worker that main starts after it has only imported the package",
    usedYounger: "a worker that main starts after it has used the package",
    importedOlder: "a worker that is older than main's import",
    usedOlder: "a worker that is older than main's use",
    neverOlder: "a worker whose main has not imported the package",
  };
  for (const [scenario, title] of Object.entries(orders)) {
    for (const meanwhile of ["idle", "busy", "waiting"]) {
      await t.test(`${title}, main is ${meanwhile}`, async () => {
        assert.equal((await run(scenario, [meanwhile])).stdout, expected);
      });
    }
  }
});

/** Of each kind, of which there are four. FAULTS_ROUNDS=50 makes 1000. */
const ROUNDS = Math.ceil(5 * FACTOR);

test("threads that use the package at the same instant share one runtime", options, async (t) => {
  for (const meanwhile of ["idle", "busy"]) {
    for (const who of ["main", "workers"]) {
      await t.test(
        `${who === "main" ? "main and workers" : "workers only"}, main is ${meanwhile}`,
        async () => {
          for (let round = 0; round < ROUNDS; round++) {
            // Without main, main is an interpreter that created none: one id more.
            const stdout = `0 0\n0 ${who === "main" ? 0 : 1} true\n`;
            assert.equal((await run("atOnce", [meanwhile, who])).stdout, stdout);
          }
        },
      );
    }
  }
});

test("the runtime outlives the worker that used it first", options, async () => {
  assert.equal((await run("endsFirst")).stdout, "2,2\n4,2\n4,2\n2\n");
});

test("a worker's create() fails with the reason why main cannot start threads", options, async () => {
  const line =
    "InterpreterError ERR_INTERPRETER_BOOT because of RangeError ERR_WORKER_INIT_FAILED no more threads\n";
  assert.equal((await run("refused")).stdout, line.repeat(2));
});

const flag = process.allowedNodeEnvironmentFlags.has("--permission")
  ? "--permission"
  : "--experimental-permission";

test(
  "without the permission to interrupt main, workers share its runtime if it has imported the package",
  options,
  async (t) => {
    const nodeArgs = [flag, "--allow-worker", "--allow-fs-read=*", "--no-warnings"];
    for (const scenario of ["importedYounger", "usedYounger", "importedOlder", "usedOlder"]) {
      await t.test(scenario, async () => {
        assert.equal((await run(scenario, ["idle"], nodeArgs)).stdout, expected);
      });
    }
  },
);
