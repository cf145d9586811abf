/**
 * Runs CPython's own tests of interpreters on this package, file by file, and compares the results with expectations.json: a test that is not
 * there must pass, and one that is there must not.
 *
 * Each file runs in a process of its own. A test that makes no progress is killed by its name, and a new process goes on with the rest.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { canSwitchStacks } from "../../src/threads.js";

export const MODULES = [
  "test.test_interpreters.test_api",
  "test.test_interpreters.test_queues",
  "test.test_interpreters.test_channels",
  "test.test_interpreters.test_lifecycle",
  "test.test_interpreters.test_stress",
  "test.test_concurrent_futures.test_interpreter_pool",
  "test.test__interpreters",
  "test.test__interpchannels",
];
interface Outcome {
  readonly status: string;
  readonly why: string;
  readonly seconds: number;
}

export interface RunOptions {
  /** How long one test may take, in milliseconds. */
  readonly limit: number;
  /** When the run of the whole file must have ended, by `performance.now()`. */
  readonly deadline?: number;
  /** Runs the tests whose ids contain one of these. */
  readonly only?: readonly string[] | undefined;
  /** Prints to stderr what the tests print, and each outcome. */
  readonly verbose?: boolean | undefined;
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

type Reasons = Readonly<Record<string, string>>;

/** Test ids and why they do not pass: everywhere, and where the engine cannot switch stacks. */
interface Expectations {
  readonly everywhere: Reasons;
  readonly withoutStackSwitching: Reasons;
}

/** How the reasons of tests begin that are not even started, as they would block until they are killed. */
const NEVER_ENDS = "Would wait for ever";

const here = fileURLToPath(new URL(".", import.meta.url));
class FileRun {
  readonly outcomes = new Map<string, Outcome>();
  #plan: string[] | undefined;
  readonly #module: string;
  readonly #suite: string;
  readonly #options: RunOptions;

  constructor(module: string, suite: string, expected: Reasons, options: RunOptions) {
    this.#module = module;
    this.#suite = suite;
    this.#options = options;
    for (const [id, reason] of Object.entries(expected)) {
      if (id.startsWith(`${module}.`) && reason.startsWith(NEVER_ENDS)) this.#set(id, "not run", reason);
    }
  }

  /** Runs the file, in as many processes as it takes. */
  async run(): Promise<void> {
    while (await this.#process());
    for (const id of this.#plan ?? []) {
      if (this.#options.only === undefined) this.#set(id, "not run", "");
    }
  }

  /** Runs what is left of the file in one process. Returns whether some of it is still left. */
  async #process(): Promise<boolean> {
    const tmp = mkdtempSync(path.join(os.tmpdir(), "conformance-"));
    const { limit, deadline = Infinity, only, verbose = false } = this.#options;
    const request = { module: this.#module, skip: [...this.outcomes.keys()], only };
    // A child that finds this variable believes to be a file of tests of node:test.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
    const child = spawn(
      process.execPath,
      [...process.execArgv, path.join(here, "run-file.js"), this.#suite, tmp, JSON.stringify(request)],
      { stdio: ["ignore", "pipe", "pipe"], env },
    );
    let running: string | undefined;
    let done = false;
    let output = "";
    let stuck: string | undefined;
    let timer: NodeJS.Timeout | undefined;
    const progress = (): void => {
      clearTimeout(timer);
      const left = deadline - performance.now();
      timer = setTimeout(
        () => {
          stuck = left < limit ? "the time for the whole file is over" : `no progress for ${limit / 1000} s`;
          child.kill("SIGKILL");
        },
        Math.max(0, Math.min(limit, left)),
      );
    };
    const other = (line: string): void => {
      output = `${output}${line}\n`.slice(-20_000);
      if (verbose && line !== "") process.stderr.write(`    ${line}\n`);
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
    const why = stuck ?? `the process ended (${code})`;
    if (running === undefined) {
      this.#set(`${this.#module} (between tests)`, "crash", `${why}\n${output.slice(-3000)}`);
      return false;
    }
    this.#set(running, stuck === undefined ? "crash" : "hang", `${why}\n${output.slice(-3000)}`);
    return performance.now() < deadline;
  }

  #set(id: string, status: string, why: string, seconds = 0): void {
    if (this.outcomes.has(id)) return;
    this.outcomes.set(id, { status, why, seconds });
    if (status !== "not run" && this.#options.verbose === true)
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

export interface FileResult {
  readonly passed: number;
  readonly count: number;
  /** What differs from the expectations: a text for each test. */
  readonly differences: readonly string[];
}

/** Runs one file of CPython's tests. `suite` is the folder of `fetchSuite`. */
export async function runFile(module: string, suite: string, options: RunOptions): Promise<FileResult> {
  const expected = expectations();
  const run = new FileRun(module, suite, expected, options);
  await run.run();
  const differences: string[] = [];
  for (const [id, outcome] of run.outcomes) {
    if (passed(outcome) !== id in expected) continue;
    const { status, why } = outcome;
    const text = passed(outcome)
      ? `passes, and was not expected to: ${expected[id]}`
      : `${status}\n${indent(why)}`;
    differences.push(`${id}: ${text}`);
  }
  for (const id of Object.keys(expected)) {
    if (!id.startsWith(`${module}.`) || run.outcomes.has(id) || options.only !== undefined) continue;
    differences.push(`${id} is expected not to pass, and there is no such test`);
  }
  const outcomes = [...run.outcomes.values()];
  return { passed: outcomes.filter(passed).length, count: outcomes.length, differences };
}

/** The tests that are expected not to pass on this engine, and why. */
function expectations(): Reasons {
  const file = new URL("../../../test/conformance/expectations.json", import.meta.url);
  const { everywhere, withoutStackSwitching } = JSON.parse(readFileSync(file, "utf8")) as Expectations;
  return canSwitchStacks() ? everywhere : { ...everywhere, ...withoutStackSwitching };
}

const indent = (text: string): string => text.trimEnd().replaceAll(/^/gm, "    ");
