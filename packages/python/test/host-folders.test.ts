/** Which folders a program of the command line sees. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { test } from "node:test";
import { folderOfScript, insidePath, mountsOf } from "../src/host-folders.js";
import { checkMounts } from "../src/settings.js";
import { newFolder } from "./folders.js";

const folder = newFolder();
const options = { skip: process.platform === "win32" };

/** Runs `work` in another working folder. */
function inFolder<T>(cwd: string, work: () => T): T {
  const before = process.cwd();
  process.chdir(cwd);
  try {
    return work();
  } finally {
    process.chdir(before);
  }
}

/** The folder of this machine that Python sees at a path. */
function shownAt(mounts: Readonly<Record<string, string>>, inside: string): string | undefined {
  for (let outer = inside; ; outer = path.dirname(outer)) {
    const host = mounts[outer];
    if (host !== undefined) return path.join(host, path.relative(outer, inside));
    if (outer === "/") return undefined;
  }
}

test("a program sees its working folder and temporary files, under their own paths", options, () => {
  const mounts = inFolder(path.dirname(process.execPath), () => mountsOf([], []));
  const cwd = path.dirname(process.execPath);
  assert.equal(shownAt(mounts, cwd), cwd);
  assert.equal(shownAt(mounts, tmpdir()), tmpdir());
  assert.deepEqual(checkMounts(mounts), mounts);
});

test("a folder in one that is mounted is not mounted again, unless it is another one there", options, () => {
  const [inner, other] = [path.join(folder, "inner"), path.join(folder, "other")];
  for (const each of [inner, other]) mkdirSync(each);
  const mounts = inFolder(folder, () => mountsOf([inner], [`${other}:${path.join(folder, "elsewhere")}`]));
  assert.equal(mounts[inner], undefined);
  assert.equal(mounts[path.join(folder, "elsewhere")], other);
});

test("--mount takes a folder at its own path or at another", options, () => {
  const own = newFolder();
  const cwd = path.dirname(process.execPath);
  const mounts = inFolder(cwd, () => mountsOf([], [`${own}:/data`, "../lib"]));
  assert.equal(mounts["/data"], own);
  assert.equal(shownAt(mounts, path.resolve(cwd, "../lib")), path.resolve(cwd, "../lib"));
});

test("in the root, the folders there are shown", options, () => {
  const mounts = inFolder("/", () => mountsOf([], []));
  assert.equal(mounts["/"], undefined);
  assert.equal(mounts["/usr"], "/usr");
  // Python has its own.
  for (const taken of ["/lib", "/proc", "/dev"]) assert.equal(mounts[taken], undefined);
  assert.deepEqual(checkMounts(mounts), mounts);
});

test("the folder of a script is the one behind its links", options, () => {
  const script = path.join(folder, "script.py");
  writeFileSync(script, "");
  assert.equal(folderOfScript(script), folder);
  assert.equal(folderOfScript(path.join(folder, "none.py")), undefined);
  assert.equal(insidePath(script), script);
});
