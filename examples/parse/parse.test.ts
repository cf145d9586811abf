/** The example as a user runs it: a separate process, on 500 files of the workspace's `node_modules`. */

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runNode } from "../support/process.js";

const main = fileURLToPath(new URL("./main.js", import.meta.url));

describe("the parse example", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "parse-example-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test("parses 500 files to the same results with one and with two interpreters", async () => {
    const { stdout, stderr, code } = await runNode([main, "--workers", "2"]);
    assert.deepEqual([stderr, code], ["", 0], stdout);
    assert.match(stdout, /^Parsing 500 files /m);
    assert.match(stdout, /^ {2}1 interpreter: +\d+\.\d\d s/m);
    assert.match(stdout, /^ {2}2 interpreters: +\d+\.\d\d s/m);
    assert.match(stdout, /^ {2}speed-up: +\d+\.\d\d$/m);
    const valid = Number(/^(\d+) files, /m.exec(stdout)?.[1]);
    assert.ok(valid > 450, stdout);
    assert.match(stdout, /^All runs had the same results \(sha256 [0-9a-f]{16}\)$/m);
  });

  test("counts functions and nodes, and reports a file that is no JavaScript", async () => {
    await writeFile(join(folder, "module.mjs"), "export const f = () => 1;\n");
    await writeFile(join(folder, "script.cjs"), "#!/usr/bin/env node\nreturn function () {};\n");
    await writeFile(join(folder, "broken.js"), "const = 1;\n");
    const { stdout, code } = await runNode([main, folder, "--workers", "1"]);
    assert.equal(code, 0);
    assert.match(stdout, /^ {2}no JavaScript: .*broken\.js: Unexpected token \(1:6\)$/m);
    // Program, export, declaration, declarator, two identifiers or literals, arrow; Program, return, function, block.
    assert.match(stdout, /^2 files, 0\.00 MB: 2 functions, 11 nodes$/m);
  });

  test("an empty folder is a clear error", async () => {
    const { stdout, stderr, code } = await runNode([main, join(folder, "module.mjs"), "--limit", "1"]);
    assert.deepEqual([stdout, code], ["", 1]);
    assert.match(stderr, /ENOTDIR.*module\.mjs/);
  });
});
