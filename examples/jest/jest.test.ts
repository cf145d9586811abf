/** A project whose tests use a pool, under Jest. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { coveredFunctions } from "../support/coverage.js";
import { type Ended, runNode } from "../support/process.js";
import { cleanEnvironment, installTools, makeProject, packagesOf, removeProject } from "../support/tools.js";

const source = fileURLToPath(new URL("../../jest/project", import.meta.url));
const { modules, skip } = await installTools(await packagesOf(source));

describe("the jest example", { skip, timeout: 120_000 }, () => {
  let folder: string;
  const tool = (file: string): string => join(folder, "node_modules", file);
  const run = (...args: string[]): Promise<Ended> =>
    runNode(args, {
      cwd: folder,
      env: { ...cleanEnvironment, NODE_OPTIONS: "--experimental-vm-modules" },
    });

  before(async () => {
    folder = await makeProject(modules!, source);
  });
  after(() => removeProject(folder));

  test("its tests pass, and nothing keeps Jest open", async () => {
    const { stdout, stderr, code } = await run(tool("jest/bin/jest.js"));
    assert.equal(code, 0, stdout + stderr);
    assert.match(stderr, /^Tests: +7 passed, 7 total$/m);
    assert.doesNotMatch(stderr, /did not exit|open handle|failed to exit gracefully/);
  });

  test("c8 has what ran here and what ran in interpreters", async () => {
    const c8 = ["--reporter", "json", "--include", "words.js"];
    const { stdout, stderr, code } = await run(
      tool("c8/bin/c8.js"),
      ...c8,
      tool("jest/bin/jest.js"),
      "--runInBand",
    );
    assert.equal(code, 0, stdout + stderr);
    const report = await readFile(join(folder, "coverage/coverage-final.json"), "utf8");
    const { functions, uncoveredLines } = coveredFunctions(report, "words.js");
    assert.deepEqual(functions, ["endless", "longest", "sentences", "topWords"]);
    // c8 counts lines: the brace belongs to what did not run.
    assert.deepEqual(uncoveredLines, ["  return text.split(/(?<=[.!?])\\s+/);"]);
  });
});
