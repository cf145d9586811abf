/**
 * Runs a program that is written for piscina and its port to interpreters, alternately, compares what they print, and the
 * times from start to end.
 *
 *     node dist/piscina-port/main.js [folder] [options]
 */

import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ROUNDS } from "../support/compare.js";
import { positiveInteger, runCommand } from "../support/options.js";
import { runNode } from "../support/process.js";
import { findSources } from "../support/sources.js";
import { cleanEnvironment } from "../support/tools.js";

const USAGE = `Usage: node dist/piscina-port/main.js [folder] [options]

Runs a piscina program and its port on the .js files of a folder (default: the workspace's node_modules).

  --limit N     use only the first N files (default: 200)
  --help        show this help`;

const PROGRAMS = ["before", "after"] as const;

function parse() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { limit: { type: "string", default: "200" }, help: { type: "boolean" } },
  });
  if (positionals.length > 1) throw new TypeError(`one folder at most, not ${positionals.length}`);
  return {
    help: values.help ?? false,
    folder: positionals[0] ?? fileURLToPath(new URL("../../../node_modules", import.meta.url)),
    limit: positiveInteger("limit", values.limit),
  };
}

async function main({ folder, limit }: ReturnType<typeof parse>): Promise<number> {
  const sources = await findSources(folder, { extensions: [".js"], largest: 250_000, limit });
  const files = sources.map(({ file }) => file);
  console.log(`A program over ${files.length} files, for piscina and for interpreters`);
  const fastest = { before: Infinity, after: Infinity };
  const printed = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of PROGRAMS) {
      const start = performance.now();
      const program = fileURLToPath(new URL(`./${name}/main.js`, import.meta.url));
      const { stdout, stderr, code } = await runNode([program, ...files], { env: cleanEnvironment });
      if (code !== 0) throw new Error(`${name}/main.js ended with code ${code}:\n${stderr}`);
      fastest[name] = Math.min(fastest[name], (performance.now() - start) / 1000);
      printed.add(stdout);
    }
  }
  console.log(`  piscina:      ${fastest.before.toFixed(2)} s`);
  console.log(`  interpreters: ${fastest.after.toFixed(2)} s`);
  if (printed.size > 1) {
    console.error("The programs had different results");
    return 1;
  }
  const [text] = printed;
  const { summaries, aborted } = JSON.parse(text) as { summaries: unknown[]; aborted: string };
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
  console.log(
    `Both had the same ${summaries.length} results and ended the endless task: ${aborted} (sha256 ${digest})`,
  );
  return 0;
}

process.exitCode = await runCommand(USAGE, parse, main);
