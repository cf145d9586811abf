/** The example as a user runs it: a separate process, on three images. */

import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { drawImages } from "./images.js";
import { runNode } from "../support/process.js";

const main = fileURLToPath(new URL("./main.js", import.meta.url));

const run = (...args: string[]) => runNode([main, ...args]);

describe("the thumbnails example", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "thumbnails-example-"));
    await drawImages(join(folder, "images"), 3);
    await writeFile(join(folder, "images", "notes.txt"), "no image");
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test("makes the same thumbnails with one and with two interpreters, and writes them", async () => {
    const out = join(folder, "out");
    const { stdout, stderr, code } = await run(join(folder, "images"), "--workers", "2", "--out", out);
    assert.deepEqual([stderr, code], ["", 0], stdout);
    assert.match(stdout, /^Thumbnails of 3 images /m);
    assert.match(stdout, /^ {2}1 interpreter: +\d+\.\d\d s$/m);
    assert.match(stdout, /^ {2}2 interpreters: +\d+\.\d\d s$/m);
    assert.match(stdout, /^ {2}speed-up: +\d+\.\d\d$/m);
    assert.match(stdout, /^All runs made the same 3 thumbnails, \d+ kB \(sha256 [0-9a-f]{16}\)$/m);
    const names = (await readdir(out)).sort();
    assert.deepEqual(names, ["image-000.webp", "image-001.webp", "image-002.webp"]);
    for (const name of names) {
      const { format, width, height } = await sharp(join(out, name)).metadata();
      assert.deepEqual([format, width, height], ["webp", 320, 240]);
    }
  });

  test("errors are reported without a stack trace", async () => {
    const wrong = await run("--workers", "none");
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /--workers takes a whole number from 1 on, not "none"[^]*Usage:/);
    const missing = await run(join(folder, "missing"));
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /^ENOENT: .*missing/);
    assert.doesNotMatch(missing.stderr, /^\s+at /m);
  });
});
