/** A project whose tests use a pool, under Jest. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Ended, runNode } from "../support/process.js";
import { cleanEnvironment, installTools, makeProject, packagesOf, removeProject } from "../support/tools.js";

const source = fileURLToPath(new URL("../../jest/project", import.meta.url));
const { modules, skip } = await installTools(await packagesOf(source));

describe("the jest example", { skip, timeout: 120_000 }, () => {
  let folder: string;
  const jest = (...args: string[]): Promise<Ended> =>
    runNode(["--experimental-vm-modules", join(folder, "node_modules/jest/bin/jest.js"), ...args], {
      cwd: folder,
      env: cleanEnvironment,
    });

  before(async () => {
    folder = await makeProject(modules!, source);
  });
  after(() => removeProject(folder));

  test("its tests pass, and nothing keeps Jest open", async () => {
    const { stdout, stderr, code } = await jest();
    assert.equal(code, 0, stdout + stderr);
    assert.match(stderr, /^Tests: +6 passed, 6 total$/m);
    assert.doesNotMatch(stderr, /did not exit|open handle|failed to exit gracefully/);
  });
});
