/** A project whose tests use a pool, under Vitest, in each of its pools. */

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { coveredFunctions } from "../support/coverage.js";
import { filesOfGuide } from "../support/guide.js";
import { type Ended, runNode } from "../support/process.js";
import { cleanEnvironment, installTools, makeProject, packagesOf, removeProject } from "../support/tools.js";

const source = fileURLToPath(new URL("../../vitest/project", import.meta.url));
const { modules, skip } = await installTools(await packagesOf(source));

describe("the vitest example", { skip, timeout: 120_000 }, () => {
  let folder: string;
  const vitest = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    runNode([join(folder, "node_modules/vitest/vitest.mjs"), "run", ...args], {
      cwd: folder,
      env: { ...cleanEnvironment, ...env },
    });

  before(async () => {
    folder = await makeProject(modules!, source);
    // The guide's provider of coverage, and its configuration.
    const files = await filesOfGuide("testing.md");
    for (const name of ["coverage.js", "vitest.config.js"]) {
      // The folder node_modules is the one of all runs.
      const text = files.get(name)!.replace("node_modules/.cache/coverage", ".coverage");
      await writeFile(join(folder, name), text);
    }
  });
  after(() => removeProject(folder));

  for (const pool of ["forks", "threads", "vmForks", "vmThreads"]) {
    test(`its tests pass with --pool ${pool}`, async () => {
      const { stdout, stderr, code } = await vitest(["--pool", pool]);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /Tests +7 passed \(7\)/);
      assert.doesNotMatch(stderr, /Error|close timed out/);
    });
  }

  for (const pool of ["forks", "threads", "vmForks", "vmThreads"]) {
    test(`coverage has what ran here and what ran in interpreters with --pool ${pool}`, async () => {
      // As the guide says: threads have the environment with which the process was started.
      const env = pool.endsWith("hreads") ? { NODE_V8_COVERAGE: join(folder, ".coverage") } : {};
      const { stdout, stderr, code } = await vitest(
        ["--pool", pool, "--coverage", "--coverage.reporter=json"],
        env,
      );
      assert.equal(code, 0, stdout + stderr);
      const report = await readFile(join(folder, "coverage/coverage-final.json"), "utf8");
      const { functions, uncoveredLines } = coveredFunctions(report, "words.ts");
      assert.deepEqual(functions, ["endless", "longest", "sentences", "topWords"]);
      assert.deepEqual(uncoveredLines, ["  return text.split(/(?<=[.!?])\\s+/);"]);
    });
  }
});
