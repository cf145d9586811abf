/** The supervisor cannot start, at first or at all: every operation says why, none hangs, and the next one tries again. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { assertEnded, type Ended, start, startScenario, WATCHDOG } from "../support/processes.js";

const options = { timeout: 2 * WATCHDOG, concurrency: 2 };
const module = new URL("./starts.scenarios.js", import.meta.url);
const source = fileURLToPath(new URL("../../src/", import.meta.url));
// Inside the package, so that its dependencies are found.
const folder = mkdtempSync(path.join(path.dirname(source), "starts-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const run = (scenario: string, nodeArgs: string[] = [], env: Record<string, string> = {}): Promise<Ended> =>
  startScenario(module, scenario, { nodeArgs, env }).ended;
const failed = (why: string): string => `InterpreterError ERR_INTERPRETER_BOOT because of ${why}\n`;

test("a thread limit of a moment fails only what is tried in that moment", options, async () => {
  assertEnded(await run("limit"), {
    code: 0,
    stdout:
      `${failed("Error ERR_WORKER_INIT_FAILED").repeat(6)}true 0 0\n` +
      `${failed("Error ERR_WORKER_INIT_FAILED")}1\n2\n4\n`,
  });
});

const permission = process.allowedNodeEnvironmentFlags.has("--permission")
  ? "--permission"
  : "--experimental-permission";

test("without the permission to start threads, create() says so each time", options, async () => {
  const flags = [permission, "--allow-fs-read=*", "--no-warnings"];
  assertEnded(await run("permission", flags), {
    code: 0,
    stdout: `${failed("Error ERR_ACCESS_DENIED").repeat(2)}1\n`,
  });
});

const deletable = {
  ...options,
  skip: process.platform === "win32" ? "a working directory cannot be deleted" : false,
};
test("a working directory that was deleted is the cause, until there is another one", deletable, async () => {
  assertEnded(await run("directory"), { code: 0, stdout: `${failed("Error ENOENT").repeat(2)}2\n` });
});

test(
  "a supervisor that ends while it starts fails what is pending, also while main is blocked",
  options,
  async () => {
    const { code, stdout, stderr } = await run("ending");
    assert.deepEqual([code, stderr], [0, ""]);
    const lines = stdout.split("\n");
    assert.deepEqual(
      [...lines.slice(0, 3), "closed", ...lines.slice(4)].join("\n"),
      `${failed("Error out of luck").repeat(3)}closed\n${failed("Error out of luck")}1\n` +
        `${failed("Error its thread ended while this thread was blocked before it was ready")}2 2 3\n`,
    );
  },
);

test("preloads are not for the supervisor", options, async () => {
  const preload = path.join(folder, "fails.cjs");
  writeFileSync(
    preload,
    `const { workerData } = require("node:worker_threads"); if (workerData?.watched !== undefined) throw new Error("preloaded");`,
  );
  const stdout = "2\n2\n";
  assertEnded(await run("works", ["--require", preload]), { code: 0, stdout });
  assertEnded(await run("works", [], { NODE_OPTIONS: `--require ${preload}` }), { code: 0, stdout });
});

/** A preload with which a thread finds the package's files below a folder that does not exist, as Yarn's PnP finds those in an archive. */
function archive(): { preload: string; entry: string } {
  const target = path.join(folder, "archived");
  cpSync(source, target, { recursive: true });
  const archived = path.join(folder, "archive.zip", "interpreters");
  const preload = path.join(folder, "pnp.cjs");
  writeFileSync(
    preload,
    `const fs = require("node:fs"), Module = require("node:module");
     const real = (file) => {
       const name = file instanceof URL ? require("node:url").fileURLToPath(file) : file;
       return typeof name === "string" && name.startsWith(${JSON.stringify(archived)})
         ? ${JSON.stringify(target)} + name.slice(${archived.length}) : file;
     };
     for (const name of ["readFileSync", "existsSync", "statSync"]) {
       const original = fs[name];
       fs[name] = (file, ...more) => original(real(file), ...more);
     }
     const resolve = Module._resolveFilename;
     Module._resolveFilename = function (request, parent, ...more) {
       const absolute = request.startsWith(".") && parent?.filename ? require("node:path").resolve(parent.filename, "..", request) : request;
       return absolute.startsWith(${JSON.stringify(archived)}) ? absolute : resolve.call(this, request, parent, ...more);
     };
     Module.syncBuiltinESMExports();`,
  );
  return { preload, entry: path.join(archived, "entry.cjs") };
}

test("a supervisor whose file only a preload of main can find starts all the same", options, async (t) => {
  const { preload, entry } = archive();
  const bare = `new (require("node:worker_threads").Worker)(${JSON.stringify(entry)}).on("exit", console.log)`;
  await t.test("as a bare worker does", async () => {
    const program = start(process.execPath, ["--require", preload, "-e", bare]);
    assertEnded(await program.ended, { code: 0, stdout: "0\n" });
  });
  const calls: Record<string, string> = {
    "a promise": "create().call(Math.max, 1, 2).then(console.log)",
    blocking: "console.log(create().callSync(Math.max, 1, 2))",
    "with what a language's threads share": `create({ language: { ...language, shared: { key: "two", value: new Int32Array(new SharedArrayBuffer(4)).fill(2) } } })
      .call("shared").then(console.log)`,
  };
  const language = `{ name: "sharing", tag: 9, data: null, describeFunction: () => ({}), describeScript: String, module: "data:text/javascript," +
      "let given; export default { start(data, shared) { given = shared }, exec() {}, prepare() {}, load: () => () => given[0], describeFailure: String }" }`;
  for (const [name, call] of Object.entries(calls)) {
    await t.test(name, async () => {
      const code = `const { create } = require(${JSON.stringify(entry)}), language = ${language}; ${call}`;
      const program = start(process.execPath, ["--require", preload, "-e", code]);
      assertEnded(await program.ended, { code: 0, stdout: "2\n" });
    });
  }
  await t.test("in NODE_OPTIONS", async () => {
    const code = `const { create } = require(${JSON.stringify(entry)}); ${calls["a promise"]}`;
    const program = start(process.execPath, ["-e", code], { env: { NODE_OPTIONS: `--require ${preload}` } });
    assertEnded(await program.ended, { code: 0, stdout: "2\n" });
  });
});

test("a bundle that cannot be read says so", options, async () => {
  const target = path.join(folder, "broken");
  cpSync(source, target, { recursive: true });
  writeFileSync(path.join(target, "supervisor.cjs"), "throw new RangeError('half written')");
  const entry = pathToFileURL(path.join(target, "entry.mjs")).href;
  const code = `import { create } from ${JSON.stringify(entry)};
    for (let i = 0; i < 2; i++) await create().call(Math.max, 1).catch((e) => console.log(e.code, e.cause.name, e.cause.message));`;
  const program = start(process.execPath, ["--input-type=module", "-e", code]);
  assertEnded(await program.ended, {
    code: 0,
    stdout: "ERR_INTERPRETER_BOOT RangeError half written\n".repeat(2),
  });
});
