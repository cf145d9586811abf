/** Interpreters that cannot boot: each operation fails with the reason, stderr shows it once, and everything else continues. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { CreateOptions } from "interpreters";
import { limits, WATCHDOG } from "../support/ways.js";

interface Seen {
  kind: string;
  code?: string;
  message: string;
  cause: string;
}
type Order = "promises" | "blocking" | "ends" | "moments";

/** Runs the scenario in a process of its own. */
async function run(
  options: CreateOptions,
  order: Order,
): Promise<{ seen: Record<string, Seen>; left: number; stderr: string }> {
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const file = fileURLToPath(new URL("./boot-scenarios.js", import.meta.url));
  const child = spawn(process.execPath, [file, JSON.stringify([options, order])], {
    env,
    timeout: WATCHDOG,
    killSignal: "SIGKILL",
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const code = await new Promise((resolve) => child.on("close", (code, signal) => resolve(code ?? signal)));
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  return { ...(JSON.parse(stdout) as { seen: Record<string, Seen>; left: number }), stderr };
}

const imports = (source: string): CreateOptions => ({
  execArgv: ["--import", `data:text/javascript,${encodeURIComponent(source)}`],
});

const failures: { name: string; options: CreateOptions; cause: RegExp }[] = [
  {
    name: "a flag that Node does not know",
    options: { execArgv: ["--no-such-flag-of-node"] },
    cause: /--no-such-flag-of-node/,
  },
  { name: "a flag that is not for threads", options: { execArgv: ["--expose-gc"] }, cause: /--expose-gc/ },
  {
    name: "an imported module that throws",
    options: imports("throw new RangeError('thrown while importing')"),
    cause: /thrown while importing/,
  },
  { name: "an imported module that throws no error", options: imports("throw 'text'"), cause: /text/ },
  {
    name: "an imported module that is not there",
    options: { execArgv: ["--import", "file:///there/is/none.mjs"] },
    cause: /none\.mjs/,
  },
  { name: "an imported module with a syntax error", options: imports("let = = 5"), cause: /Unexpected/ },
  { name: "an imported module that exits", options: imports("process.exit(5)"), cause: /5/ },
];

test("a call is told the boot error at whatever moment of the end it comes", limits, async () => {
  const { next, afterwards: _, ...calls } = (await run(failures[0].options, "moments")).seen;
  assert.deepEqual(
    Object.entries(calls).map(([name, { code }]) => [name, code]),
    [["call", "ERR_INTERPRETER_BOOT"]],
  );
  assert.equal(next.kind, "healthy");
});

for (const { name, options, cause } of failures) {
  for (const order of ["promises", "blocking"] as const) {
    test(`each operation is told the boot error: ${name} (${order})`, limits, async () => {
      const { seen, left, stderr } = await run(options, order);
      const { next, afterwards, ...operations } = seen;
      assert.equal(Object.keys(operations).length, order === "promises" ? 4 : 1);
      for (const [operation, error] of Object.entries(operations)) {
        assert.equal(error.kind, "refused", operation);
        assert.equal(error.code, "ERR_INTERPRETER_BOOT", operation);
        assert.match(error.message, /interpreter 1 failed to boot/, operation);
        assert.match(error.cause, cause, operation);
      }
      assert.equal(afterwards.kind, "refused");
      assert.match(afterwards.code ?? "", /^ERR_INTERPRETER_(NOT_FOUND|BOOT)$/);
      assert.equal(next.kind, "healthy");
      assert.equal(left, 1, "only main is left");
      assert.equal(stderr.split("Interpreter 1 failed to boot").length - 1, 1, stderr);
      assert.match(stderr, cause);
      assert.doesNotMatch(stderr, /\/src\/(interpreter|supervisor|memory)\//, "no frames of ours");
      assert.doesNotMatch(stderr, /ExperimentalWarning|undefined/);
    });
  }
}

test("closing and terminating one that cannot boot succeeds: it is gone", limits, async () => {
  const { seen, left } = await run(failures[2].options, "ends");
  assert.deepEqual(
    [seen["close"].kind, seen["terminate"].kind, seen["next"].kind, left],
    ["done", "done", "healthy", 1],
  );
});

test("too little memory to boot is told like any other failure", limits, async () => {
  const { seen, stderr } = await run({ resourceLimits: { maxOldGenerationSizeMb: 4 } }, "promises");
  for (const operation of ["call", "exec", "prepareMain", "view"]) {
    assert.equal(seen[operation].code, "ERR_INTERPRETER_BOOT", operation);
    assert.match(seen[operation].cause, /memory/i, operation);
  }
  assert.equal(stderr.split("Interpreter 1 failed to boot").length - 1, 1, stderr);
});
