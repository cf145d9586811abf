/** The output of programs with interpreters, and when it shows. Each program runs in its own process. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertEnded, type Running, startScenario, WATCHDOG } from "../support/processes.js";

const options = { timeout: 2 * WATCHDOG, concurrency: 2 };
const module = new URL("./output.scenarios.js", import.meta.url);
const begin = (scenario: string): Running => startScenario(module, scenario);
const occurrences = (text: string, part: string): number => text.split(part).length - 1;

test("what an interpreter prints shows at once while the main thread is blocked", options, async (t) => {
  const names = ["callSync", "execSync", "getSync", "resultSync", "atomicsWait", "fromTimer", "nested"];
  await Promise.all(
    names.map((name) =>
      t.test(name, async () => {
        const program = begin(name);
        // The program never ends by itself, so it has no chance to print later.
        await program.printed("shown\n");
        program.kill("SIGKILL");
        const { signal, stdout, stderr } = await program.ended;
        assert.deepEqual({ signal, stdout, stderr }, { signal: "SIGKILL", stdout: "shown\n", stderr: "" });
      }),
    ),
  );
});

test("lines appear in the order they were printed, across interpreters", options, async () => {
  assertEnded(await begin("order").ended, { code: 0, stdout: "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n" });
});

test("what an interpreter printed before it ended is not lost", options, async () => {
  assertEnded(await begin("lastWords").ended, {
    code: 0,
    stdout: "last words\nbefore close\nbefore terminate\n",
  });
});

test("a megabyte of output arrives whole, before what is printed after it", options, async () => {
  const { code, stdout, stderr } = await begin("large").ended;
  const lines = stdout.split("\n");
  assert.deepEqual([code, stderr, lines.length], [0, "", 1002]);
  for (let n = 0; n < 1000; n++) assert.equal(lines[n], `${n} ${"x".repeat(1000)}`);
  assert.equal(lines[1000], "end");
});

test("lines of several interpreters are not mixed up", options, async () => {
  const { code, stdout, stderr } = await begin("manyAtOnce").ended;
  assert.deepEqual([code, stderr], [0, ""]);
  const numbers = stdout
    .trimEnd()
    .split("\n")
    .map((line) => /^line (\d+) x{200}$/.exec(line)?.[1]);
  assert.deepEqual(
    numbers.map(Number).sort((a, b) => a - b),
    Array.from({ length: 200 }, (_, n) => n),
  );
});

test("console.error goes to stderr", options, async () => {
  const { code, stdout, stderr } = await begin("errors").ended;
  assert.deepEqual([code, stdout, stderr], [0, "to stdout\n", "to stderr\n"]);
});

test("an exception in an idle interpreter is printed once, and main is unharmed", options, async (t) => {
  for (const [name, stdout, message] of [
    ["idleTimerThrows", "main goes on\n", "TypeError: from a timer"],
    ["idleRejection", "main goes on\n", "TypeError: nobody handles it"],
    ["poolIdleTimerThrows", "pool goes on\n", "TypeError: from a timer"],
  ]) {
    await t.test(name, async () => {
      const ended = await begin(name).ended;
      assert.deepEqual([ended.code, ended.stdout], [0, stdout], ended.stderr);
      assert.equal(occurrences(ended.stderr, message), 1, ended.stderr);
      assert.match(ended.stderr, /^Interpreter 1 /, "it says which");
      assert.doesNotMatch(ended.stderr, /src\/(?:interpreter|guests)\//);
    });
  }
});

test(
  "whatever is thrown in an idle interpreter is printed once, and calls elsewhere go on",
  options,
  async () => {
    const { code, stdout, stderr } = await begin("idleThrowsAnything").ended;
    assert.deepEqual([code, stdout], [0, "1\n"], stderr);
    const printed = stderr.match(/^Interpreter \d+ ended by an uncaught exception:$/gm) ?? [];
    assert.deepEqual(
      printed,
      [2, 3, 4, 5, 6, 7, 8, 9].map((id) => `Interpreter ${id} ended by an uncaught exception:`),
    );
  },
);

test("sinks get what was written before the program ended", options, async (t) => {
  for (const [name, stdout] of [
    ["sinkAtEnd", "sink: during the call\nsink: afterwards\n"],
    ["sinkAtExit", "sink: afterwards\n"],
  ]) {
    await t.test(name, async () => assertEnded(await begin(name).ended, { code: 0, stdout }));
  }
});

test("an exception that reaches a caller is not printed", options, async () => {
  assertEnded(await begin("busyTimerThrows").ended, { code: 0, stdout: "from a timer\n" });
});

test("a boot that fails is printed once, and fails what waited for it", options, async (t) => {
  for (const [name, stdout] of [
    ["bootFails", "ERR_INTERPRETER_BOOT no boot\n".repeat(3)],
    ["bootFailsBlocking", "ERR_INTERPRETER_BOOT\n"],
  ]) {
    await t.test(name, async () => {
      const ended = await begin(name).ended;
      assert.deepEqual([ended.code, ended.stdout], [0, stdout]);
      assert.equal(occurrences(ended.stderr, "TypeError: no boot"), 1, ended.stderr);
      assert.match(ended.stderr, /^Interpreter 1 failed to boot/);
    });
  }
});

test(
  "a pool whose workers do not boot fails the tasks in line, and tries again for later ones",
  options,
  async () => {
    const { code, stdout, stderr } = await begin("poolDoesNotBoot").ended;
    assert.equal(code, 0);
    const error = "InterpreterError";
    assert.equal(stdout, `${`${error} ERR_INTERPRETER_BOOT\n`.repeat(3)}${error}\n${error}\n`);
    assert.equal(occurrences(stderr, "Interpreter 1 failed to boot"), 1, stderr);
    assert.ok(occurrences(stderr, "failed to boot") <= 3, `not for each task in line: ${stderr}`);
  },
);

test("nothing is printed that the program did not print", options, async () => {
  assertEnded(await begin("quiet").ended, { code: 0 });
});
