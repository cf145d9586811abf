/**
 * The assets that all interpreters of a process share: compiled, read and put into shared memory once, by the thread that calls `createPython()`.
 */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bootImage, type PyodideFiles, type PythonAssets } from "./boot.js";
import { wrapModule } from "./compiled-script.js";
import { defaultCacheFolder, readImage, writeImage } from "./snapshot-cache.js";
import { wasm } from "./webassembly.js";

/** Part of every key: a change to what an image contains besides our modules of Python raises it. */
const FORMAT = 2;
const SHIMS = fileURLToPath(new URL("../../python/", import.meta.url));

/** How an image came about, for tests and for those who wonder about two seconds. */
export type ImageSource = "cache" | "made and kept" | "made";

export interface LoadedAssets {
  readonly assets: PythonAssets;
  readonly source: ImageSource;
  /** The faults of the cache folder, if any. */
  readonly problems: readonly string[];
  /** Identifies everything that the assets depend on. */
  readonly key: string;
}

/**
 * Loads the assets.
 *
 * @param cache a folder, true for the user's own, or false for none
 * @param options `anew`: makes an image even if the folder has one
 */
export async function loadAssets(cache: string | boolean, { anew = false } = {}): Promise<LoadedAssets> {
  if (wasm === undefined) {
    throw new Error("Cannot run Python: this process has no WebAssembly. Start Node without --jitless.");
  }
  const files = findPyodide();
  const compiling = readFile(path.join(files.folder, "pyodide.asm.wasm")).then((bytes) =>
    wasm!.compile(bytes),
  );
  const shims = readShims();
  const key = keyOf(files, shims);
  const folder = cache === true ? defaultCacheFolder() : cache === false ? undefined : path.resolve(cache);
  const problems: string[] = [];
  const problem = (what: string, error: unknown): void => {
    problems.push(`Cannot ${what} the image: ${error instanceof Error ? error.message : String(error)}`);
  };
  const source = wrapModule(files.script);
  const stdlib = readShared(path.join(files.folder, "python_stdlib.zip"));
  const known = folder === undefined || anew ? undefined : readImage(folder, key, problem);
  const module = await compiling;
  const assets: PythonAssets = { module, image: known, source, stdlib, shims, files };
  if (known !== undefined) return { assets, source: "cache", problems, key };
  const image = share(await bootImage(assets, (python) => prepare(python)));
  const kept = folder !== undefined && writeImage(folder, key, image, problem);
  return { assets: { ...assets, image }, source: kept ? "made and kept" : "made", problems, key };
}

function prepare(python: { runPython(code: string): unknown }): void {
  python.runPython("import _interp_boot; _interp_boot.prepare()");
}

function findPyodide(): PyodideFiles {
  const require = createRequire(import.meta.url);
  const folder = path.dirname(require.resolve("pyodide/package.json")) + path.sep;
  const lock = JSON.parse(readFileSync(path.join(folder, "pyodide-lock.json"), "utf8")) as { info: unknown };
  return { folder, script: pathToFileURL(path.join(folder, "pyodide.asm.mjs")).href, info: lock.info };
}

/** The version of Python, as in `"3.14.2"`. */
export function pythonVersion(): string {
  return (findPyodide().info as { python: string }).python;
}

function readShims(): Map<string, Uint8Array> {
  const names = readdirSync(SHIMS)
    .filter((name) => name.endsWith(".py"))
    .sort();
  return new Map(names.map((name) => [name, readShared(path.join(SHIMS, name))]));
}

/**
 * An image depends on the build of Pyodide, on our modules, and on what Python asks its engine for once, at its start: what it can do, and the
 * time zone.
 */
function keyOf(files: PyodideFiles, shims: ReadonlyMap<string, Uint8Array>): string {
  const hash = createHash("sha256");
  const { version } = JSON.parse(readFileSync(path.join(files.folder, "package.json"), "utf8")) as {
    version: string;
  };
  const sizes = ["pyodide.asm.wasm", "pyodide.asm.mjs", "python_stdlib.zip"].map(
    (name) => statSync(path.join(files.folder, name)).size,
  );
  const { v8 } = process.versions;
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  hash.update(JSON.stringify([FORMAT, version, sizes, v8, process.platform, process.arch, timeZone]));
  for (const [name, text] of shims) hash.update(`\0${name}\0`).update(Uint8Array.from(text));
  return hash.digest("hex").slice(0, 32);
}

function readShared(file: string): Uint8Array<SharedArrayBuffer> {
  const fd = openSync(file, "r");
  try {
    const { size } = fstatSync(fd);
    const bytes = new Uint8Array(new SharedArrayBuffer(size));
    let at = 0;
    while (at < size) {
      const count = readSync(fd, bytes, at, size - at, at);
      if (count === 0) throw new Error(`${file} was cut off while it was read`);
      at += count;
    }
    return bytes;
  } finally {
    closeSync(fd);
  }
}

function share(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}
