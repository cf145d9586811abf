/**
 * Runs CPython's own tests of interpreters on this package: `npm run conformance [-- PART… [--only TEST…] [--verbose]]`.
 *
 * Each file runs in a process of its own. A test that makes no progress is killed by its name, and a new process goes on with the rest. The
 * results must be those of expectations.json: a test that is not there must pass, and one that is there must not.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { canSwitchStacks } from "../../src/threads.js";
import { fetchSuite, NoSuiteError, VERSION } from "./suite.js";

const MODULES = [
  "test.test_interpreters.test_api",
  "test.test_interpreters.test_queues",
  "test.test_interpreters.test_channels",
  "test.test_interpreters.test_lifecycle",
  "test.test_interpreters.test_stress",
  "test.test_concurrent_futures.test_interpreter_pool",
  "test.test__interpreters",
  "test.test__interpchannels",
];
/** How long a test may take, in milliseconds. */
const LIMIT = Number(process.env["CONFORMANCE_LIMIT"] ?? 120_000);

interface Outcome {
  readonly status: string;
  readonly why: string;
  readonly seconds: number;
}
/** A line of harness.py. */
interface Report {
  readonly plan?: string[];
  readonly start?: string;
  readonly end?: string;
  readonly fixture?: string;
  readonly done?: true;
  readonly status?: string;
  readonly why?: string;
  readonly seconds?: number;
}

/** Test ids and why they do not pass: everywhere, and where the engine cannot switch stacks. */
interface Expectations {
  readonly everywhere: Readonly<Record<string, string>>;
  readonly withoutStackSwitching: Readonly<Record<string, string>>;
}

/** How the reasons of tests begin that are not even started, as they would block until they are killed. */
const NEVER_ENDS = "Would wait for ever";

const here = fileURLToPath(new URL(".", import.meta.url));
const { values, positionals } = parseArgs({
  options: { only: { type: "string", multiple: true }, verbose: { type: "boolean" } },
  allowPositionals: true,
});

class FileRun {
  readonly outcomes = new Map<string, Outcome>();
  #plan: string[] | undefined;
  readonly #module: string;
  readonly #suite: string;

  constructor(module: string, suite: string, expected: Readonly<Record<string, string>>) {
    this.#module = module;
    this.#suite = suite;
    for (const [id, reason] of Object.entries(expected)) {
      if (id.startsWith(`${module}.`) && reason.startsWith(NEVER_ENDS)) this.#set(id, "not run", reason);
    }
  }

  /** Runs the file, in as many processes as it takes. */
  async run(): Promise<void> {
    while (await this.#process());
    for (const id of this.#plan ?? []) {
      if (values.only === undefined) this.#set(id, "not run", "");
    }
  }

  /** Runs what is left of the file in one process. Returns whether some of it is still left. */
  async #process(): Promise<boolean> {
    const tmp = mkdtempSync(path.join(os.tmpdir(), "conformance-"));
    const request = { module: this.#module, skip: [...this.outcomes.keys()], only: values.only };
    const child = spawn(
      process.execPath,
      [...process.execArgv, path.join(here, "run-file.js"), this.#suite, tmp, JSON.stringify(request)],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    let running: string | undefined;
    let done = false;
    let output = "";
    let stuck = false;
    let timer: NodeJS.Timeout | undefined;
    const progress = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        stuck = true;
        child.kill("SIGKILL");
      }, LIMIT);
    };
    const other = (line: string): void => {
      output = `${output}${line}\n`.slice(-20_000);
      if (values.verbose === true && line !== "") process.stderr.write(`    ${line}\n`);
    };
    const onLine = (line: string): void => {
      if (!line.startsWith("\u0001")) return other(line);
      const report = JSON.parse(line.slice(1)) as Report;
      progress();
      if (report.plan !== undefined) this.#plan = report.plan;
      if (report.start !== undefined) running = report.start;
      if (report.done === true) done = true;
      const { status = "", why = "", seconds = 0 } = report;
      if (report.end !== undefined) {
        running = undefined;
        this.#set(report.end, status, why, seconds);
      }
      if (report.fixture !== undefined) this.#fixture(report.fixture, status, why);
    };
    progress();
    createInterface({ input: child.stdout }).on("line", onLine);
    createInterface({ input: child.stderr }).on("line", other);
    const code = await new Promise<string>((resolve) => {
      child.on("close", (status, signal) => resolve(String(signal ?? status)));
    });
    clearTimeout(timer);
    rmSync(tmp, { recursive: true, force: true });
    if (done) return false;
    const why = stuck ? `no progress for ${LIMIT / 1000} s` : `the process ended (${code})`;
    if (running === undefined) {
      this.#set(`${this.#module} (between tests)`, "crash", `${why}\n${output.slice(-3000)}`);
      return false;
    }
    this.#set(running, stuck ? "hang" : "crash", `${why}\n${output.slice(-3000)}`);
    return true;
  }

