/** The permissions of an interpreter: `create({ config })`. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  create,
  type CreateOptions,
  ExecutionFailed,
  fromModule,
  type Interpreter,
  InterpreterError,
} from "interpreters";
import { limits, rejection, thrown } from "../support/ways.js";

const made = new Map<string, Interpreter>();
after(async () => {
  await Promise.all([...made.values()].map((interp) => interp.terminate()));
});

/** One interpreter for each configuration. */
function configured(config: NonNullable<CreateOptions["config"]> | undefined): Interpreter {
  const key = JSON.stringify(config) ?? "default";
  let interp = made.get(key);
  if (interp === undefined) made.set(key, (interp = create(config === undefined ? {} : { config })));
  return interp;
}

/** Every ordinary way to start another program. Each leaves the program's output in `out`. */
const programs: Record<string, string> = {
  "import, named": `import { execFileSync } from "node:child_process"; var out = execFileSync(process.execPath, ["-p", "1"])`,
  "import, default": `import cp from "node:child_process"; var out = cp.spawnSync(process.execPath, ["-p", "1"]).stdout`,
  "import, without prefix": `import * as cp from "child_process"; var out = cp.execSync(JSON.stringify(process.execPath) + " -p 1")`,
  "import()": `const { spawn } = await import("node:child_process"); const { once } = process.getBuiltinModule("node:events");
    const child = spawn(process.execPath, ["-p", "1"]); var out = ""; child.stdout.on("data", (d) => { out += d }); await once(child, "close")`,
  require: `const { execFile } = require("child_process"); var out = await new Promise((resolve, reject) =>
    execFile(process.execPath, ["-p", "1"], (error, text) => error ? reject(error) : resolve(text)))`,
  promisify: `const { promisify } = require("node:util"); var { stdout: out } = await promisify(require("child_process").exec)(JSON.stringify(process.execPath) + " -p 1")`,
  getBuiltinModule: `var out = process.getBuiltinModule("node:child_process").spawnSync(process.execPath, ["-p", "1"]).stdout`,
  fork: `import { fork } from "node:child_process"; import { once } from "node:events";
    const child = fork("-p", ["1"], { execArgv: ["-p", "1"], silent: true }); var out = ""; child.stdout.on("data", (d) => { out += d }); await once(child, "close")`,
  "a module that imports it": `import { createRequire } from "node:module"; const { run } = await import("data:text/javascript,import { execFileSync } from 'child_process'; export const run = () => execFileSync(process.execPath, ['-p', '1'])"); var out = run()`,
};
for (const [name, script] of Object.entries(programs)) {
  test(`allowSpawn: ${name}`, limits, async () => {
    for (const config of [{ allowSpawn: false }, { allowSpawn: false, allowExec: true }] as const) {
      const error = await rejection<ExecutionFailed>(configured(config).exec(script));
      assert.ok(error instanceof ExecutionFailed, String(error));
      assert.ok(error.cause instanceof InterpreterError, String(error.cause));
      assert.equal(error.cause.code, "ERR_INTERPRETER_NOT_ALLOWED");
      assert.match(error.message, /start another program.*allowSpawn: true/);
    }
    for (const config of [undefined, "isolated", "legacy", { allowSpawn: true }, {}] as const) {
      const interp = configured(config);
      await interp.exec(script);
      assert.match(interp.callSync(new Function("return String(out)") as () => string), /^1\n$/, name);
    }
  });
}

test("allowSpawn: cluster; allowExec: execve", limits, async () => {
  const cluster = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const primary = process.getBuiltinModule(
        "node:cluster",
      ) as unknown as typeof import("node:cluster").default;
      primary.setupPrimary({ exec: "none", execArgv: ["-e", "process.exit(0)"], silent: true });
      primary.fork().on("error", reject).on("exit", resolve);
    });
  const error = await rejection<ExecutionFailed>(configured({ allowSpawn: false }).call(cluster));
  assert.match(error.message, /start another program/);
  assert.equal(await configured(undefined).call(cluster), 0);
  const execve =
    "if (process.execve === undefined) throw new Error('replace the process'); process.execve('/bin/true')";
  assert.match((await rejection(configured("isolated").exec(execve))).message, /replace the process/);
});

const threads: Record<string, string> = {
  "import, named": `import { Worker } from "node:worker_threads"; var worker = new Worker("", { eval: true }); worker.terminate()`,
  "import, default": `import wt from "worker_threads"; var worker = new wt.Worker("", { eval: true }); worker.terminate()`,
  "import()": `const wt = await import("node:worker_threads"); var worker = new wt.Worker("", { eval: true }); worker.terminate()`,
  require: `var worker = new (require("worker_threads").Worker)("", { eval: true }); worker.terminate()`,
  getBuiltinModule: `var worker = new (process.getBuiltinModule("worker_threads").Worker)("", { eval: true }); worker.terminate()`,
  "a subclass": `import { Worker } from "node:worker_threads"; class Own extends Worker {}; var worker = new Own("", { eval: true }); worker.terminate()`,
};
for (const [name, script] of Object.entries(threads)) {
  test(`allowThreads: ${name}`, limits, async () => {
    const error = await rejection<ExecutionFailed>(configured({ allowThreads: false }).exec(script));
    assert.ok(error.cause instanceof InterpreterError, String(error));
    assert.equal(error.cause.code, "ERR_INTERPRETER_NOT_ALLOWED");
    assert.match(error.message, /start a thread.*allowThreads: true/);
    for (const config of [undefined, "legacy"] as const) {
      await configured(config).exec(script);
    }
  });
}

test("allowThreads: false does not affect interpreters, import and TypeScript", limits, async () => {
  const interp = configured({ allowThreads: false });
  await interp.prepareMain({ index: new URL("../../src/entry.mjs", import.meta.url).href });
  await interp.exec(`
    const { create } = await import(index);
    const inner = create();
    var answer: number = await inner.call(() => 42);
    await inner.close();`);
  assert.equal(await interp.call(new Function("return answer") as () => number), 42);
  const { basename } = fromModule<typeof import("node:path")>("node:path");
  assert.equal(typeof basename, "function");
});

test("shareEnv: each side sees the other's changes; without it there is a copy", limits, async () => {
  const name = "INTERPRETERS_TEST_SHARED";
  const [sharing, copying] = [configured({ shareEnv: true }), configured(undefined)];
  const read = (name: string): string | undefined => process.env[name];
  const write = (name: string, value: string): void => {
    process.env[name] = value;
  };
  await sharing.call(() => 1);
  await copying.call(() => 1);
  try {
    process.env[name] = "from main";
    assert.deepEqual([sharing.callSync(read, name), copying.callSync(read, name)], ["from main", undefined]);
    await sharing.call(write, name, "from there");
    await copying.call(write, name, "a copy");
    assert.equal(process.env[name], "from there");
  } finally {
    delete process.env[name];
  }
  assert.equal(sharing.callSync(read, name), undefined);
});

test("bad configurations are refused at once", () => {
  const bad = (options: object): string => thrown(() => create(options)).message;
  assert.match(
    bad({ config: "islolated" }),
    /config must be "isolated", "legacy" or an object, found 'islolated'/,
  );
  assert.match(bad({ config: null }), /config must be/);
  assert.match(bad({ config: { allowExcec: true } }), /no option allowExcec.*allowExec/);
  assert.match(bad({ config: { allowExec: 1 } }), /config\.allowExec must be a boolean, found 1/);
  assert.match(bad({ config: { shareEnv: true }, env: {} }), /env or config\.shareEnv, not both/);
});
