/** The example as a user runs it: a process of its own, on a few files. */

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { decompress } from "lzma";
import { compressFile } from "./compress.js";
import { runNode } from "../support/process.js";

const main = fileURLToPath(new URL("./main.js", import.meta.url));

const run = (...args: string[]) => runNode([main, ...args]);

const TEXT = "export const area = (width, height) => width * height;\n".repeat(20);

/** No valid UTF-8, so that a detour over text would change it. */
const BYTES = Buffer.from([0xff, 0x00, 0x80, 0xc3, 0x28, 0xfe]);

describe("the compress example", () => {
  let folder: string;
  let sources: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "compress-example-"));
    sources = join(folder, "sources");
    await mkdir(join(sources, "nested"), { recursive: true });
    await writeFile(join(sources, "module.js"), TEXT);
    await writeFile(join(sources, "nested", "bytes.js"), BYTES);
    await writeFile(join(sources, "huge.js"), `var text = "${"x".repeat(200_000)}";\n`);
    await writeFile(join(sources, "empty.js"), "");
    await writeFile(join(sources, "notes.txt"), "not JavaScript");
    await symlink(join(sources, "nested"), join(sources, "linked"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test("compresses with one and with two interpreters, to the same output", async () => {
    const { stdout, stderr, code } = await run(sources, "--workers", "2");
    assert.equal(stderr, "");
    assert.equal(code, 0);
    // Two files: not the huge, the empty one, nor what a link leads to.
    assert.match(stdout, /^Compressing 2 files /m);
    assert.match(stdout, /^ {2}1 interpreter: +\d+\.\d\d s/m);
    assert.match(stdout, /^ {2}2 interpreters: +\d+\.\d\d s/m);
    assert.match(stdout, /^ {2}speed-up: +\d+\.\d\d$/m);
    assert.match(stdout, /^2 files, /m);
    assert.match(stdout, /^All runs made the same output \(sha256 [0-9a-f]{16}\)$/m);
  });

  test("--out writes what it compressed, in the same folders, and it unpacks to what it was", async () => {
    const out = join(folder, "out");
    const { code } = await run(sources, "--workers", "2", "--out", out);
    assert.equal(code, 0);
    const text = await readFile(join(out, "module.js.lzma"));
    assert.ok(text.length < TEXT.length / 2, `${text.length} bytes of ${TEXT.length}`);
    assert.equal(decompress(text), TEXT);
    // What is no text comes back as an array of signed bytes.
    const bytes = decompress(await readFile(join(out, "nested", "bytes.js.lzma")));
    assert.deepEqual(Buffer.from(Uint8Array.from(bytes as Uint8Array)), BYTES);
  });

  test("a file that cannot be read is an outcome like others, and says why", async () => {
    const gone = await compressFile({ file: join(sources, "gone.js") });
    assert.match("unreadable" in gone ? gone.unreadable : "", /^ENOENT: .*gone\.js/);
  });

  test("--limit takes only the first files", async () => {
    const { stdout, code } = await run(sources, "--workers", "1", "--limit", "1");
    assert.equal(code, 0);
    assert.match(stdout, /^Compressing 1 file /m);
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
