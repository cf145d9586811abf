/** A program built by each bundler as the guide says runs; one whose bundle took the package apart says what to do. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Ended, runNode } from "../support/process.js";
import { cleanEnvironment, installTools, makeProject, packagesOf, removeProject } from "../support/tools.js";

const source = fileURLToPath(new URL("../../bundlers/project", import.meta.url));
const { modules, skip } = await installTools(await packagesOf(source));

describe("the bundlers example", { skip, timeout: 240_000 }, () => {
  let folder: string;
  const run = (...args: string[]): Promise<Ended> => runNode(args, { cwd: folder, env: cleanEnvironment });
  before(async () => {
    folder = await makeProject(modules!, source);
  });
  after(() => removeProject(folder));

  for (const bundler of ["rollup", "rolldown", "vite", "webpack", "rspack"]) {
    test(`${bundler}: the program runs if the package is left out`, async () => {
      const built = await run("build.js", bundler, `dist-${bundler}`);
      assert.equal(built.code, 0, built.stderr);
      const { stdout, stderr } = await run(join(`dist-${bundler}`, "main.js"));
      assert.deepEqual([stdout, stderr], ["42\n", ""]);
    });

    test(`${bundler}: a bundle with the package says what to do`, async () => {
      const built = await run("build.js", bundler, `apart-${bundler}`, "apart");
      assert.equal(built.code, 0, built.stderr);
      const { stderr, code } = await run(join(`apart-${bundler}`, "main.js"));
      assert.notEqual(code, 0);
      assert.match(
        stderr,
        /Error: Cannot (?:load|start) interpreters: .*: leave .+ out of the bundle \(in esbuild/,
      );
      assert.match(stderr, /code: ["']ERR_INTERPRETER_FILES/);
    });
  }
});
