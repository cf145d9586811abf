/** The example as a user runs it: a process of its own, on a few files. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { access, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("./main.js", import.meta.url));

async function run(...args: string[]) {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { stdout, stderr, code };
}

const MODULE =
  "export function area(width, height) {\n  const result = width * height;\n  return result;\n}\n";
/** `with` is an error in a module: this one only parses as a script. */
const SCRIPT = "var settings = { depth: 3 };\nwith (settings) {\n  console.log(depth);\n}\n";

describe("the minify example", () => {
  let folder: string;
  let sources: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "minify-example-"));
    sources = join(folder, "sources");
    await mkdir(join(sources, "nested"), { recursive: true });
    await writeFile(join(sources, "module.js"), MODULE);
    await writeFile(join(sources, "nested", "script.js"), SCRIPT);
    await writeFile(join(sources, "broken.js"), "function (\n");
    await writeFile(join(sources, "done.min.js"), "var already=1;");
    await writeFile(join(sources, "huge.js"), `var text = "${"x".repeat(200_000)}";\n`);
    await writeFile(join(sources, "empty.js"), "");
    await writeFile(join(sources, "notes.txt"), "not JavaScript");
    await symlink(join(sources, "nested"), join(sources, "linked"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test("minifies modules and scripts with one and with two interpreters, to the same output", async () => {
    const { stdout, stderr, code } = await run(sources, "--workers", "2");
    assert.equal(stderr, "");
    assert.equal(code, 0);
    // Three files: not the minified, the huge, the empty one, nor what a link leads to.
    assert.match(stdout, /^Minifying 3 files /m);
    assert.match(stdout, /^ {2}1 interpreter: +\d+\.\d\d s/m);
    assert.match(stdout, /^ {2}2 interpreters: +\d+\.\d\d s/m);
    assert.match(stdout, /^ {2}speed-up: +\d+\.\d\d$/m);
    assert.match(stdout, /^2 files, /m);
    assert.match(stdout, /^All runs made the same output \(sha256 [0-9a-f]{16}\)$/m);
  });

  test("names a file that cannot be parsed and goes on with the others", async () => {
    const { stdout, code } = await run(sources, "--workers", "2");
    assert.match(stdout, /^ {2}skipped broken\.js: .+ \(line \d+\)$/m);
    assert.equal(code, 0);
  });

  test("--out writes what it minified, in the same folders, and nothing for a file it skipped", async () => {
    const out = join(folder, "out");
    const { code } = await run(sources, "--workers", "2", "--out", out);
    assert.equal(code, 0);
    const written = await readFile(join(out, "module.js"), "utf8");
    assert.ok(written.length < MODULE.length, `not smaller: ${written}`);
    const { area } = (await import(`data:text/javascript,${encodeURIComponent(written)}`)) as {
      area(width: number, height: number): number;
    };
    assert.equal(area(6, 7), 42);
    assert.match(await readFile(join(out, "nested", "script.js"), "utf8"), /with\(settings\)/);
    await assert.rejects(access(join(out, "broken.js")), { code: "ENOENT" });
  });

  test("--limit takes only the first files", async () => {
    const { stdout, code } = await run(sources, "--workers", "1", "--limit", "2");
    assert.equal(code, 0);
    assert.match(stdout, /^Minifying 2 files /m);
  });

  test("a folder that does not exist is a clear error, without a stack trace", async () => {
    const missing = join(folder, "missing");
    const { stdout, stderr, code } = await run(missing);
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /^Cannot read .*missing: ENOENT/);
    assert.doesNotMatch(stderr, /^\s+at /m);
  });

  test("a wrong option is told with the usage, exit code 2", async () => {
    const wrongValue = await run("--workers", "none");
    assert.equal(wrongValue.code, 2);
    assert.match(wrongValue.stderr, /--workers takes a whole number from 1 on, not "none"[^]*Usage:/);
    const unknown = await run("--nonsense");
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /--nonsense[^]*Usage:/);
  });
});
