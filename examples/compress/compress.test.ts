/** The example as a user runs it: a separate process, on five files. */

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

/** Not valid UTF-8: decoding these bytes to text and back would change them. */
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

  test("compresses to the same output with one and with two interpreters", async () => {
    const { stdout, stderr, code } = await run(sources, "--workers", "2");
    assert.equal(stderr, "");
    assert.equal(code, 0);
    // Two files: neither the huge one, nor the empty one, nor those behind the link.
    assert.match(stdout, /^Compressing 2 files /m);
    assert.match(stdout, /^ {2}1 interpreter: +\d+\.\d\d s/m);
    assert.match(stdout, /^ {2}2 interpreters: +\d+\.\d\d s/m);
    assert.match(stdout, /^ {2}speed-up: +\d+\.\d\d$/m);
    assert.match(stdout, /^2 files, /m);
    assert.match(stdout, /^All runs made the same output \(sha256 [0-9a-f]{16}\)$/m);
  });

  test("--out writes the compressed files to the same subfolders, and they unpack to the originals", async () => {
    const out = join(folder, "out");
    const { code } = await run(sources, "--workers", "2", "--out", out);
    assert.equal(code, 0);
    const text = await readFile(join(out, "module.js.lzma"));
    assert.ok(text.length < TEXT.length / 2, `${text.length} bytes of ${TEXT.length}`);
    assert.equal(decompress(text), TEXT);
    // The package returns bytes that are not text as an array of signed numbers.
    const bytes = decompress(await readFile(join(out, "nested", "bytes.js.lzma")));
    assert.deepEqual(Buffer.from(Uint8Array.from(bytes as Uint8Array)), BYTES);
  });

  test("a file that cannot be read is an outcome with the reason", async () => {
    const gone = await compressFile({ file: join(sources, "gone.js") });
    assert.match("unreadable" in gone ? gone.unreadable : "", /^ENOENT: .*gone\.js/);
  });

  test("--limit uses only the first files", async () => {
    const { stdout, code } = await run(sources, "--workers", "1", "--limit", "1");
    assert.equal(code, 0);
    assert.match(stdout, /^Compressing 1 file /m);
  });

  test("a missing folder is a clear error without a stack trace", async () => {
    const missing = join(folder, "missing");
    const { stdout, stderr, code } = await run(missing);
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /^Cannot read .*missing: ENOENT/);
    assert.doesNotMatch(stderr, /^\s+at /m);
  });

  test("a wrong option prints the usage and exits with code 2", async () => {
    const wrongValue = await run("--workers", "none");
    assert.equal(wrongValue.code, 2);
    assert.match(wrongValue.stderr, /--workers takes a whole number from 1 on, not "none"[^]*Usage:/);
    const unknown = await run("--nonsense");
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /--nonsense[^]*Usage:/);
  });
});
