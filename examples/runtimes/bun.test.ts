/** The differences of Bun: what it cannot give is refused, and what it has beyond Node is covered. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { runtime } from "./runtime.js";

const bun = await runtime("bun");

const program = `
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { create, fromModule, isShareable } from "interpreters";

const refused = (error) => [error.code, error.cause?.code].filter((code) => code !== undefined).join(" ");
try {
  create({ resourceLimits: { maxOldGenerationSizeMb: 64 } });
} catch (error) {
  console.log(refused(error), error.message);
}
create({ resourceLimits: {} });

const strict = create({ config: { allowSpawn: false, allowThreads: false } });
for (const code of ["Bun.spawn(['true'])", "Bun.spawnSync(['true'])", "Bun.$\`true\`", "new Worker('data:text/javascript,')"]) {
  console.log(await strict.exec(code).then(() => "done", refused));
}

const interp = create();
const error = await interp.call(() => Object.assign(new RangeError("it"), { port: 1 }));
console.log(error instanceof RangeError, Object.keys(error).join(), /at .*interpreters:call/.test(error.stack));

await interp.exec("import { found } from './beside.mjs'; const url = import.meta.resolve('./beside.mjs')", { base: process.cwd() });
console.log(await interp.call(() => [found, url.startsWith("file:"), url.endsWith("/beside.mjs")].join()));
await interp.exec("const again = (await import('./beside.mjs')).found", { base: import.meta.url });
console.log(await interp.call(() => again));
await interp.close();
await strict.close();

const open = create();
await open.call(() => void setInterval(() => {}, 1000));
await open.close();
console.log((await open.ended).exitCode);

const prepared = create({ execArgv: ["--import", "./before.mjs"] });
console.log(await prepared.call(() => globalThis.before));
const unprepared = create({ execArgv: ["--import", "data:text/javascript,"] });
console.log(await unprepared.call(() => {}).catch(({ code, cause }) => [code, cause.message].join()));

const failure = async (file) => {
  const { f } = fromModule(new URL(file, import.meta.url));
  return await prepared.call(f).catch((error) => error);
};
const missing = await failure("./missing.mjs");
console.log(missing.cause.code, missing.message.includes(new URL("./missing.mjs", import.meta.url).href));
const wrong = await failure("./wrong.mjs");
console.log(wrong.excinfo.formatted, wrong.excinfo.errdisplay.includes("wrong.mjs:2\\nexport = 2;"));

const thread = new Worker(new URL("./thread.mjs", import.meta.url), { workerData: prepared.id });
console.log(...(await once(thread, "message")));

let deep = [];
for (let n = 0; n < 100_000; n++) deep = [deep];
console.log(isShareable(deep));
const buffer = new ArrayBuffer(8, { maxByteLength: 16 });
const [follows, stays] = await prepared.call((views) => {
  views[0].buffer.resize(12);
  return views.map((view) => view.length);
}, [new Uint8Array(buffer), new Uint8Array(buffer, 0, 8)]);
console.log(follows, stays);
`;

/** A thread that the package did not start. */
const thread = `
import { parentPort, workerData } from "node:worker_threads";
import { Interpreter } from "interpreters";

const interp = new Interpreter(workerData);
const shared = interp.call(() => new SharedArrayBuffer(8));
parentPort.postMessage(await shared.then(({ byteLength }) => byteLength, ({ code }) => code));
`;

test("on Bun", { skip: bun.skip, timeout: 120_000 }, async () => {
  const { stdout, stderr } = await bun.run({
    "main.mjs": program,
    "beside.mjs": "export const found = 1;",
    "before.mjs": "globalThis.before = await 'before';",
    "thread.mjs": thread,
    "wrong.mjs": "const a = 1;\nexport = 2;\n",
  });
  const lines = stdout.split("\n");
  const unsupported =
    "ERR_INTERPRETER_UNSUPPORTED create: resourceLimits: Bun does not limit the memory of threads.";
  assert.ok(lines[0].startsWith(unsupported), stdout + stderr);
  assert.deepEqual(
    lines.slice(1, -1),
    [
      ...Array<string>(4).fill("ERR_EXECUTION_FAILED ERR_INTERPRETER_NOT_ALLOWED"),
      "true port true",
      "1,true,true",
      "1",
      // It was not ended by force.
      "0",
      "before",
      "ERR_INTERPRETER_BOOT,Bun cannot load --import data:text/javascript,… into a thread: write it to a file",
      "ERR_MODULE_NOT_FOUND true",
      "SyntaxError: Unexpected = true",
      "ERR_INTERPRETER_UNSUPPORTED",
      "false",
      "12 8",
    ],
    stderr,
  );
});
