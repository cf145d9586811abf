/**
 * Runs the test suite of a package over our adapter for it, and compares the outcome with the list of failures that are expected
 * (packages/compat/NAME/conformance.json: test -> reason, or { "sometimes": reason } for a test that fails on a machine that is slow). Exits with 1
 * if a test differs from it.
 *
 *     npm run conformance -- piscina
 *     npm run conformance -- jest-worker|synckit|tinypool|workerpool --suite FOLDER
 *
 * FOLDER is a checkout of the package's repository, for packages whose suite npm does not have; piscina's is in its tarball. Nothing of it is
 * kept here; the packages that it needs are installed in a temporary folder, which stays there with `--keep`. `--only PART` runs the files whose names
 * contain it.
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
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values, positionals } = parseArgs({
  options: { suite: { type: "string" }, only: { type: "string" }, keep: { type: "boolean" } },
  allowPositionals: true,
});
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

/** Adds an outcome. A test's name may occur twice. */
function note(outcomes, test, outcome) {
  let [name, copies] = [test, 1];
  while (outcomes.has(name)) name = `${test} (${++copies})`;
  outcomes.set(name, outcome);
}

/** The outcomes of Jest or Vitest, by test. */
function outcomesOf(results) {
  const outcomes = new Map();
  for (const { name, assertionResults, message } of readJson(results).testResults) {
    const file = path.basename(name);
    if (assertionResults.length === 0) outcomes.set(file, { status: "failed", message });
    for (const { fullName, status, failureMessages } of assertionResults) {
      note(outcomes, `${file} › ${fullName}`, { status, message: failureMessages.join("\n") });
    }
  }
  return outcomes;
}

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
  return outcomesOf(results);
}

/** The outcomes of Node's own test runner, by test. */
function nodeTest(folder, flags, files) {
  const reporter = fileURLToPath(new URL("outcomes-reporter.mjs", import.meta.url));
  const limits = ["--test-concurrency=2", "--test-timeout=120000"];
  const args = [...flags, "--test", ...limits, "--test-reporter", reporter, ...files];
  const { stdout } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 2 ** 28,
    // A test may run this: without the variable, the runner does not take itself for a part of it.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  const outcomes = new Map();
  for (const line of stdout.split("\n").filter((text) => text.startsWith("{"))) {
    const { test, status, message } = JSON.parse(line);
    note(outcomes, test, { status, message });
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

function vitest(folder, args) {
  const results = path.join(folder, "results.json");
  const command = [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--reporter=json",
    "--outputFile",
    results,
    ...args,
  ];
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  spawnSync(process.execPath, command, { cwd: folder, stdio: "ignore", env });
  return outcomesOf(results);
}

/** Unpacks a package's tarball into a temporary folder. */
function unpack(spec) {
  const folder = mkdtempSync(path.join(tmpdir(), "tarball-"));
  const packed = spawnSync("npm", ["pack", spec, "--silent"], { cwd: folder, encoding: "utf8" });
  if (packed.status !== 0) throw new Error(`npm pack ${spec} failed: ${packed.stderr}`);
  const { status } = spawnSync("tar", ["-xzf", packed.stdout.trim()], { cwd: folder, stdio: "inherit" });
  if (status !== 0) throw new Error(`${packed.stdout.trim()} cannot be unpacked`);
  return path.join(folder, "package");
}

const SUITES = {
  piscina(suite = unpack("piscina@5.3.2")) {
    const dist = path.join(root, "packages/compat/piscina/dist/piscina/src");
    const folder = prepare(suite, ["concat-stream", "tsx"], (own, at) => {
      // The adapter takes the place of what the suite imports by path and by name.
      rmSync(path.join(at, "dist"), { recursive: true });
      mkdirSync(path.join(at, "dist"));
      for (const name of ["main", "index", "common", "symbols"]) {
        const file = JSON.stringify(path.join(dist, `${name}.js`));
        writeFileSync(path.join(at, `dist/${name}.js`), `module.exports = require(${file});\n`);
      }
      const esm = JSON.stringify(pathToFileURL(path.join(dist, "esm.mjs")).href);
      writeFileSync(
        path.join(at, "dist/esm-wrapper.mjs"),
        `export * from ${esm};\nexport { default } from ${esm};\n`,
      );
      return own;
    });
    const tests = readdirSync(path.join(folder, "test")).filter((file) => file.endsWith(".test.ts"));
    const files = tests.map((file) => `test/${file}`).filter((file) => file.includes(values.only ?? ""));
    return [folder, nodeTest(folder, ["--enable-source-maps", "--import=tsx"], files)];
  },
  tinypool(suite) {
    const dist = path.join(root, "packages/compat/tinypool/dist");
    const folder = prepare(suite, ["vitest"], (own, at) => {
      rmSync(path.join(at, "src"), { recursive: true });
      rmSync(path.join(at, "dist"), { recursive: true, force: true });
      mkdirSync(path.join(at, "dist"));
      const face = JSON.stringify(path.join(dist, "tinypool/src/index.js"));
      writeFileSync(
        path.join(at, "dist/index.js"),
        `export * from ${face};\nexport { default } from ${face};\n`,
      );
      // The suite replaces modules that the pool imports, so Vitest must load the pool; it cannot load CommonJS.
      const shared = JSON.stringify(path.join(dist, "shared"));
      writeFileSync(
        path.join(at, "conformance.config.mjs"),
        `import own from "./vitest.config.ts";
const external = [new RegExp("^(file://)?" + ${shared})];
export default { ...own, test: { ...own.test, server: { deps: { external } } } };
`,
      );
      return own;
    });
    const files = values.only === undefined ? [] : [values.only];
    return [folder, vitest(folder, ["--config", "conformance.config.mjs", ...files])];
  },
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
/** Those whose suite npm has. */
const PACKED = ["piscina"];
if (SUITES[name] === undefined || (values.suite === undefined && !PACKED.includes(name))) {
  console.error(`Usage: npm run conformance -- ${Object.keys(SUITES).join("|")} --suite FOLDER`);
  console.error(`${PACKED.join(", ")}: the suite is downloaded if --suite is not given`);
  process.exit(2);
}
const expected = readJson(path.join(root, "packages/compat", name, "conformance.json"));
const [folder, outcomes] = SUITES[name](values.suite === undefined ? undefined : path.resolve(values.suite));
const counts = {};
let differences = 0;
for (const [test, { status, message }] of outcomes) {
  const key = status === "failed" && test in expected ? "failed as expected" : status;
  counts[key] = (counts[key] ?? 0) + 1;
  if (key === "failed as expected") console.log(`– ${test}: ${expected[test].sometimes ?? expected[test]}\n`);
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
if (values.keep) console.log(folder);
else rmSync(folder, { recursive: true, force: true });
process.exitCode = differences === 0 && outcomes.size > 0 ? 0 : 1;