  #set(id: string, status: string, why: string, seconds = 0): void {
    if (this.outcomes.has(id)) return;
    this.outcomes.set(id, { status, why, seconds });
    if (status !== "not run" && values.verbose === true)
      process.stderr.write(`  ${status.padEnd(8)} ${id} ${seconds} s\n`);
  }

  /** A class or a module whose tests do not run: `setUpClass (test.module.Class)`, or the module's name. */
  #fixture(name: string, status: string, why: string): void {
    const owner = / \((.+)\)$/.exec(name)?.[1] ?? name;
    const own = (this.#plan ?? []).filter((id) => id.startsWith(`${owner}.`));
    for (const id of own) this.#set(id, status, `${name}: ${why}`);
    if (own.length === 0) this.#set(owner, status, why);
  }
}

const passed = ({ status }: Outcome): boolean => status === "ok" || status === "expected failure";

/** Prints what differs from the expectations. Returns how many tests do. */
function compare(outcomes: Map<string, Outcome>, expected: Readonly<Record<string, string>>): number {
  let differences = 0;
  for (const [id, outcome] of outcomes) {
    if (passed(outcome) !== id in expected) continue;
    differences++;
    const { status, why } = outcome;
    const text = passed(outcome)
      ? `passes, and was not expected to: ${expected[id]}`
      : `${status}\n${indent(why)}`;
    process.stdout.write(`\n${id}: ${text}\n`);
  }
  return differences;
}

const indent = (text: string): string => text.trimEnd().replaceAll(/^/gm, "    ");

async function main(): Promise<number> {
  let suite;
  try {
    const cache = process.env["XDG_CACHE_HOME"] ?? path.join(os.homedir(), ".cache");
    suite = await fetchSuite(path.join(cache, "interpreters-conformance"));
  } catch (error) {
    if (!(error instanceof NoSuiteError)) throw error;
    process.stdout.write(`SKIPPED: CPython's tests are not run, as ${error.message}\n`);
    return 0;
  }
  const file = new URL("../../../test/conformance/expectations.json", import.meta.url);
  const { everywhere, withoutStackSwitching } = JSON.parse(readFileSync(file, "utf8")) as Expectations;
  const expected = canSwitchStacks() ? everywhere : { ...everywhere, ...withoutStackSwitching };
  process.stdout.write(`CPython's tests ${VERSION} on Node ${process.version}\n`);
  let differences = 0;
  const all = new Map<string, Outcome>();
  const modules = MODULES.filter(
    (name) => positionals.length === 0 || positionals.some((part) => name.endsWith(part)),
  );
  for (const module of modules) {
    const began = performance.now();
    const run = new FileRun(module, suite, expected);
    await run.run();
    const outcomes = [...run.outcomes.values()];
    const count = outcomes.filter(passed).length;
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    process.stdout.write(`${module}: ${count} of ${outcomes.length} pass (${seconds} s)\n`);
    differences += compare(run.outcomes, expected);
    for (const [id, outcome] of run.outcomes) all.set(id, outcome);
  }
  const ran = new Set(all.keys());
  if (positionals.length === 0 && values.only === undefined) {
    for (const id of Object.keys(expected)) {
      if (ran.has(id)) continue;
      differences++;
      process.stdout.write(`\n${id} is expected not to pass, and there is no such test\n`);
    }
  }
  const count = [...all.values()].filter(passed).length;
  process.stdout.write(`\n${count} of ${all.size} tests pass; ${differences} differ from what is expected\n`);
  return differences === 0 ? 0 : 1;
}

process.exitCode = await main();
