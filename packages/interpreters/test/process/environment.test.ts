/** Programs in unusual surroundings: in a worker, as an argument of node, with flags, in another folder, with little memory. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  assertEnded,
  type Ended,
  littleAddressSpace,
  start,
  startScenario,
  WATCHDOG,
} from "../support/processes.js";

const options = { timeout: 2 * WATCHDOG, concurrency: 2 };
const module = new URL("./environment.scenarios.js", import.meta.url);
const entry = new URL("../../src/entry.mjs", import.meta.url);
const everything = "5\n42\nmodule\n7\n14\nexit\n";

interface Surroundings {
  nodeArgs?: string[];
  env?: Record<string, string>;
}
const run = (scenario: string, more?: Surroundings): Promise<Ended> =>
  startScenario(module, scenario, more).ended;
const node = (...args: string[]): Promise<Ended> => start(process.execPath, args).ended;

test("the package runs in a worker thread whose main thread does not use it", options, async () => {
  assertEnded(await run("inWorker"), { code: 0, stdout: everything });
});

test("each such worker has interpreters of its own", options, async () => {
  const { code, stdout, stderr } = await run("inTwoWorkers");
  assert.deepEqual([code, stderr], [0, ""]);
  const twice = [...everything.trim().split("\n"), ...everything.trim().split("\n")];
  assert.deepEqual(stdout.trim().split("\n").sort(), twice.sort());
});

test("a worker that is stopped takes its interpreters with it", options, async () => {
  assertEnded(await run("workerStopped"), { code: 0, stdout: "stopped 1\n" });
});

test(
  "a worker of a program that uses the package joins its interpreters, and leaves them when it ends",
  options,
  async (t) => {
    for (const scenario of ["joining", "joiningStopped"]) {
      await t.test(scenario, async () => {
        assertEnded(await run(scenario), { code: 0, stdout: "false worker_threads\n2\nUNBOUND\ngone\n" });
      });
    }
  },
);

test("the package runs in code that is an argument or the input of node", options, async (t) => {
  const code = `import { create } from ${JSON.stringify(entry.href)}; console.log(create().callSync(() => 6 * 7));`;
  const dynamic = `import(${JSON.stringify(entry.href)}).then(async ({ create }) => console.log(await create().call(() => 6 * 7)))`;
  await t.test("--input-type=module -e", async () =>
    assertEnded(await node("--input-type=module", "-e", code), { code: 0, stdout: "42\n" }),
  );
  await t.test("-e", async () => assertEnded(await node("-e", dynamic), { code: 0, stdout: "42\n" }));
  await t.test("-p", async () => {
    const { code: exitCode, stdout, stderr } = await node("-p", dynamic);
    // Node prints the promise, too, before or after the number.
    assert.deepEqual([exitCode, stdout.split("\n").includes("42"), stderr], [0, true, ""]);
  });
});

test("interpreters have the node options of the process", options, async (t) => {
  await t.test("--conditions", async () => {
    const nodeArgs = ["--conditions=special"];
    assertEnded(await run("condition", { nodeArgs }), { code: 0, stdout: "--conditions=special\n" });
  });
  const preload = "data:text/javascript,globalThis.preloaded=true";
  await t.test("--import", async () => {
    assertEnded(await run("preloaded", { nodeArgs: ["--import", preload] }), { code: 0, stdout: "true\n" });
  });
  await t.test("NODE_OPTIONS", async () => {
    assertEnded(await run("preloaded", { env: { NODE_OPTIONS: `--import ${preload}` } }), {
      code: 0,
      stdout: "true\n",
    });
  });
  await t.test("those for the whole process", async () => {
    const nodeArgs = [
      "--expose-gc",
      "--max-old-space-size=500",
      "--stack-size=900",
      "--title=t",
      "--no-warnings",
    ];
    assertEnded(await run("everything", { nodeArgs }), { code: 0, stdout: everything });
    // A program may pass them on by itself, with its own.
    const { code, stdout } = await run("flagsPassedOn", { nodeArgs });
    assert.deepEqual([code, stdout], [0, "--no-warnings --trace-uncaught\ntrue\n"]);
  });
});

test("with source maps, stacks show source files, and still nothing of this package", options, async (t) => {
  const ways: Record<string, Surroundings> = {
    flag: { nodeArgs: ["--enable-source-maps"] },
    NODE_OPTIONS: { env: { NODE_OPTIONS: "--enable-source-maps" } },
  };
  for (const [name, more] of Object.entries(ways)) {
    await t.test(name, async () => {
      const { code, stdout, stderr } = await run("stackOfTypeScript", more);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, /environment\.mapped\.ts:9:/);
      assert.match(stdout, /environment\.scenarios\.ts:\d+:/);
      assert.doesNotMatch(stdout, /src\/(?:interpreter|guests)\//);
    });
    await t.test(`${name}, exec`, async () => {
      const { code, stdout, stderr } = await run("stackOfScript", more);
      assert.deepEqual([code, stderr], [0, ""]);
      // The frames of the module, of the script as it was written, and of the caller.
      assert.match(
        stdout,
        /environment\.mapped\.ts:9:[^]*at job\.ts:3:1[^]*Called from:[^]*environment\.scenarios\.ts:\d+:/,
      );
      assert.doesNotMatch(stdout, /src\/(?:interpreter|guests)\//);
    });
  }
});

test("child processes are not allowed with allowSpawn: false, whatever the flags say", options, async (t) => {
  const { allowedNodeEnvironmentFlags: known } = process;
  const permission = known.has("--permission") ? "--permission" : "--experimental-permission";
  for (const nodeArgs of [
    ["--pending-deprecation"],
    [permission, "--allow-worker", "--allow-child-process", "--allow-fs-read=*", "--no-warnings"],
  ]) {
    await t.test(nodeArgs[0], async () => {
      assertEnded(await run("noPrograms", { nodeArgs }), {
        code: 0,
        stdout: "ERR_INTERPRETER_NOT_ALLOWED\n".repeat(2),
      });
    });
  }
});

test("standby interpreters that die before they are used cause no failure", options, async () => {
  // Among this package's threads, the standby threads are those without a slot.
  const dies = `import { workerData as d } from "node:worker_threads"; if (d?.config && d.slot === undefined) process.exit(7)`;
  const nodeArgs = ["--import", `data:text/javascript,${encodeURIComponent(dies)}`];
  assertEnded(await run("prewarmed", { nodeArgs }), { code: 0, stdout: "5,5,5,5,5\n" });
});

test("relative imports of code without a file resolve against the working directory", options, async (t) => {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "interpreters-")));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, "here.mjs"), "export const here = 'here';");
  const program = start(process.execPath, [fileURLToPath(module), "relativeImport"], {
    cwd: folder,
    env: { EXPECTED_CWD: folder },
  });
  assertEnded(await program.ended, { code: 0, stdout: "here\ntrue\n" });
});

const linux = process.platform === "linux" ? {} : { skip: "needs ulimit and /proc" };

test(
  "a process with little address space makes do with a smaller memory",
  { ...options, ...linux },
  async () => {
    const command = `${littleAddressSpace}; exec "$0" "$@"`;
    const program = start("bash", ["-c", command, process.execPath, fileURLToPath(module), "large"]);
    assertEnded(await program.ended, { code: 0, stdout: `40\n${everything}` });
  },
);

test("calling a builtin function loads no module of Node that it does not need", options, async () => {
  const code = `import { create } from ${JSON.stringify(entry.href)}; create().callSync(Math.max, 1); \
    console.log(process.moduleLoadList.filter((name) => name.includes("undici")).join());`;
  assertEnded(await node("--input-type=module", "-e", code), { code: 0, stdout: "\n" });
});

test("the package runs where there is no WebAssembly", options, async () => {
  // Node warns about the consequences of the flag, so stderr is not empty.
  const { code, stdout } = await run("everything", { nodeArgs: ["--jitless"] });
  assert.deepEqual([code, stdout], [0, everything]);
});

test("closed and terminated interpreters leave no threads behind", { ...options, ...linux }, async () => {
  assertEnded(await run("threads"), { code: 0, stdout: "true\n" });
});

test("interpreters and pools that are forgotten are closed", options, async () => {
  const { code, stdout, stderr } = await run("forgotten", { nodeArgs: ["--expose-gc"] });
  assert.deepEqual([code, stdout, stderr], [0, "0: true, 1: false, 2: false\n", ""]);
});
