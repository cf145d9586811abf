/** With a compile cache, which a program gets by NODE_COMPILE_CACHE, the types of a file are erased once for all processes. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { limits } from "../support/ways.js";

const folder = mkdtempSync(path.join(tmpdir(), "erased-files-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const cache = path.join(folder, "cache");

const write = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);
write("package.json", '{ "type": "module" }');
write(
  "module.ts",
  'import { two } from "./two.ts"; export const f = (n: number): string => "é" + (n + two);',
);
write("two.ts", "export const two: number = 2;");
write(
  "main.js",
  `import { create, fromModule } from ${JSON.stringify(import.meta.resolve("interpreters"))};
  const { f } = fromModule(new URL("./module.ts", import.meta.url));
  const interp = create();
  const result = await interp.call(f, 1);
  console.log(result, await interp.call(() => process.moduleLoadList.some((each) => each.includes("/deps/amaro/"))));
  process.exit();`,
);

const run = async (env: NodeJS.ProcessEnv): Promise<string> => {
  const options = { env: { ...process.env, ...env } };
  return (await promisify(execFile)(process.execPath, [path.join(folder, "main.js")], options)).stdout;
};

const module = process.getBuiltinModule("node:module");
const canCache = "getCompileCacheDir" in module && "registerHooks" in module;

test("without a compile cache nothing is left behind", { ...limits, skip: !canCache }, async () => {
  assert.equal(await run({ NODE_COMPILE_CACHE: undefined, TMPDIR: folder }), "é3 true\n");
  assert.deepEqual(readdirSync(folder).sort(), ["main.js", "module.ts", "package.json", "two.ts"]);
});

test(
  "a second process needs no eraser, as long as the files are the same",
  { ...limits, skip: !canCache },
  async () => {
    const env = { NODE_COMPILE_CACHE: cache };
    assert.equal(await run(env), "é3 true\n");
    assert.equal(await run(env), "é3 false\n");
    write("two.ts", "export const two: number = 3;");
    assert.equal(await run(env), "é4 true\n");
    assert.equal(await run(env), "é4 false\n");

    const entries = readdirSync(cache, { recursive: true, encoding: "utf8" }).filter((name) =>
      /interpreters[\\/]\w+$/.test(name),
    );
    assert.equal(entries.length, 2);
    for (const name of entries) truncateSync(path.join(cache, name), 3);
    assert.equal(await run(env), "é4 true\n");
  },
);
