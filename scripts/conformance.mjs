/**
 * Runs the test suite of a package over our adapter for it, and compares the outcome with the list of failures that are expected
 * (packages/compat/NAME/conformance.json: test -> reason, or { "sometimes": reason } for a test that fails on a machine that is slow). Exits with 1
 * if a test differs from it.
 *
 *     npm run conformance -- jest-worker|synckit|workerpool --suite FOLDER
 *
 * FOLDER is a checkout of the package's repository: npm has no suite of it. Nothing of it is kept here; the packages that it needs are
 * installed in a temporary folder.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values, positionals } = parseArgs({ options: { suite: { type: "string" } }, allowPositionals: true });
const readJson = (file) => JSON.parse(readFileSync(file, "utf8"));
const writeJson = (file, value) => writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`);

/** Copies the checkout, installs the given ones of its development dependencies (`name` or `name@version`), and links our packages. */
function prepare(suite, wanted, change) {
  const folder = mkdtempSync(path.join(tmpdir(), "conformance-"));
  cpSync(suite, folder, {
    recursive: true,
    filter: (file) => !/[/\\](?:node_modules|\.git|\.yarn)$/.test(file),
  });
  const file = path.join(folder, "package.json");
  const { dependencies = {}, devDependencies = {}, ...own } = readJson(file);
  const version = (given = "latest") => (given.startsWith("workspace:") ? "latest" : given);
  const chosen = {};
  for (const one of wanted) {
    const [, name, given] = /^(@?[^@]+)@?(.*)$/.exec(one);
    chosen[name] = given || version(devDependencies[name]);
  }
  for (const [name, given] of Object.entries(dependencies)) chosen[name] = version(given);
  for (const key of ["packageManager", "resolutions", "scripts"]) delete own[key];
  writeJson(file, { ...own, devDependencies: chosen });
  const install = ["install", "--no-audit", "--no-fund", "--silent", "--legacy-peer-deps"];
  const { status } = spawnSync("npm", install, { cwd: folder, stdio: "inherit" });
  if (status !== 0) throw new Error(`npm install failed in ${folder}`);
  symlinkSync(path.join(root, "packages/interpreters"), path.join(folder, "node_modules/interpreters"));
  writeJson(file, change(readJson(file), folder));
  return folder;
}

/** The outcomes of Jest, by test. */
function jest(folder, args) {
  const results = path.join(folder, "results.json");
  const command = [
    "--experimental-vm-modules",
    "node_modules/jest/bin/jest.js",
    "--json",
    "--outputFile",
    results,
    ...args,
  ];
  spawnSync(process.execPath, command, { cwd: folder, stdio: ["ignore", "ignore", "ignore"] });
  const outcomes = new Map();
  for (const { name, assertionResults, message } of readJson(results).testResults) {
    const file = path.basename(name);
    if (assertionResults.length === 0) outcomes.set(file, { status: "failed", message });
    for (const { fullName, status, failureMessages } of assertionResults) {
      outcomes.set(`${file} › ${fullName}`, { status, message: failureMessages.join("\n") });
    }
  }
  return outcomes;
}

/** The outcomes of mocha, by test. */
function mocha(folder, args) {
  const results = path.join(folder, "results.json");
  const command = ["node_modules/mocha/bin/mocha.js", "--exit", "--reporter", "json"];
  command.push("--reporter-option", `output=${results}`, ...args);
  spawnSync(process.execPath, command, { cwd: folder, stdio: ["ignore", "ignore", "ignore"] });
  const outcomes = new Map();
  const { failures, passes, pending } = readJson(results);
  for (const { fullTitle } of passes) outcomes.set(fullTitle, { status: "passed" });
  for (const { fullTitle } of pending) outcomes.set(fullTitle, { status: "pending" });
  for (const { fullTitle, err } of failures) {
    outcomes.set(fullTitle, { status: "failed", message: err.stack ?? err.message });
  }
  return outcomes;
}

