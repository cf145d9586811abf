/** Fetches CPython's tests: two packages of Debian, which are checked and unpacked once into a cache folder. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";

/**
 * The version is not Pyodide's (3.14.2), whose packages Debian no longer has: some tests check fixes that came later. Debian keeps a
 * version in the pool for some weeks; the archive is asked for older ones.
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
  `https://snapshot.debian.org/file/by-name/`,
];

/** The tests cannot be had here. */
export class NoSuiteError extends Error {}

/** Returns the folder that has the package `test`. @throws NoSuiteError */
export async function fetchSuite(cache: string): Promise<string> {
  const folder = path.join(cache, `cpython-tests-${VERSION}-1`);
  if (existsSync(path.join(folder, "test", "support"))) return folder;
  try {
    execFileSync("dpkg-deb", ["--version"], { stdio: "ignore" });
  } catch {
    throw new NoSuiteError("there is no dpkg-deb to unpack CPython's tests with");
  }
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(path.join(cache, "unpack-"));
  try {
    for (const { file, sha256 } of PACKAGES) {
      const bytes = await download(file);
      const found = createHash("sha256").update(bytes).digest("hex");
      if (found !== sha256) throw new Error(`${file} has the checksum ${found}, and must have ${sha256}`);
      writeFileSync(path.join(work, file), bytes);
      execFileSync("dpkg-deb", ["-x", path.join(work, file), path.join(work, "root")]);
    }
    const made = path.join(work, "suite");
    cpSync(path.join(work, "root", "usr", "lib", "python3.14", "test"), path.join(made, "test"), {
      recursive: true,
    });
    adapt(made);
    if (!existsSync(folder)) renameSync(made, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

/** What the tests find out about the platform is about Pyodide alone: here, there are threads, and pipes between interpreters. */
function adapt(folder: string): void {
  const support = path.join(folder, "test", "support");
  appendFileSync(path.join(support, "__init__.py"), "\nhas_socket_support = True\n");
  appendFileSync(path.join(support, "threading_helper.py"), "\ncan_start_thread = True\n");
}

async function download(file: string): Promise<Uint8Array> {
  const failures: string[] = [];
  for (const source of SOURCES) {
    try {
      const response = await fetch(source + file, { signal: AbortSignal.timeout(120_000) });
      if (response.ok) return new Uint8Array(await response.arrayBuffer());
      failures.push(`${source}: ${response.status}`);
    } catch (error) {
      const { message, cause } = error as Error;
      failures.push(`${source}: ${cause instanceof Error ? cause.message : message}`);
    }
  }
  throw new NoSuiteError(`${file} cannot be downloaded (${failures.join("; ")})`);
}
