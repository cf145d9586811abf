/**
 * `npm run bench:scale`: what more workers bring. Measures each row of the table with 1, 2, 4, 8 and 16 workers, beside the peers.
 *
 * The contenders of a row take turns, each in its own process (watcher.ts). It needs nothing but Node, the compiled files and the
 * installed packages, so it can also run on a machine that has nothing else.
 */

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { parseArgs } from "node:util";
import { runCommand } from "../command.js";
import { exitOnSignals } from "../signals.js";
import { busyCores, describeEnvironment } from "../environment.js";
import { HISTORY, record, whyNotRecorded } from "../history.js";
import { DISTURBED, format, summarize, type CaseReport, type Report } from "../report.js";
import { watchCase } from "../watcher.js";
import { caseOf, scaleRows, threadsOf, type ScaleRow } from "./rows.js";
import { scaleTable } from "./table.js";

const ALL_WORKERS = [1, 2, 4, 8, 16];
const QUICK_WORKERS = [1, 16];

const USAGE = `Usage: npm run bench:scale -- [options]

  --rows A,B       only these rows (default: all)
  --workers 1,16   numbers of workers (default: ${ALL_WORKERS.join(",")}; with --quick ${QUICK_WORKERS.join(",")})
  --quick          shorter and fewer rounds: a look, not a measurement (never recorded)
  --json FILE      also write all medians to FILE
  --no-history     do not record the medians in bench/history
  --machine NAME   name of this machine in the history, to tell apart machines that look the same
  --list           show the rows
  --help           show this`;

function parse() {
  const { values } = parseArgs({
    options: {
      rows: { type: "string" },
      workers: { type: "string" },
      quick: { type: "boolean" },
      json: { type: "string" },
      "no-history": { type: "boolean" },
      machine: { type: "string" },
      list: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  const { quick = false } = values;
  return {
    ...values,
    quick,
    rows: values.rows === undefined ? scaleRows : values.rows.split(",").map(rowOf),
    workers:
      values.workers === undefined
        ? quick
          ? QUICK_WORKERS
          : ALL_WORKERS
        : values.workers.split(",").map(numberOfWorkers),
  };
}

function rowOf(id: string): ScaleRow {
  const row = scaleRows.find((each) => each.id === id);
  if (row === undefined)
    throw new Error(`no row is called ${id}; the rows are ${scaleRows.map((each) => each.id).join(", ")}`);
  return row;
}

function numberOfWorkers(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1)
    throw new Error(`--workers must be whole numbers of 1 or more, not ${JSON.stringify(text)}`);
  return count;
}

/** Measures a row with each number of workers. A case that cannot be measured at all is reported, and the others go on. */
async function measure(row: ScaleRow, workers: readonly number[], quick: boolean): Promise<CaseReport[]> {
  const reports: CaseReport[] = [];
  for (const threads of threadsOf(row, workers)) {
    const bench = caseOf(row, threads);
    const busyElsewhere = await busyCores();
    try {
      reports.push(summarize(bench, busyElsewhere, await watchCase(bench, { quick })));
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      const failed = bench.contenders.map(({ name, ours = false }) => ({
        contender: name,
        ours,
        figures: [],
        failure,
      }));
      reports.push(summarize(bench, busyElsewhere, failed));
    }
  }
  return reports;
}

/** The report with medians alone, and failures. */
function medians({ cases, ...rest }: Report): unknown {
  return {
    ...rest,
    cases: cases.map(({ results, ...each }) => ({
      ...each,
      results: results.map(({ contender, ours, median, ratio, failure }) => ({
        contender,
        ours,
        median,
        ratio,
        failure,
      })),
    })),
  };
}

async function main(options: ReturnType<typeof parse>): Promise<number> {
  const { rows, workers, quick } = options;
  if (options.list) {
    for (const { id, title } of rows) console.log(`${id.padEnd(18)} ${title}`);
    return 0;
  }
  const date = new Date().toISOString();
  const environment = await describeEnvironment();
  const { processor, cores, node, commit } = environment;
  console.log(`${processor}, ${cores} cores, Node ${node}, commit ${commit}\n`);
  const cases: CaseReport[] = [];
  const report: Report = { date, quick, environment, cases };
  for (const row of rows) {
    const reports = await measure(row, workers, quick);
    cases.push(...reports);
    console.log(`${scaleTable(row, threadsOf(row, workers), reports)}\n`);
    const disturbed = reports.filter(({ busyElsewhere }) => busyElsewhere >= DISTURBED);
    if (disturbed.length > 0) {
      const most = Math.max(...disturbed.map(({ busyElsewhere }) => busyElsewhere));
      console.log(`  NOT RELIABLE: other processes kept up to ${format(most)} cores busy\n`);
    }
    // After each row, so that a run that is cut short leaves what it has.
    if (options.json !== undefined) {
      await mkdir(dirname(options.json), { recursive: true });
      await writeFile(options.json, `${JSON.stringify(medians(report), null, 1)}\n`);
    }
  }
  const reason = options["no-history"] ? "--no-history was given" : whyNotRecorded(report);
  if (reason === undefined)
    console.log(`Recorded in ${relative(process.cwd(), await record(HISTORY, report, options.machine))}`);
  else console.log(`Not recorded in bench/history: ${reason}.`);
  return 0;
}

exitOnSignals();
await runCommand(USAGE, parse, main);
