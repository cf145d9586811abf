/** Fetches CPython's tests: two packages of Debian, which are checked and unpacked once into a cache folder. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The version is not Pyodide's (3.14.2), whose packages Debian no longer has: some tests check fixes that came later. Debian keeps a
 * version in the pool for some weeks; its archive has all.
 */
export const VERSION = "3.14.10-1";
const PACKAGES = [
  {
    file: `libpython3.14-testsuite_${VERSION}_all.deb`,
    sha256: "137b55a9b0794801a0226a8220c7c224e9e5e3a9d1261bd62573a87a6ad8bf31",
  },
  // `test.support` is in the standard library's package. Its Python files are the same on all architectures.
  {
    file: `libpython3.14-stdlib_${VERSION}_amd64.deb`,
    sha256: "0af595928d7a49c12fe33d5667da95dc2fa9868e1a9a00625428074d3b3d458a",
  },
];
const SOURCES = [
  "https://deb.debian.org/debian/pool/main/p/python3.14/",
  "https://snapshot.debian.org/archive/debian/20261101T000000Z/pool/main/p/python3.14/",
];

/** Milliseconds: until a server answers, and until a package is here. */
const ANSWER_LIMIT = 10_000;
const DOWNLOAD_LIMIT = 100_000;

/** Lies in node_modules, beside the other things that tests fetch. */
const CACHE = fileURLToPath(
  new URL("../../../../../node_modules/.cache/interpreters-conformance", import.meta.url),
);

/** The tests cannot be had here. */
export class NoSuiteError extends Error {
  constructor(reason: string) {
    super(`CPython's tests are not run, as ${reason}`);
  }
}

/** Returns the folder that has the package `test`. @throws NoSuiteError */
export async function fetchSuite(): Promise<string> {
  const folder = path.join(CACHE, keyOf());
  if (existsSync(folder)) return folder;
  try {
    execFileSync("dpkg-deb", ["--version"], { stdio: "ignore" });
  } catch {
    throw new NoSuiteError("there is no dpkg-deb to unpack them with");
  }
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(path.join(CACHE, "unpack-"));
  try {
    for (const { file, sha256 } of PACKAGES) {
      writeFileSync(path.join(work, file), await download(file, sha256));
      execFileSync("dpkg-deb", ["-x", path.join(work, file), path.join(work, "root")]);
    }
    const made = path.join(work, "root", "usr", "lib", "python3.14");
    // Nothing but the tests: the standard library is Pyodide's.
    for (const name of readdirSync(made)) {
      if (name !== "test") rmSync(path.join(made, name), { recursive: true });
    }
    adapt(made);
    try {
      renameSync(made, folder);
    } catch (error) {
      // Another process was quicker.
      if (!existsSync(folder)) throw error;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

/** Names what the folder is made of: the packages, and what `adapt` does to them. */
function keyOf(): string {
  const hash = createHash("sha256");
  for (const { sha256 } of PACKAGES) hash.update(sha256);
  hash.update(JSON.stringify(CHANGES));
  return hash.digest("hex").slice(0, 16);
}

/** What the tests find out about the platform is about Pyodide alone: here, there are threads, and pipes between interpreters. */
const CHANGES = {
  "__init__.py": "\nhas_socket_support = True\n",
  "threading_helper.py": "\ncan_start_thread = True\n",
};

function adapt(folder: string): void {
  for (const [file, text] of Object.entries(CHANGES)) {
    appendFileSync(path.join(folder, "test", "support", file), text);
  }
}

async function download(file: string, sha256: string): Promise<Uint8Array> {
  const failures: string[] = [];
  for (const source of SOURCES) {
    try {
      const bytes = await get(source + file);
      const found = createHash("sha256").update(bytes).digest("hex");
      if (found === sha256) return bytes;
      failures.push(`${source}: the checksum is ${found}, and must be ${sha256}`);
    } catch (error) {
      const { message, cause } = error as Error;
      failures.push(`${source}: ${cause instanceof Error ? cause.message : message}`);
    }
  }
  throw new NoSuiteError(`${file} cannot be downloaded (${failures.join("; ")})`);
}

async function get(url: string): Promise<Uint8Array> {
  const controller = new AbortController();
  const abort = (what: string) => () => controller.abort(new Error(what));
  let timer = setTimeout(abort("no answer"), ANSWER_LIMIT);
  try {
    const response = await fetch(url, { signal: controller.signal });
    if (!response.ok) throw new Error(`the server answers ${response.status}`);
    clearTimeout(timer);
    timer = setTimeout(abort("too slow"), DOWNLOAD_LIMIT);
    return new Uint8Array(await response.arrayBuffer());
  } finally {
    clearTimeout(timer);
  }
}
