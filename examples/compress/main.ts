/**
 * Compresses about 300 real files, alternately in one interpreter and on all cores, and compares the times.
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
import { compare, measure, ROUNDS, type Run } from "../support/compare.js";
import { messageOf, positiveInteger, runCommand } from "../support/options.js";
import { findSources, largestFirst } from "../support/sources.js";

const { compressFile } = fromModule<typeof import("./compress.js")>(
  new URL("./compress.js", import.meta.url),
);

/** Bytes. A larger file takes seconds, and would by itself determine the time of the whole run. */
const LARGEST = 30_000;

const USAGE = `Usage: node dist/compress/main.js [folder] [options]

Compresses the .js files of a folder (default: the workspace's node_modules) with LZMA, in interpreters.

  --workers N   interpreters in the parallel runs (default: one per core)
  --limit N     use only the first N files
  --out DIR     write the compressed files to DIR, with .lzma appended to their names
  --help        show this help`;

interface CompressRun extends Run {
  readonly outcomes: readonly Outcome[];
}

async function compressAll(pool: InterpreterPoolExecutor, jobs: readonly Job[]): Promise<CompressRun> {
  const outcomes: Outcome[] = [];
  const measured = await measure(async () => {
    for await (const outcome of pool.map(compressFile, jobs)) outcomes.push(outcome);
  });
  return {
    outcomes,
    ...measured,
    digest: digestOf(outcomes),
  };
}

/** One digest of all outputs of a run, independent of their order. */
function digestOf(outcomes: readonly Outcome[]): string {
  const lines = outcomes.map((outcome) => `${outcome.file} ${"digest" in outcome ? outcome.digest : "-"}`);
  return createHash("sha256").update(lines.sort().join("\n")).digest("hex");
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

async function main({ folder, workers, limit, out }: ReturnType<typeof parse>): Promise<number> {
  const sources = await findSources(folder, { extensions: [".js"], largest: LARGEST, limit }).catch(
    (error: unknown) => {
      console.error(`Cannot read ${folder}: ${messageOf(error)}`);
      return undefined;
    },
  );
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
  const { many, same } = await compare(
    workers,
    () => compressAll(onePool, measured),
    () => compressAll(manyPool, writing),
  );

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

  if (!same) {
    console.error("The runs made different output");
    return 1;
  }
  console.log(`All runs made the same output (sha256 ${many.digest.slice(0, 16)})`);
  return 0;
}

process.exitCode = await runCommand(USAGE, parse, main);
