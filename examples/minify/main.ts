/**
 * Minifies a few hundred real files, once in one interpreter and once on all cores, and compares the two.
 *
 *     node --single-threaded --interrupt-budget=1000000 dist/minify/main.js [folder] [options]
 *
 * Why those V8 flags, and what they do to the comparison: see README.md beside this folder. They must be on the
 * command line: V8 crashes when they are set in a process that already runs.
 */

import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { fromModule, InterpreterPoolExecutor } from "interpreters";
import type { Job, Outcome } from "./minify.js";
import { findSources, largestFirst, type SourceFile } from "./sources.js";

const { minifyFile } = fromModule<typeof import("./minify.js")>(new URL("./minify.js", import.meta.url));

const USAGE = `Usage: node dist/minify/main.js [folder] [options]

Minifies the .js files of a folder (default: the workspace's node_modules) with terser, in interpreters.

  --workers N   interpreters of the second run (default: all cores)
  --limit N     use only the first N files
  --out DIR     write the minified files there
  --help        show this`;

/** Files each interpreter minifies before the clock starts, so that neither run pays for booting and loading. */
const WARM_UP_FILES = 12;

/** Runs of each kind, in turn. The fastest of each counts: whatever else runs on the machine only ever adds time. */
const ROUNDS = 3;

interface Run {
  readonly outcomes: readonly Outcome[];
  readonly seconds: number;
  /** How many cores the process kept busy on average, whatever its threads were doing. */
  readonly coresUsed: number;
}

async function minifyAll(jobs: readonly Job[], warmUp: readonly Job[], maxWorkers: number): Promise<Run> {
  await using pool = new InterpreterPoolExecutor({ maxWorkers });
  // Each file once per interpreter, side by side, so that each interpreter gets about all of them.
  const warmUpJobs = warmUp.flatMap((job) => Array.from({ length: maxWorkers }, () => job));
  for await (const _ of pool.map(minifyFile, warmUpJobs));

  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  const outcomes: Outcome[] = [];
  for await (const outcome of pool.map(minifyFile, jobs)) outcomes.push(outcome);
  const milliseconds = performance.now() - start;
  const cpu = process.cpuUsage(cpuBefore);
  return { outcomes, seconds: milliseconds / 1000, coresUsed: (cpu.user + cpu.system) / 1000 / milliseconds };
}

/** Files of middling size: they load and warm what the large ones need, and take little time. */
function chooseWarmUp(sources: readonly SourceFile[]): Job[] {
  const bySize = largestFirst(sources);
  const first = Math.floor(bySize.length / 4);
  return bySize.slice(first, first + WARM_UP_FILES).map(({ file }) => ({ file }));
}

function fastest(runs: readonly Run[]): Run {
  return runs.reduce((best, run) => (run.seconds < best.seconds ? run : best));
}

/** One digest for everything a run made, whatever the order it was made in. */
function digestOf({ outcomes }: Run): string {
  const lines = outcomes.map((outcome) => `${outcome.file} ${"digest" in outcome ? outcome.digest : "-"}`);
  return createHash("sha256").update(lines.sort().join("\n")).digest("hex");
}

function positiveInteger(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new TypeError(`--${option} takes a whole number from 1 on, not "${text}"`);
}

const bytes = (count: number): string => `${(count / 1e6).toFixed(2)} MB`;

function parse() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      workers: { type: "string" },
      limit: { type: "string" },
      out: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (positionals.length > 1) throw new TypeError(`one folder at most, not ${positionals.length}`);
  return {
    help: values.help ?? false,
    folder: positionals[0] ?? fileURLToPath(new URL("../../../node_modules", import.meta.url)),
    workers:
      values.workers === undefined ? availableParallelism() : positiveInteger("workers", values.workers),
    limit: values.limit === undefined ? Infinity : positiveInteger("limit", values.limit),
    out: values.out,
  };
}

async function main(): Promise<number> {
  let options: ReturnType<typeof parse>;
  try {
    options = parse();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const { folder, workers, limit, out } = options;
  const sources = await findSources(folder, limit).catch((error: unknown) => {
    console.error(`Cannot read ${folder}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  });
  if (sources === undefined) return 1;
  if (sources.length === 0) {
    console.error(`No .js files to minify in ${folder}`);
    return 1;
  }

  const measured = largestFirst(sources).map(({ file }) => ({ file }));
  const warmUp = chooseWarmUp(sources);
  console.log(
    `Minifying ${sources.length} files of ${folder} with terser, the fastest of ${ROUNDS} runs each`,
  );

  const writing = measured.map(({ file }) => ({ file, target: out && join(out, relative(folder, file)) }));
  const runsOfOne: Run[] = [];
  const runsOfMany: Run[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    runsOfOne.push(await minifyAll(measured, warmUp, 1));
    runsOfMany.push(await minifyAll(writing, warmUp, workers));
  }
  const one = fastest(runsOfOne);
  const many = fastest(runsOfMany);
  console.log(`  1 interpreter:  ${one.seconds.toFixed(2)} s (${one.coresUsed.toFixed(2)} cores busy)`);
  console.log(
    `  ${workers} interpreters: ${many.seconds.toFixed(2)} s (${many.coresUsed.toFixed(2)} cores busy)`,
  );
  console.log(`  speed-up:       ${(one.seconds / many.seconds).toFixed(2)}`);

  let bytesIn = 0;
  let bytesOut = 0;
  let minified = 0;
  for (const outcome of many.outcomes) {
    if ("unparsable" in outcome) {
      console.log(`  skipped ${relative(folder, outcome.file)}: ${outcome.unparsable}`);
      continue;
    }
    minified += 1;
    bytesIn += outcome.bytesIn;
    bytesOut += outcome.bytesOut;
  }
  const saved = bytesIn === 0 ? 0 : 100 - (100 * bytesOut) / bytesIn;
  console.log(`${minified} files, ${bytes(bytesIn)} -> ${bytes(bytesOut)}, ${saved.toFixed(0)} % smaller`);
  if (out !== undefined) console.log(`Written to ${out}`);

  const digest = digestOf(many);
  if ([...runsOfOne, ...runsOfMany].some((run) => digestOf(run) !== digest)) {
    console.error("The runs made different output");
    return 1;
  }
  console.log(`All runs made the same output (sha256 ${digest.slice(0, 16)})`);
  return 0;
}

process.exitCode = await main();
