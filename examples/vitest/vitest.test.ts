/** A project whose tests use a pool, under Vitest, in each of its pools. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Ended, runNode } from "../support/process.js";
import { cleanEnvironment, installTools, makeProject, packagesOf, removeProject } from "../support/tools.js";

const source = fileURLToPath(new URL("../../vitest/project", import.meta.url));
const { modules, skip } = await installTools(await packagesOf(source));

describe("the vitest example", { skip, timeout: 120_000 }, () => {
  let folder: string;
  const vitest = (...args: string[]): Promise<Ended> =>
    runNode([join(folder, "node_modules/vitest/vitest.mjs"), "run", ...args], {
      cwd: folder,
      env: cleanEnvironment,
    });

  before(async () => {
    folder = await makeProject(modules!, source);
  });
  after(() => removeProject(folder));

  for (const pool of ["forks", "threads", "vmForks", "vmThreads"]) {
    test(`its tests pass with --pool ${pool}`, async () => {
      const { stdout, stderr, code } = await vitest("--pool", pool);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /Tests +6 passed \(6\)/);
      assert.doesNotMatch(stderr, /Error|close timed out/);
    });
  }
});
