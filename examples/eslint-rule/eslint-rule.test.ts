/** ESLint as a user runs it, with a rule that calls prettier in an interpreter, and blocks for it. */

import assert from "node:assert/strict";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Ended, runNode } from "../support/process.js";
import { findSources } from "../support/sources.js";
import { installTools, makeProject, packagesOf, removeProject } from "../support/tools.js";

const source = fileURLToPath(new URL("../../eslint-rule/project", import.meta.url));
const { modules, skip } = await installTools(await packagesOf(source));

describe("the eslint-rule example", { skip, timeout: 120_000 }, () => {
  let folder: string;
  const eslint = (...args: string[]): Promise<Ended> =>
    runNode([join(folder, "node_modules/eslint/bin/eslint.js"), ...args], { cwd: folder });
  const prettierCheck = (): Promise<Ended> =>
    runNode([join(folder, "node_modules/prettier/bin/prettier.cjs"), "--check", "src"], { cwd: folder });

  before(async () => {
    folder = await makeProject(modules!, source);
  });
  after(() => removeProject(folder));

  test("accepts a file that is formatted", async () => {
    assert.deepEqual(await eslint("src"), { stdout: "", stderr: "", code: 0 });
  });

  test("says where a file is not, and repairs it to what prettier writes", async () => {
    const file = join(folder, "src/shabby.js");
    await writeFile(file, 'export const a = 1;\nexport  const b = "two"\n');
    const found = await eslint("src");
    assert.equal(found.code, 1, found.stderr);
    assert.match(found.stdout, /shabby\.js\n +2:8 +error +Not as prettier formats it +local\/prettier/);
    assert.equal((await eslint("--fix", "src")).code, 0);
    assert.equal(await readFile(file, "utf8"), "export const a = 1;\nexport const b = 'two';\n");
  });

  test("repairs real files to what prettier accepts", async () => {
    const libraries = await findSources(join(modules!, "prettier"), {
      extensions: [".js", ".mjs", ".cjs"],
      largest: 30_000,
      limit: 10,
    });
    const eslints = await findSources(join(modules!, "eslint/lib/rules"), {
      extensions: [".js"],
      largest: 30_000,
      limit: 20,
    });
    const files = [...libraries, ...eslints];
    assert.ok(files.length > 20);
    for (const [i, { file }] of files.entries()) await copyFile(file, join(folder, `src/real-${i}.js`));
    assert.equal((await prettierCheck()).code, 1);
    const { stdout, stderr, code } = await eslint("--fix", "--no-inline-config", "src");
    assert.deepEqual([stdout, stderr, code], ["", "", 0]);
    assert.equal((await prettierCheck()).code, 0);
  });

  test("a failure of prettier is a message of the rule", async () => {
    await writeFile(join(folder, ".prettierrc.json"), '{ "parser": "json" }');
    const { stdout, code } = await eslint("src/formatted.js");
    assert.equal(code, 1);
    assert.match(stdout, /1:1 +error +prettier: .+ +local\/prettier/);
  });
});
