/**
 * `npm run bench`: measures this package, its peers and bare Node in one run.
 *
 * The contenders of a case take turns, each in its own process (watcher.ts).
 */

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runCommand } from "./command.js";
import { exitOnSignals } from "./signals.js";
import { cases } from "./cases/index.js";
import { busyCores, describeEnvironment } from "./environment.js";
import { HISTORY, record, whyNotRecorded } from "./history.js";
import { summarize, table, type CaseReport, type Report } from "./report.js";
import { watchCase } from "./watcher.js";

const USAGE = `Usage: npm run bench -- [options]

  --filter TEXT   only cases whose id contains TEXT (may be given more than once)
  --quick         shorter and fewer rounds: a look, not a measurement (never recorded)
  --json FILE     where to write all figures (default: bench/results/<date>-<commit>.json)
  --no-history    do not record the medians in bench/history
  --machine NAME  name of this machine in the history, to tell apart machines that look the same
  --list          show the ids of the cases
  --help          show this`;

function parse() {
  return parseArgs({
    options: {
      filter: { type: "string", multiple: true },
      quick: { type: "boolean" },
      json: { type: "string" },
      "no-history": { type: "boolean" },
      machine: { type: "string" },
      list: { type: "boolean" },
      help: { type: "boolean" },
    },
  }).values;
}

async function main(options: ReturnType<typeof parse>): Promise<number> {
  const { filter, quick = false } = options;
  if (options.list) {
    console.log(cases.map(({ id }) => id).join("\n"));
    return 0;
  }
  const chosen = cases.filter(({ id }) => filter === undefined || filter.some((text) => id.includes(text)));
  if (chosen.length === 0) {
    console.error(
      `No case matches ${filter?.join(" or ")}; the cases are:\n${cases.map(({ id }) => id).join("\n")}`,
    );
    return 2;
  }

  const date = new Date().toISOString();
  const environment = await describeEnvironment();
  const { processor, cores, node, commit } = environment;
  console.log(`${processor}, ${cores} cores, Node ${node}, commit ${commit}`);
  console.log("Last column: how many times as good as that contender our first one is.\n");

  const reports: CaseReport[] = [];
  for (const bench of chosen) {
    const busyElsewhere = await busyCores();
    const report = summarize(bench, busyElsewhere, await watchCase(bench, { quick }));
    reports.push(report);
    console.log(`${table(report)}\n`);
  }

  const report: Report = { date, quick, environment, cases: reports };
  const results = fileURLToPath(new URL("../results/", import.meta.url));
  const file = options.json ?? join(results, `${date.slice(0, 19).replaceAll(":", "")}-${commit}.json`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`Figures written to ${file}`);
  const reason = options["no-history"] ? "--no-history was given" : whyNotRecorded(report);
  if (reason === undefined) await recordAndDraw(report, options.machine);
  else console.log(`Not recorded in bench/history: ${reason}.`);
  return 0;
}

async function recordAndDraw(report: Report, machine: string | undefined): Promise<void> {
  const written = await record(HISTORY, report, machine);
  console.log(`Recorded in ${relative(process.cwd(), written)}`);
  // Imported only now, so that plotting libraries take no memory while contenders are measured.
  const { writePlots } = await import("./plot/write.js");
  console.log(`Plots drawn in bench/history: ${(await writePlots(HISTORY)).join(", ")}`);
}

exitOnSignals();
await runCommand(USAGE, parse, main);
