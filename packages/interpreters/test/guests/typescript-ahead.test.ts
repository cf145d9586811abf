/** A program in TypeScript has an eraser loaded: main erases the types of the modules whose functions it calls, and interpreters load none. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { limits } from "../support/ways.js";

const folder = mkdtempSync(path.join(tmpdir(), "typescript-ahead-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);
write("package.json", '{ "type": "module" }');
write("small.ts", 'import { other } from "./other.ts"; export const f = (n: number): number => n + other();');
write("other.ts", "export const other = (): number => 2;");
write("large.ts", `export const f = (n: number): number => n + 2; ${"// not small\n".repeat(10_000)}`);
write("broken.ts", "enum E { A } export const f = (n: number): number => n + E.A;");
write(
  "main.ts",
  `import { create, fromModule } from ${JSON.stringify(import.meta.resolve("interpreters"))};
  const name: string = process.argv[2];
  const { f } = fromModule(new URL(name, import.meta.url));
  const interp = create();
  const result: unknown = await interp.call(f, 1).catch((error: Error) => error.cause?.code ?? error);
  const loaded = await interp.call(() => process.moduleLoadList.some((each: string) => each.includes("/deps/amaro/")));
  console.log(result, loaded);
  process.exit();`,
);

const run = async (module: string): Promise<string> =>
  (await promisify(execFile)(process.execPath, [path.join(folder, "main.ts"), module])).stdout;

const isStripping = (process.features as { typescript?: unknown }).typescript === "strip";
const options = { ...limits, skip: !isStripping };

test("main erases the types of a small module and of what it imports", options, async () => {
  assert.equal(await run("./small.ts"), "3 false\n");
});

test("it does so by the name of what the module would be compiled to, too", options, async () => {
  assert.equal(await run("./small.js"), "3 false\n");
});

test("it leaves a large module to the interpreter", options, async () => {
  assert.equal(await run("./large.ts"), "3 true\n");
});

test("what cannot be erased is the interpreter's error", options, async () => {
  assert.equal(await run("./broken.ts"), "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX true\n");
});
