/**
 * Runs the compiled tests on Bun or Deno, file by file, and compares what fails with what is known to fail there
 * (`runtimes-known.json`): a failure that is not in that list counts, and so does an entry of the list that passes. `scripts/matrix.mjs` uses it.
 *
 * Each file runs in its own process, as under Node, with our own runner (plain-runner.mjs). Its outcomes are read from what that prints while it
 * runs: a process that dies has told of the tests before.
 */
import { spawn } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** How long one file may run. */
const LIMIT_MS = 240_000;
const runner = new URL("plain-runner.mjs", import.meta.url);

const { platform, arch } = process;

/** `x86_64` and so on, as the packages with the binaries are named. */
export const RUNTIMES = {
  bun: {
    title: "Bun",
    version: "1.4.5",
    package: `@oven/bun-${platform === "win32" ? "windows" : platform}-${arch === "arm64" ? "aarch64" : arch}`,
    binary: platform === "win32" ? "bin/bun.exe" : "bin/bun",
    options: ["--expose-gc"],
    /** Which packages' tests run there. Those of Python take long, and have nothing of Bun's own. */
    packages: /^packages\/(?!python\/)/,
  },
  deno: {
    title: "Deno",
    version: "2.9.6",
    package: `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`,
    binary: platform === "win32" ? "deno.exe" : "deno",
    options: ["run", "--allow-all", "--v8-flags=--expose-gc"],
    packages: /^packages\/interpreters\//,
  },
};

/** Reads `(pass) group > test`. */
function read(line, file) {
  const [, status, title] = /^\((pass|fail|skip)\) (.*)$/.exec(line) ?? [];
  // Such a failure belongs to no test: the file cannot be loaded, or something threw between two tests.
  if (line === "# Unhandled error between tests") file.broken = true;
  return title === undefined ? undefined : { title, status };
}

function addLine(outcome, line) {
  outcome.text = `${outcome.text}${line}\n`.slice(-100_000);
  const test = read(line, outcome);
  // Cases of one name count as one, which fails if one of them does.
  if (test !== undefined && outcome.tests.get(test.title) !== "fail")
    outcome.tests.set(test.title, test.status);
}

/** Runs a test file. Its outcome has its tests, and `end`, how the process ended if it was not by itself. */
function runFile({ options }, binary, file, { root, env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, [...options, fileURLToPath(runner), file], {
      cwd: root,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, to be ended with the processes that its tests have started.
      detached: platform !== "win32",
    });
    const outcome = { tests: new Map(), end: "", broken: false, text: "" };
    const endAll = () => {
      try {
        process.kill(platform === "win32" ? child.pid : -child.pid, "SIGKILL");
      } catch {
        // It has ended.
      }
    };
    const timer = setTimeout(() => {
      outcome.end = `ran for more than ${LIMIT_MS / 1000} s`;
      endAll();
    }, LIMIT_MS);
    let rest = "";
    const onText = (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) addLine(outcome, line);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", onText);
    child.on("error", reject);
    child.on("exit", endAll);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const failures = [...outcome.tests.values()].includes("fail");
      if (outcome.end === "" && signal !== null) outcome.end = `was killed by ${signal}`;
      else if (outcome.end === "" && code !== 0 && !failures) outcome.end = `ended with code ${code}`;
      resolve(outcome);
    });
  });
}

