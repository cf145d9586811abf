/**
 * Compresses a few hundred real files, in one interpreter and on all cores in turn, and compares the two.
 *
 *     node dist/compress/main.js [folder] [options]
 */

import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { fromModule, InterpreterPoolExecutor } from "interpreters";
import type { Job, Outcome } from "./compress.js";
import { findSources, largestFirst } from "./sources.js";

const { compressFile } = fromModule<typeof import("./compress.js")>(
  new URL("./compress.js", import.meta.url),
);

const USAGE = `Usage: node dist/compress/main.js [folder] [options]

Compresses the .js files of a folder (default: the workspace's node_modules) with LZMA, in interpreters.

  --workers N   interpreters of the second run (default: all cores)
  --limit N     use only the first N files
  --out DIR     write the compressed files there, with .lzma after their names
  --help        show this`;

/**
 * Runs of each kind, in turn. The fastest of each counts: whatever else happens (V8 compiles the compressor while it
 * first runs, other programs want the machine) only ever adds time.
 */
const ROUNDS = 3;

interface Run {
  readonly outcomes: readonly Outcome[];
  readonly seconds: number;
  /** How many cores the process kept busy on average, whatever its threads were doing. */
  readonly coresUsed: number;
}

async function compressAll(pool: InterpreterPoolExecutor, jobs: readonly Job[]): Promise<Run> {
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  const outcomes: Outcome[] = [];
  for await (const outcome of pool.map(compressFile, jobs)) outcomes.push(outcome);
  const milliseconds = performance.now() - start;
  const cpu = process.cpuUsage(cpuBefore);
  return { outcomes, seconds: milliseconds / 1000, coresUsed: (cpu.user + cpu.system) / 1000 / milliseconds };
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

const files = (count: number): string => (count === 1 ? "1 file" : `${count} files`);
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
    console.error(`No .js files to compress in ${folder}`);
    return 1;
  }

  const measured = largestFirst(sources).map(({ file }) => ({ file }));
  console.log(
    `Compressing ${files(sources.length)} of ${folder} with LZMA, the fastest of ${ROUNDS} runs each`,
  );

  const writing = measured.map(({ file }) => ({
    file,
    target: out && join(out, `${relative(folder, file)}.lzma`),
  }));
  await using onePool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  await using manyPool = new InterpreterPoolExecutor({ maxWorkers: workers });
  const runsOfOne: Run[] = [];
  const runsOfMany: Run[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    runsOfOne.push(await compressAll(onePool, measured));
    runsOfMany.push(await compressAll(manyPool, writing));
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
  let compressed = 0;
  for (const outcome of many.outcomes) {
    if ("unreadable" in outcome) {
      console.log(`  skipped ${relative(folder, outcome.file)}: ${outcome.unreadable}`);
      continue;
    }
    compressed += 1;
    bytesIn += outcome.bytesIn;
    bytesOut += outcome.bytesOut;
  }
  const saved = bytesIn === 0 ? 0 : 100 - (100 * bytesOut) / bytesIn;
  console.log(`${files(compressed)}, ${bytes(bytesIn)} -> ${bytes(bytesOut)}, ${saved.toFixed(0)} % smaller`);
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
