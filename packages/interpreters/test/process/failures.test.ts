/** How unhandled failures and signals end a program. Each program runs in its own process. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { assertEnded, type Running, startScenario, WATCHDOG } from "../support/processes.js";

const options = { timeout: 2 * WATCHDOG, concurrency: 2 };
const module = new URL("./exits.scenarios.js", import.meta.url);
const begin = (scenario: string): Running => startScenario(module, scenario);

const occurrences = (text: string, part: string): number => text.split(part).length - 1;

test(
  "an uncaught exception in main ends the program with code 1, and is all that is printed",
  options,
  async (t) => {
    for (const name of ["uncaught", "uncaughtLater"]) {
      await t.test(name, async () => {
        const { code, stdout, stderr } = await begin(name).ended;
        assert.deepEqual([code, stdout], [1, ""]);
        assert.equal(occurrences(stderr, "Error: uncaught in main"), 1, stderr);
        assert.doesNotMatch(stderr, /Warning|Interpreter \d/);
      });
    }
  },
);

test("a failure is an unhandled rejection exactly when it has no handler", options, async (t) => {
  for (const [name, stdout] of [
    ["failedTask", ""],
    ["failedTaskWithCallback", "called back\n"],
    ["failedCall", ""],
  ]) {
    await t.test(name, async () => {
      const ended = await begin(name).ended;
      assert.deepEqual([ended.code, ended.stdout], [1, stdout]);
      assert.match(ended.stderr, /RangeError: nobody looked/);
      assert.match(ended.stderr, /exits\.scenarios\.js/, "where it was submitted");
      assert.doesNotMatch(ended.stderr, /src\/(?:interpreter|futures|guests)\//);
    });
  }
  for (const [name, stdout] of [
    ["failedTaskSeen", ""],
    ["cancelledTask", "true\n"],
    ["abandonedMap", ""],
  ]) {
    await t.test(name, async () => assertEnded(await begin(name).ended, { code: 0, stdout }));
  }
});

/** The processes and threads that the program left behind. On Linux only; elsewhere it returns an empty list. */
function remains(pid: number): string[] {
  if (!existsSync("/proc/self/task")) return [];
  return readdirSync("/proc").filter((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      const [, parent] = /^\d+ \(.*\) \S (\d+) /s.exec(readFileSync(`/proc/${entry}/stat`, "utf8")) ?? [];
      return Number(entry) === pid || Number(parent) === pid;
    } catch {
      return false; // It has just ended.
    }
  });
}

test("a signal ends the program and leaves nothing behind", options, async (t) => {
  for (const name of ["waitForSignal", "waitForSignalBlocked"]) {
    for (const sent of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
      await t.test(`${name}, ${sent}`, async () => {
        const program = begin(name);
        await program.printed("ready\n");
        program.kill(sent);
        const { signal, stdout, stderr } = await program.ended;
        assert.deepEqual({ signal, stdout, stderr }, { signal: sent, stdout: "ready\n", stderr: "" });
        assert.deepEqual(remains(program.pid), []);
      });
    }
  }
});

test("a signal handler in main decides what a signal does", options, async () => {
  const program = begin("handleSignal");
  await program.printed("ready\n");
  program.kill("SIGINT");
  assertEnded(await program.ended, { code: 130, stdout: "ready\nhandled\n" });
  assert.deepEqual(remains(program.pid), []);
});
