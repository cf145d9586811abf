/** The folder of images: whole files or none, whatever happens to it. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { test } from "node:test";
import { makeImage } from "../src/image.js";
import { readImage, writeImage } from "../src/snapshot-cache.js";
import { newFolder } from "./folders.js";

const KEY = "0123456789abcdef0123456789abcdef";
const OTHER_KEY = "f".repeat(32);

function imageOf(fill: number, pages = 64): Uint8Array {
  return makeImage(new Uint8Array(pages * 4096).fill(fill), { fill });
}

function unexpected(what: string, error: unknown): never {
  throw new Error(what, { cause: error });
}

/** Collects the problems. */
function collect(): { problem: (what: string, error: unknown) => void; found: string[] } {
  const found: string[] = [];
  return { found, problem: (what, error) => found.push(`${what}: ${String(error)}`) };
}

test("an image that is kept comes back in shared memory", () => {
  const folder = path.join(newFolder(), "a", "b");
  assert.equal(readImage(folder, KEY, unexpected), undefined);
  const image = imageOf(1);
  assert.ok(writeImage(folder, KEY, image, unexpected));
  const read = readImage(folder, KEY, unexpected);
  assert.ok(read?.buffer instanceof SharedArrayBuffer);
  assert.deepEqual(Buffer.from(read), Buffer.from(image));
  assert.equal(readImage(folder, OTHER_KEY, unexpected), undefined);
  assert.deepEqual(readdirSync(folder), [`python-${KEY}.image`]);
  if (process.platform !== "win32") assert.equal(statSync(folder).mode & 0o77, 0);
});

test("a damaged, cut off or empty file is reported, and replaced by the next write", () => {
  const folder = newFolder();
  const file = path.join(folder, `python-${KEY}.image`);
  const image = imageOf(2);
  for (const damage of [
    () => truncateSync(file, image.length - 1),
    () => truncateSync(file, 0),
    () => {
      const bytes = readFileSync(file);
      bytes[bytes.length >> 1] ^= 1;
      writeFileSync(file, bytes);
    },
    () => writeFileSync(file, "something else"),
  ]) {
    assert.ok(writeImage(folder, KEY, image, unexpected));
    damage();
    const { problem, found } = collect();
    assert.equal(readImage(folder, KEY, problem), undefined);
    assert.match(found.join(), /damaged/);
  }
  assert.ok(writeImage(folder, KEY, image, unexpected));
  assert.ok(readImage(folder, KEY, unexpected));
});

test("a folder that cannot be is reported", () => {
  const folder = newFolder();
  const file = path.join(folder, "file");
  writeFileSync(file, "");
  const { problem, found } = collect();
  assert.equal(writeImage(file, KEY, imageOf(3), problem), false);
  assert.equal(readImage(file, KEY, problem), undefined);
  assert.equal(found.length, 2);
});

test("a read-only folder is reported, and its image is read", { skip: process.getuid?.() === 0 }, () => {
  const folder = newFolder();
  assert.ok(writeImage(folder, KEY, imageOf(4), unexpected));
  chmodSync(folder, 0o500);
  try {
    const { problem, found } = collect();
    assert.equal(writeImage(folder, OTHER_KEY, imageOf(4), problem), false);
    assert.match(found.join(), /EACCES/);
    assert.ok(readImage(folder, KEY, unexpected));
  } finally {
    chmodSync(folder, 0o700);
  }
});

/** A file system of 1 MB, which only root may mount. */
function mountSmall(folder: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test("a full file system is reported, and nothing is left on it", (context) => {
  const folder = newFolder();
  if (!mountSmall(folder)) return context.skip("cannot mount a small file system here");
  try {
    const { problem, found } = collect();
    assert.equal(writeImage(folder, KEY, imageOf(5, 1024), problem), false);
    assert.match(found.join(), /ENOSPC/);
    assert.deepEqual(readdirSync(folder), []);
    assert.ok(writeImage(folder, KEY, imageOf(5), unexpected));
  } finally {
    execFileSync("umount", [folder]);
  }
});

test("a file that others may change is not used", { skip: process.platform === "win32" }, () => {
  const folder = newFolder();
  assert.ok(writeImage(folder, KEY, imageOf(6), unexpected));
  chmodSync(path.join(folder, `python-${KEY}.image`), 0o666);
  const { problem, found } = collect();
  assert.equal(readImage(folder, KEY, problem), undefined);
  assert.match(found.join(), /others may write/);
});

test("old images and abandoned parts go, everything else stays", () => {
  const folder = newFolder();
  const long = new Date(Date.now() - 40 * 24 * 3600 * 1000);
  const make = (name: string, time?: Date): void => {
    writeFileSync(path.join(folder, name), "");
    if (time !== undefined) utimesSync(path.join(folder, name), time, time);
  };
  const id = "01234567-89ab-cdef-0123-456789abcdef";
  make(`python-${OTHER_KEY}.image`, long);
  make(`python-${"e".repeat(32)}.image`);
  make(`python-${OTHER_KEY}.${id}.part`, long);
  make(`python-${"e".repeat(32)}.${id}.part`);
  make("notes.txt", long);
  mkdirSync(path.join(folder, "python-folder"));
  assert.ok(writeImage(folder, KEY, imageOf(7), unexpected));
  assert.deepEqual(
    readdirSync(folder).sort(),
    [
      "notes.txt",
      "python-folder",
      `python-${KEY}.image`,
      `python-${"e".repeat(32)}.${id}.part`,
      `python-${"e".repeat(32)}.image`,
    ].sort(),
  );
});

test("ten processes that write and read at once only ever find whole images", async () => {
  const folder = newFolder();
  const urls = ["../src/image.js", "../src/snapshot-cache.js"].map(
    (name) => new URL(name, import.meta.url).href,
  );
  const code = `
    const [folder, key, image, cache, fill] = process.argv.slice(1);
    const { makeImage } = await import(image);
    const { readImage, writeImage } = await import(cache);
    const fail = (what, error) => { throw new Error(what, { cause: error }); };
    const bytes = makeImage(new Uint8Array(1 << 20).fill(Number(fill)), {});
    for (let round = 0; round < 20; round++) {
      if (!writeImage(folder, key, bytes, fail)) process.exit(3);
      const found = readImage(folder, key, fail);
      if (found === undefined) process.exit(4);
    }`;
  const codes = await Promise.all(
    Array.from({ length: 10 }, (_, fill) => {
      const args = ["--input-type=module", "-e", code, folder, KEY, ...urls, String(fill + 1)];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
      return new Promise((resolve) => child.on("close", resolve));
    }),
  );
  assert.deepEqual(codes, Array(10).fill(0));
  assert.deepEqual(readdirSync(folder), [`python-${KEY}.image`]);
  assert.ok(existsSync(folder));
});
