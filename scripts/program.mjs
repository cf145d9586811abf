/**
 * Runs a real program twice, with the package that it depends on and with our adapter in its place (npm's `overrides`), and compares what they
 * print, what they write, and their exit codes.
 *
 *     node scripts/program.mjs webpack|mocha
 *
 * Exits with 0 if they are equal and leave no process behind, and with 77 if the packages cannot be installed here.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const spec = (name, failing) => `
  const assert = require("node:assert");
  describe("${name}", () => {
    for (let i = 0; i < 20; i++) it("adds " + i, () => assert.equal(i + i, 2 * i));
    it("waits", (done) => setTimeout(done, 5));
    it("is a worker", () => assert.notEqual(process.env.MOCHA_WORKER_ID, undefined));
    ${failing ? 'it("fails", () => assert.equal(1, 2));' : ""}
  });`;

const PROGRAMS = {
  /** Minifies three bundles in two workers. */
  webpack: {
    adapter: "jest-worker",
    packages: { webpack: "^5.100.0", "terser-webpack-plugin": "^5.3.14" },
    files: {
      ...Object.fromEntries(
        ["one", "two", "three"].map((name) => [
          `src/${name}.js`,
          `import { shared } from "./shared.js";\nexport const ${name} = (first, second) => shared(first) + second;\nconsole.log(${name}(1, 2));\n`,
        ]),
      ),
      "src/shared.js": "export function shared(longParameterName) { return longParameterName * 2; }\n",
      "build.cjs": `
        const webpack = require("webpack");
        const Terser = require("terser-webpack-plugin");
        const { createHash } = require("node:crypto");
        const used = require.resolve("jest-worker", { paths: [require.resolve("terser-webpack-plugin")] });
        if (/@interpreters|packages.compat/.test(used) !== (process.argv[2] === "ours")) throw new Error("It uses " + used);
        const entry = { one: "./src/one.js", two: "./src/two.js", three: "./src/three.js" };
        const minimizer = [new Terser({ parallel: 2, terserOptions: { compress: { passes: 2 } } })];
        const config = { context: __dirname, mode: "production", entry, devtool: "source-map", optimization: { minimizer } };
        webpack(config, (error, stats) => {
          if (error || stats.hasErrors()) throw error ?? new Error(stats.toString());
          for (const { name, size } of stats.toJson().assets.sort((a, b) => (a.name < b.name ? -1 : 1))) console.log(name, size);
        });`,
    },
    command: ["build.cjs"],
    written: "dist",
  },
  /** Runs test files in child processes, one of which fails. */
  mocha: {
    adapter: "workerpool",
    packages: { mocha: "^11.7.0" },
    files: {
      "test/one.cjs": spec("one", false),
      "test/two.cjs": spec("two", true),
      "test/three.cjs": spec("three", false),
    },
    command: [
      "node_modules/mocha/bin/mocha.js",
      "--parallel",
      "--jobs",
      "2",
      "--reporter",
      "json",
      "test/*.cjs",
    ],
    // The times differ, and so does the order of the files.
    comparable(stdout) {
      const { stats, passes, failures } = JSON.parse(stdout);
      const titles = (tests) => tests.map(({ fullTitle }) => fullTitle).sort();
      return JSON.stringify(
        [stats.tests, titles(passes), titles(failures), failures[0].err.message],
        undefined,
        1,
      );
    },
  },
};

const program = PROGRAMS[process.argv[2]];
if (program === undefined) {
  console.error(`Usage: node scripts/program.mjs ${Object.keys(PROGRAMS).join("|")}`);
  process.exit(2);
}
const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "interpreters-program-")));

function install(overrides) {
  rmSync(path.join(folder, "node_modules"), { recursive: true, force: true });
  rmSync(path.join(folder, "package-lock.json"), { force: true });
  const manifest = { private: true, dependencies: program.packages, overrides };
  writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest));
  const args = ["install", "--no-audit", "--no-fund", "--prefer-offline", "--silent", "--fetch-retries=0"];
  return spawnSync("npm", args, { cwd: folder, shell: process.platform === "win32" }).status === 0;
}

/** The processes that this program has left. */
function left() {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((id) => /^\d+$/.test(id))
    .filter((id) => {
      try {
        return readFileSync(`/proc/${id}/cmdline`, "utf8").includes(folder);
      } catch {
        return false;
      }
    });
}

function run(who) {
  const command = [...program.command, ...(program.comparable ? [] : [who])];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: folder,
    encoding: "utf8",
    timeout: 120_000,
  });
  let files = [];
  if (program.written !== undefined) {
    const written = path.join(folder, program.written);
    files = readdirSync(written)
      .sort()
      .map(
        (name) =>
          `${name} ${createHash("sha256")
            .update(readFileSync(path.join(written, name)))
            .digest("hex")}`,
      );
    rmSync(written, { recursive: true });
  }
  const output = status === null ? stdout : (program.comparable?.(stdout) ?? stdout);
  return { stderr, outcome: { status, signal, output, files, processes: left() } };
}

try {
  for (const [name, text] of Object.entries(program.files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  if (!install({})) {
    console.log(`skipped: npm cannot install ${Object.keys(program.packages).join(" and ")} here`);
    process.exitCode = 77;
  } else {
    const genuine = run("genuine");
    const { adapter } = program;
    const source = path.join(root, "packages/compat", adapter);
    const replaced = install({ [adapter]: `file:${source}` });
    if (!replaced || realpathSync(path.join(folder, "node_modules", adapter)) !== realpathSync(source)) {
      throw new Error(`npm cannot put @interpreters/${adapter} in the place of ${adapter}`);
    }
    const ours = run("ours");
    const shown = ({ outcome }) => JSON.stringify(outcome, undefined, 2);
    console.log(shown(ours));
    if (shown(genuine) !== shown(ours) || ours.outcome.processes.length > 0) {
      console.log(`With ${adapter}:\n${shown(genuine)}\n${genuine.stderr}\n${ours.stderr}`);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
