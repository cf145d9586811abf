/** What `createPython` options make of a Python: mounted folders, packages, the working folder, streams. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { before, test } from "node:test";
import { loadAssets } from "../src/assets.js";
import type { PythonAssets } from "../src/boot.js";
import { checkPythonOptions } from "../src/options.js";
import { startPython } from "../src/start.js";
import { CACHE, newFolder } from "./folders.js";

let assets: PythonAssets;
before(async () => {
  ({ assets } = await loadAssets(CACHE));
});

const start = (options: Parameters<typeof checkPythonOptions>[0]) => {
  const { settings, streams } = checkPythonOptions(options);
  return startPython(assets, settings, streams);
};

/** A wheel is a zip, which Python can write. */
const MAKE_WHEEL = `
import zipfile
with zipfile.ZipFile("/out/greeting-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("greeting/__init__.py", "from importlib.resources import files\\ndef greet(): return files(__name__).joinpath('text.txt').read_text()\\n")
    wheel.writestr("greeting/text.txt", "hello from a wheel")
    info = "greeting-1.0.dist-info/"
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: greeting\\nVersion: 1.0\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "")
`;

test("mounted folders can be read and written, one inside of another too", async () => {
  const [outer, inner] = [newFolder(), newFolder()];
  writeFileSync(path.join(outer, "a.txt"), "outer");
  writeFileSync(path.join(inner, "a.txt"), "inner");
  const python = await start({ mounts: { "/data/deep/in": inner, "/data/": outer }, cwd: "/data" });
  const read = python.runPython(`
    import os
    open("deep/in/new.txt", "w").write("written")
    os.getcwd(), open("a.txt").read(), open("/data/deep/in/a.txt").read()`) as { toJs(): unknown };
  assert.deepEqual(read.toJs(), ["/data", "outer", "inner"]);
  assert.equal(readFileSync(path.join(inner, "new.txt"), "utf8"), "written");
});

test("a folder that is not there cannot be mounted", async () => {
  const folder = newFolder();
  await assert.rejects(
    start({ mounts: { "/x": path.join(folder, "none") } }),
    /Cannot mount .*: it is not there/,
  );
  writeFileSync(path.join(folder, "file"), "");
  await assert.rejects(
    start({ mounts: { "/x": path.join(folder, "file") } }),
    /Cannot mount .*: it is no folder/,
  );
});

test("packages are wheels, which may have files of data", async () => {
  const folder = newFolder();
  const maker = await start({ mounts: { "/out": folder } });
  maker.runPython(MAKE_WHEEL);
  const wheel = path.join(folder, "greeting-1.0-py3-none-any.whl");
  assert.ok(existsSync(wheel));
  const python = await start({ packages: [wheel] });
  assert.equal(python.runPython("import greeting; greeting.greet()"), "hello from a wheel");
});

test("a package that cannot be installed is an error", async () => {
  const folder = newFolder();
  writeFileSync(path.join(folder, "bad-1.0-py3-none-any.whl"), "no zip");
  await assert.rejects(start({ packages: [path.join(folder, "bad-1.0-py3-none-any.whl")] }));
  await assert.rejects(start({ packages: [path.join(folder, "missing-1.0-py3-none-any.whl")] }));
});

test("a sink gets whole characters, and ignored streams are empty", async () => {
  const texts: string[] = [];
  const python = await start({
    stdin: "ignore",
    stdout: { write: (text: string) => texts.push(text) },
    stderr: "ignore",
  });
  python.runPython(`
    import os, sys
    for byte in "ü€".encode(): os.write(1, bytes([byte]))
    print("unseen", file=sys.stderr)
    os.write(1, str(sys.stdin.read() == "").encode())`);
  assert.equal(texts.join(""), "ü€True");
  assert.ok(!texts.includes("\u{FFFD}"));
});

test("a process whose flags make the kept code useless gives other threads its own", () => {
  const [assetsUrl, bootUrl] = ["../src/assets.js", "../src/boot.js"].map(
    (name) => new URL(name, import.meta.url).href,
  );
  const code = `
    const { loadAssets } = await import(${JSON.stringify(assetsUrl)});
    const { assetsForThreads, loadPython } = await import(${JSON.stringify(bootUrl)});
    const { assets } = await loadAssets(${JSON.stringify(newFolder())});
    console.log((await loadPython(assets)).runPython("6 * 7"), assetsForThreads(assets).code !== undefined);`;
  const run = (...flags: string[]): string =>
    execFileSync(process.execPath, [...flags, "--input-type=module", "-e", code], { encoding: "utf8" });
  // The first one makes the image, and has compiled the script without any code.
  assert.equal(run(), "42 true\n");
  assert.equal(run(), "42 false\n");
  assert.equal(run("--expose-gc"), "42 true\n");
});
