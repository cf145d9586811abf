/** A debugger attaches to a process with interpreters, and stops in their threads: in modules, and in functions in place. */
import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { start, WATCHDOG } from "../support/processes.js";
import type { Report } from "./debugging.client.js";

const client = fileURLToPath(new URL("./debugging.client.js", import.meta.url));
const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "interpreters-debugging-")));
after(() => rmSync(folder, { recursive: true, force: true }));

/** @param hold threads stand at breakpoints until so many stops were made */
async function debug(main: string, breakpoints: readonly string[], hold = 1): Promise<Report> {
  const file = path.join(folder, "main.mjs");
  writeFileSync(file, main);
  const args = ["--experimental-websocket", "--no-warnings", client, `${hold}`, file, ...breakpoints];
  const { code, stdout, stderr } = await start(process.execPath, args).ended;
  assert.deepEqual([code, stderr], [0, ""]);
  return JSON.parse(stdout) as Report;
}

writeFileSync(
  path.join(folder, "work.mjs"),
  `export function double(n) {
  const doubled = n * 2;
  return doubled;
}
`,
);
const imports = `import { create, fromModule, InterpreterPoolExecutor } from ${JSON.stringify(new URL("../../src/entry.mjs", import.meta.url).href)};
const { double } = fromModule(new URL("./work.mjs", import.meta.url));
`;

test(
  "a breakpoint in a task stops its worker, which has the pool's name",
  { timeout: WATCHDOG },
  async () => {
    const main = `${imports}
const pool = new InterpreterPoolExecutor({ maxWorkers: 1, name: "doubling" });
console.log(await pool.submit(double, 21));
await pool.shutdown();
`;
    const { threads, stops, stdout, code } = await debug(main, ["work.mjs:3:doubled"]);
    assert.deepEqual([stdout, code], ["42\n", 0]);
    assert.equal(stops.length, 1);
    const [{ thread, ...rest }] = stops;
    assert.deepEqual(rest, { file: "work.mjs", line: 3, value: 42 });
    assert.match(thread, /doubling/);
    assert.ok(threads.includes(thread));
  },
);

test(
  "a breakpoint in a function in place stops where it stands in its file",
  { timeout: WATCHDOG },
  async () => {
    const main = `${imports}
const interp = create({ name: "in place" });
const sum = await interp.call((a, b) => {
  const both = a + b;
  return both;
}, 40, 2);
console.log(sum);
await interp.close();
`;
    const line = main.split("\n").findIndex((text) => text.includes("return both")) + 1;
    const { stops, stdout, code } = await debug(main, [`main.mjs:${line}:both`]);
    assert.deepEqual([stdout, code], ["42\n", 0]);
    assert.equal(stops.length, 1);
    const [{ thread, ...rest }] = stops;
    assert.deepEqual(rest, { file: "main.mjs", line, value: 42 });
    assert.match(thread, /in place/);
  },
);

test("while one interpreter stands at a breakpoint, others work", { timeout: WATCHDOG }, async () => {
  // The second one is created, and called, while the first one stands there; the debugger lets both go on together.
  const main = `${imports}
const first = create({ name: "first" }).call(double, 1);
const three = await create().call((n) => n + 1, 2);
const second = create({ name: "second" }).call(double, three);
console.log((await Promise.all([first, second])).join());
`;
  const { stops, stdout, code } = await debug(main, ["work.mjs:3:doubled"], 2);
  assert.deepEqual([stdout, code], ["2,6\n", 0]);
  assert.deepEqual(stops.map(({ value }) => value).sort(), [2, 6]);
});
