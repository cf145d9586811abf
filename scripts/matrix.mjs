/**
 * Runs the compiled tests on several versions of Node, on Bun and Deno, or in pages of browsers, one after the other, and prints a table at the end:
 *
 *     npm run test:matrix [-- [VERSION…] [-- PART…]]      for example  npm run test:matrix -- 22 24.21.0 bun deno chromium firefox -- codec queue
 *
 * All run the same build, as in users' projects. Failures elsewhere than on Node are compared with a list (scripts/runtimes.mjs; for pages, scripts/pages.mjs). The Node that
 * runs this script serves for its own version; the others come from npm.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { binaryOf, cache, runtimeBinary } from "./binaries.mjs";
import { PAGES, runInPages } from "./pages.mjs";
import { copyForRuntimes, runOnRuntime, RUNTIMES } from "./runtimes.mjs";
import { RUNTIME_BUILDS, RUNTIME_FOLDERS, testFiles } from "./test-files.mjs";

/** The oldest supported release line, and each later line with long-term support. */
const DEFAULT_VERSIONS = ["20", "22", "24", "26"];

const root = fileURLToPath(new URL("..", import.meta.url));

const args = process.argv.slice(2);
const separator = args.includes("--") ? args.indexOf("--") : args.length;
const versions = separator > 0 ? args.slice(0, separator) : DEFAULT_VERSIONS;
const parts = args.slice(separator + 1);
for (const version of versions) {
  if (!(version in RUNTIMES) && !(version in PAGES) && !/^\d+(\.\d+){0,2}$/.test(version)) {
    process.stderr.write(
      `Cannot test on "${version}": it is not bun, deno, chromium, firefox, or a version of Node such as 22 or 24.21.0. ` +
        "Usage: npm run test:matrix [-- [VERSION…] [-- PART…]]\n",
    );
    process.exit(2);
  }
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

/** Runs the tests of the packages on Bun or Deno. */
async function runRuntime(runtime) {
  const { title, version } = RUNTIMES[runtime];
  const name = `${title} ${version}`;
  try {
    const binary = runtimeBinary(runtime);
    console.log(`\n${name}: ${binary}\n`);
    const start = performance.now();
    const env = {
      ...process.env,
      PATH: `${path.dirname(binary)}${path.delimiter}${process.env.PATH}`,
      NO_COLOR: "1",
    };
    copyForRuntimes(root, RUNTIME_BUILDS);
    const files = testFiles(
      parts,
      RUNTIME_FOLDERS.filter((folder) => RUNTIMES[runtime].packages.test(folder)),
    );
    const { strays, ...row } = await runOnRuntime(runtime, binary, files, { root, env });
    const seconds = Math.round((performance.now() - start) / 1000);
    const problem = parts.length > 0 || strays.length === 0 ? "" : `no such files: ${strays.join(", ")}`;
    return { version: name, ...row, seconds, problem };
  } catch (error) {
    return { version: name, passed: 0, failed: 0, skipped: 0, known: 0, seconds: 0, problem: error.message };
  }
}

/** Runs those tests of the main package that can run in a page. */
async function runBrowser(name) {
  const { title } = PAGES[name];
  console.log(`\n${title}\n`);
  const start = performance.now();
  try {
    const { strays, ...row } = await runInPages(name, testFiles(parts, ["packages/interpreters/dist/test"]));
    const seconds = Math.round((performance.now() - start) / 1000);
    const problem = parts.length > 0 || strays.length === 0 ? "" : `no such files: ${strays.join(", ")}`;
    return { version: title, ...row, seconds, problem };
  } catch (error) {
    return { version: title, passed: 0, failed: 0, skipped: 0, known: 0, seconds: 0, problem: error.message };
  }
}

mkdirSync(cache, { recursive: true });
const rows = [];
for (const version of versions) {
  if (version in RUNTIMES) rows.push(await runRuntime(version));
  else if (version in PAGES) rows.push(await runBrowser(version));
  else rows.push({ known: 0, ...run(version) });
}

// `known` are failures that the list of a runtime has.
const columns = ["version", "passed", "failed", "skipped", "known", "seconds"];
console.log(`\n${columns.map((name) => name.padStart(12)).join("")}`);
for (const row of rows) {
  console.log(`${columns.map((name) => String(row[name]).padStart(12)).join("")}  ${row.problem}`.trimEnd());
}
if (rows.some(({ failed, problem }) => failed > 0 || problem !== "")) process.exitCode = 1;
