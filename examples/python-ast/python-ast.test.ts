/** The example as a user runs it: `interpreters python`, on files of the standard library and of a folder. */

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runNode } from "../support/process.js";

const command = fileURLToPath(new URL("../../../packages/cli/dist/src/main.js", import.meta.url));
const program = fileURLToPath(new URL("../../python-ast/main.py", import.meta.url));

describe("the python-ast example", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "python-ast-example-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test("parses files of the standard library in one interpreter and in two", async () => {
    const { code, stdout, stderr } = await runNode([
      command,
      "python",
      program,
      "--workers",
      "2",
      "--limit",
      "6",
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Parsing 6 files/);
    assert.match(
      stdout,
      /\n {2}1 interpreter: {2}\d+\.\d\d s\n {2}2 interpreters: \d+\.\d\d s\n {2}speed-up:/,
    );
    assert.match(stdout, /\n6 files, \d\.\d MB: \d+ functions, \d+ nodes\n/);
  });

  test("finds a function that stands in two files, and goes on after a file that is no Python", async () => {
    const body = "    a = x + 1\n    b = a * 2\n    c = b - 3\n    d = c ** 2\n    return d\n";
    await writeFile(join(folder, "one.py"), `def first(x):\n${body}`);
    await writeFile(join(folder, "two.py"), `def second(x):\n    "A docstring."\n${body}`);
    await writeFile(join(folder, "bad.py"), "def (:\n");
    const { code, stdout, stderr } = await runNode([command, "python", program, folder, "--workers", "2"]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /not parsed: .*bad\.py: SyntaxError: /);
    assert.match(stdout, /\nFunctions that stand in more than one file: 1\n/);
  });
});