/** `codec/errors`, or `packages/cli/terminal`. */
const nameOf = (root, file) =>
  path
    .relative(root, file)
    .replaceAll(path.sep, "/")
    .replace(/^packages\/interpreters\/dist-portable\/test\//, "")
    .replace(/\/dist-portable(?:\/[\w-]+\/test|\/test)?\//, "/")
    .replace(/\.test\.js$/, "");

/**
 * Reads the list: for each runtime groups, which have a `kind`, and tests with the reason for which each fails. A test's name is
 * `FILE › TEST`; a name without a test is a file that cannot be run to its end. With `run: false` such files are not run at all, and
 * `unsteady` tests may pass as well.
 */
function readKnown(runtime) {
  const groups = JSON.parse(readFileSync(new URL("runtimes-known.json", import.meta.url), "utf8"))[runtime];
  const known = new Map();
  for (const { kind, run = true, unsteady = false, tests } of groups) {
    for (const [name, reason] of Object.entries(tests)) known.set(name, { kind, reason, run, unsteady });
  }
  return known;
}

/**
 * Puts a copy of the compiled modules beside each `dist`: `dist-portable`, whose tests use our runner. In that of the main package the services are
 * those of the portable build, which both runtimes load: tests of single modules then test what these run. (Tests of the package get the
 * portable build itself, by its name.)
 */
export function copyForRuntimes(root, folders) {
  for (const from of folders.map((folder) => path.join(root, folder))) {
    const to = from.replace(/dist$/, "dist-portable");
    rmSync(to, { recursive: true, force: true });
    cpSync(from, to, { recursive: true });
    for (const name of readdirSync(to, { recursive: true })) {
      if (!/(?:^|[\\/])test[\\/].*\.js$/.test(name)) continue;
      const file = path.join(to, name);
      const text = readFileSync(file, "utf8");
      const own = path.relative(path.dirname(file), fileURLToPath(runner)).replaceAll(path.sep, "/");
      const changed = text
        .replaceAll('"node:test"', JSON.stringify(own))
        // Deno shows the sources in stacks without being asked to, and tests expect compiled files there.
        .replace(/\n\/\/# sourceMappingURL=\S+\.js\.map/, "");
      if (changed !== text) writeFileSync(file, changed);
    }
  }
  const faces = path.join(root, "packages/interpreters/dist-portable/src/platform");
  for (const name of readdirSync(path.join(faces, "portable")).filter((each) => each.endsWith(".js"))) {
    // The first three find their files as texts within the portable build; the others are no services.
    if (
      [
        "modules.js",
        "package-files.js",
        "texts.js",
        "loader-errors.js",
        "death-line.js",
        "runtime.js",
      ].includes(name)
    )
      continue;
    writeFileSync(path.join(faces, name), `export * from "./portable/${name}";\n`);
  }
}

/** The judge of the outcomes of files, by the list of a runtime: prints what is not as the list says, and counts in `row`. */
export function judgeBy(runtime) {
  const row = { passed: 0, failed: 0, skipped: 0, known: 0, problem: "" };
  const known = readKnown(runtime);
  const complain = (name, what, text = "") => {
    row.failed++;
    console.log(`✖ ${name}: ${what}`);
    if (text !== "") console.log(text.trimEnd().replaceAll(/^/gm, "    "));
  };

  const judge = (name, { tests, end, broken, text }) => {
    const whole = known.get(name);
    const failures = [...tests].filter(([, status]) => status === "fail");
    if (whole !== undefined) {
      row.known++;
      if (end === "" && !broken && failures.length === 0 && !whole.unsteady) {
        complain(name, `it is in the list as "${whole.reason}", and passes: take it out`);
      }
      return;
    }
    for (const [title, status] of tests) {
      const entry = known.get(`${name} › ${title}`);
      if (status === "skip") row.skipped++;
      if (status === "pass") row.passed++;
      if (status === "fail" && entry !== undefined) row.known++;
      if (status === "fail" && entry === undefined) complain(`${name} › ${title}`, "fails");
      if (status === "pass" && entry !== undefined && !entry.unsteady) {
        complain(`${name} › ${title}`, `it is in the list as "${entry.reason}", and passes: take it out`);
      }
    }
    for (const key of known.keys()) {
      if (key.startsWith(`${name} › `) && !tests.has(key.slice(name.length + 3))) {
        complain(key, "it is in the list, and did not run");
      }
    }
    if (end !== "") complain(name, end);
    if (broken) complain(name, "something threw outside of the tests");
    const unknown = failures.some(([title]) => !known.has(`${name} › ${title}`));
    if (unknown || end !== "" || broken) console.log(text.slice(-20_000));
  };

  /** Whether the list says that a file must not be run. */
  const leavesOut = (name) => known.get(name)?.run === false;
  /** Files that the list names and that are not among these. */
  const strays = (names) =>
    [...known.keys()].map((key) => key.split(" › ")[0]).filter((name) => !names.has(name));
  return { row, judge, leavesOut, strays };
}

/** The output of a file, line by line, as an outcome to be judged. `end`: how it ended if not by itself. */
export function outcomeOf(lines, end) {
  const outcome = { tests: new Map(), end, broken: false, text: "" };
  for (const line of lines) addLine(outcome, line);
  return outcome;
}

/** Runs those files on a runtime and prints what is not as the list says. Resolves to the row for the table. */
export async function runOnRuntime(runtime, binary, files, { root, env }) {
  const { row, judge, leavesOut, strays } = judgeBy(runtime);
  const waiting = [...files];
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const name = nameOf(root, file);
      if (leavesOut(name)) {
        row.known++;
        continue;
      }
      const began = performance.now();
      const outcome = await runFile(RUNTIMES[runtime], binary, file, { root, env });
      console.log(`${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
      judge(name, outcome);
    }
  };
  await Promise.all([work(), work()]);
  const names = new Set(files.map((file) => nameOf(root, file)));
  return { ...row, strays: strays(names) };
}
