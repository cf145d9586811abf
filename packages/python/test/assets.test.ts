/** Boots from nothing, from a kept image, and in spite of a bad one. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { test } from "node:test";
import { loadAssets } from "../src/assets.js";
import { ForeignImageError, loadPython } from "../src/boot.js";
import { makeImage, memorySizeOf, restoreImage } from "../src/image.js";
import { PLAIN } from "../src/settings.js";
import { startPython } from "../src/start.js";
import { newFolder } from "./folders.js";

const folder = newFolder();
let key: string;
const imageFile = (): string => path.join(folder, `python-${key}.image`);

test("the first boot keeps an image, and later ones use it", async () => {
  const first = await loadAssets(folder);
  assert.deepEqual([first.source, first.problems], ["made and kept", []]);
  const second = await loadAssets(folder);
  assert.deepEqual([second.source, second.problems], ["cache", []]);
  assert.equal(second.key, first.key);
  ({ key } = first);
  assert.deepEqual(Buffer.from(second.assets.image!), Buffer.from(first.assets.image!));
});

test("a Python from an image has a clean __main__, and random numbers of its own", async () => {
  const { assets } = await loadAssets(folder);
  const random = [];
  for (let i = 0; i < 2; i++) {
    const python = await startPython(assets, { ...PLAIN, argv: ["a", "b"], path: ["/x"], cpus: 7 });
    const report = python.runPython(`
      def report():
          import json, os, random, sys, tempfile
          main = sys.modules["__main__"]
          return json.dumps({
              "names": sorted(vars(main)), "argv": sys.argv, "path": sys.path[0], "cpus": os.cpu_count(),
              "home": os.environ.get("HOME"), "random": random.random(),
              "temporary": next(tempfile._get_candidate_names()),
              "supported": sys.implementation.supports_isolated_interpreters,
          })
      report()`) as string;
    const { names, random: number, temporary, ...rest } = JSON.parse(report) as Record<string, unknown>;
    assert.deepEqual(
      (names as string[]).filter((name) => name !== "report"),
      ["__builtins__", "__doc__", "__loader__", "__name__", "__package__", "__spec__"],
    );
    assert.deepEqual(rest, {
      argv: ["a", "b"],
      path: "/x",
      cpus: 7,
      home: process.env["HOME"],
      supported: true,
    });
    random.push(number, temporary);
  }
  assert.equal(new Set(random).size, 4, random.join());
});

test("interpreters cannot change the files that they share", async () => {
  const { assets } = await loadAssets(folder);
  const python = await startPython(assets, PLAIN);
  const before = Buffer.from(assets.stdlib);
  for (const file of ["/lib/python314.zip", "/lib/python3.14/site-packages/_interpreters.py"]) {
    for (const mode of ["ab", "r+b", "wb"]) {
      const code = `
        try:
            with open(${JSON.stringify(file)}, ${JSON.stringify(mode)}) as file: file.write(b"x")
            result = "written"
        except PermissionError: result = "refused"
        result`;
      assert.equal(python.runPython(code), "refused", `${file} ${mode}`);
    }
  }
  assert.deepEqual(Buffer.from(assets.stdlib), before);
});

test("a damaged image is made again", async () => {
  const bytes = readFileSync(imageFile());
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(imageFile(), bytes);
  const { source, problems } = await loadAssets(folder);
  assert.equal(source, "made and kept");
  assert.match(problems.join(), /damaged/);
  assert.equal((await loadAssets(folder)).source, "cache");
});

test("an image of another build of Pyodide is refused", async () => {
  const { assets } = await loadAssets(folder);
  const image = assets.image!;
  const memory = new Uint8Array(memorySizeOf(image));
  const config = restoreImage(image, memory) as { build: string };
  const foreign = makeImage(memory, { ...config, build: "another" });
  await assert.rejects(loadPython({ ...assets, image: foreign }), ForeignImageError);
});

test("without a usable folder, Python boots from nothing", async () => {
  const { source, problems, assets } = await loadAssets(path.join(imageFile(), "folder"));
  assert.equal(source, "made");
  assert.match(problems.join(), /ENOTDIR/);
  assert.equal((await loadPython(assets)).runPython("1 + 1"), 2);
});

test("an image is that of its time zone", async () => {
  const { TZ } = process.env;
  try {
    const keys = new Set();
    for (const zone of ["UTC", "Asia/Tokyo"]) {
      process.env["TZ"] = zone;
      const loaded = await loadAssets(folder);
      keys.add(loaded.key);
      const python = await startPython(loaded.assets, PLAIN);
      const offset = python.runPython("import time; time.timezone") as number;
      assert.equal(offset, zone === "UTC" ? 0 : -9 * 3600);
    }
    assert.equal(keys.size, 2);
  } finally {
    if (TZ === undefined) delete process.env["TZ"];
    else process.env["TZ"] = TZ;
  }
});
