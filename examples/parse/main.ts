/**
 * Parses 500 real files with acorn, alternately in one interpreter and on all cores, and compares the times.
 *
 *     node dist/parse/main.js [folder] [options]
 */

import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { fromModule, InterpreterPoolExecutor } from "interpreters";
import type { Parsed } from "./parse.js";
import { compare, measure, ROUNDS, type Run } from "../support/compare.js";
import { positiveInteger, runCommand } from "../support/options.js";
import { findSources, largestFirst } from "../support/sources.js";

const { parseFile } = fromModule<typeof import("./parse.js")>(new URL("./parse.js", import.meta.url));

const USAGE = `Usage: node dist/parse/main.js [folder] [options]

Parses the JavaScript files of a folder (default: the workspace's node_modules) with acorn, in interpreters.

  --workers N   interpreters in the parallel runs (default: one per core)
  --limit N     use only the N largest files (default: 500)
  --help        show this help`;

const CHOICE = { extensions: [".js", ".mjs", ".cjs"], largest: 60_000 };

interface ParseRun extends Run {
  readonly parsed: readonly Parsed[];
}

async function parseAll(pool: InterpreterPoolExecutor, files: readonly string[]): Promise<ParseRun> {
  const parsed: Parsed[] = [];
  const measured = await measure(async () => {
    for await (const one of pool.map(parseFile, files)) parsed.push(one);
  });
  return {
    parsed,
    ...measured,
    digest: createHash("sha256").update(JSON.stringify(parsed)).digest("hex"),
  };
}

function parse() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      workers: { type: "string" },
      limit: { type: "string", default: "500" },
      help: { type: "boolean" },
    },
  });
  if (positionals.length > 1) throw new TypeError(`one folder at most, not ${positionals.length}`);
  return {
    help: values.help ?? false,
    folder: positionals[0] ?? fileURLToPath(new URL("../../../node_modules", import.meta.url)),
    workers:
      values.workers === undefined ? availableParallelism() : positiveInteger("workers", values.workers),
    limit: positiveInteger("limit", values.limit),
  };
}

async function main({ folder, workers, limit }: ReturnType<typeof parse>): Promise<number> {
  const sources = await findSources(folder, { ...CHOICE, limit: Infinity });
  const files = largestFirst(sources)
    .slice(0, limit)
    .map(({ file }) => file);
  if (files.length === 0) {
    console.error(`No JavaScript files to parse in ${folder}`);
    return 1;
  }
  console.log(`Parsing ${files.length} files of ${folder}, the fastest of ${ROUNDS} runs each`);
  await using onePool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  await using manyPool = new InterpreterPoolExecutor({ maxWorkers: workers });
  const { many, same } = await compare(
    workers,
    () => parseAll(onePool, files),
    () => parseAll(manyPool, files),
  );

  let [valid, nodes, functions, bytes] = [0, 0, 0, 0];
  for (const one of many.parsed) {
    if ("invalid" in one) {
      console.log(`  no JavaScript: ${one.file}: ${one.invalid}`);
      continue;
    }
    valid += 1;
    nodes += one.nodes;
    functions += one.functions;
    bytes += one.bytes;
  }
  console.log(`${valid} files, ${(bytes / 1e6).toFixed(2)} MB: ${functions} functions, ${nodes} nodes`);
  if (!same) {
    console.error("The runs had different results");
    return 1;
  }
  console.log(`All runs had the same results (sha256 ${many.digest.slice(0, 16)})`);
  return 0;
}

process.exitCode = await runCommand(USAGE, parse, main);