const SUITES = {
  synckit(suite) {
    const wanted = [
      "@1stg/tsconfig",
      "@oxc-node/core",
      "@pkgr/utils",
      "@swc-node/register",
      "@swc/core",
      "@swc/helpers",
    ];
    wanted.push(
      "@types/jest",
      "@types/node",
      "esbuild",
      "esbuild-register",
      "esbuild-runner",
      "eslint",
      "jest",
    );
    wanted.push("ts-expect", "ts-jest", "ts-node", "tsx", "typescript");
    const folder = prepare(suite, wanted, (own, at) => {
      // The adapter is CommonJS, and takes the place of what the suite imports by path.
      rmSync(path.join(at, "src"), { recursive: true });
      rmSync(path.join(at, "lib"), { recursive: true, force: true });
      cpSync(path.join(root, "packages/compat/synckit/dist/src"), path.join(at, "lib"), { recursive: true });
      writeFileSync(path.join(at, "lib/index.cjs"), 'module.exports = require("./index.js");\n');
      writeJson(path.join(at, "lib/package.json"), { type: "commonjs" });
      symlinkSync("..", path.join(at, "node_modules/synckit"));
      const { jest: options } = own;
      const moduleNameMapper = { "^(\\.{1,2}/.*)\\.js$": "$1", "^synckit$": "<rootDir>/lib/index.js" };
      const transform = { "^.+\\.tsx?$": ["ts-jest", { useESM: true, diagnostics: false }] };
      return {
        ...own,
        exports: { ".": "./lib/index.js" },
        jest: { ...options, moduleNameMapper, transform, collectCoverage: false },
      };
    });
    // The fixtures need Yarn and Bun.
    return [folder, jest(folder, ["--testPathIgnorePatterns", "fixtures"])];
  },
  "jest-worker"(suite) {
    const adapter = path.join(root, "packages/compat/jest-worker");
    const wanted = [
      "@babel/core",
      "@babel/preset-env@^7",
      "@babel/preset-typescript@^7",
      "get-stream",
      "graceful-fs",
    ];
    wanted.push("jest", "jest-leak-detector");
    const folder = prepare(path.join(suite, "packages/jest-worker"), wanted, (own, at) => {
      // The suite mocks modules by their paths and compiles two of them: the adapter's sources have their names. One test imports the build.
      const tests = (file) => /__(?:tests|fixtures)__/.test(file);
      for (const file of readdirSync(path.join(at, "src"), { recursive: true })) {
        if (file.endsWith(".ts") && !tests(file)) rmSync(path.join(at, "src", file));
      }
      cpSync(path.join(adapter, "src"), path.join(at, "src"), { recursive: true });
      cpSync(path.join(adapter, "dist/src"), path.join(at, "build"), { recursive: true });
      const presets = [["@babel/preset-env", { targets: { node: "current" } }], "@babel/preset-typescript"];
      writeJson(path.join(at, "babel.config.json"), { presets });
      return { ...own, jest: { transform: { "\\.ts$": "babel-jest" }, testMatch: ["**/*.test.ts"] } };
    });
    return [folder, jest(folder, ["--testPathIgnorePatterns", "typetests"])];
  },
  workerpool(suite) {
    const folder = prepare(suite, ["date-format", "find-process", "mocha"], (own, at) => {
      // The suite imports the sources by path; its workers import the package as a whole.
      const src = path.join(at, "src");
      rmSync(src, { recursive: true });
      mkdirSync(src);
      cpSync(path.join(root, "packages/compat/workerpool/dist/src"), path.join(at, "lib"), {
        recursive: true,
      });
      const exported = {
        "debug-port-allocator": 'require("../lib/debug-port-allocator").DebugPortAllocator',
        environment: 'require("../lib/environment")',
        Pool: 'require("../lib/pool").Pool',
        Promise: '{ Promise: require("../lib/promise").CancellablePromise }',
        queues: 'require("../lib/queues")',
        WorkerHandler: 'require("../lib/worker-handler").WorkerHandler',
      };
      for (const [file, text] of Object.entries(exported)) {
        writeFileSync(path.join(src, `${file}.js`), `module.exports = ${text};\n`);
      }
      return { ...own, main: "lib/index.js" };
    });
    return [folder, mocha(folder, ["test"])];
  },
};

const [name] = positionals;
if (SUITES[name] === undefined || values.suite === undefined) {
  console.error(`Usage: npm run conformance -- ${Object.keys(SUITES).join("|")} --suite FOLDER`);
  process.exit(2);
}
const expected = readJson(path.join(root, "packages/compat", name, "conformance.json"));
const [folder, outcomes] = SUITES[name](path.resolve(values.suite));
const counts = {};
let differences = 0;
for (const [test, { status, message }] of outcomes) {
  const key = status === "failed" && test in expected ? "failed as expected" : status;
  counts[key] = (counts[key] ?? 0) + 1;
  if (status === "failed" && !(test in expected)) {
    differences++;
    console.log(`✖ ${test}\n${message}\n`);
  } else if (status === "passed" && typeof expected[test] === "string") {
    differences++;
    console.log(`✔ ${test} passes by now: remove it from conformance.json\n`);
  }
}
for (const test of Object.keys(expected).filter((each) => !outcomes.has(each))) {
  differences++;
  console.log(`? ${test} is expected to fail, and was not run\n`);
}
console.log(
  `${name}: ${Object.entries(counts)
    .map(([key, count]) => `${count} ${key}`)
    .join(", ")}`,
);
rmSync(folder, { recursive: true, force: true });
process.exitCode = differences === 0 && outcomes.size > 0 ? 0 : 1;
