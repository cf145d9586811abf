/**
 * `npm run bench:compare -- --base DIR`: compares this checkout's build with another one, case by case, in one run.
 *
 * In each round both builds take turns (watcher.ts), in fresh processes: chance decides how the compiler optimizes the first
 * calls of a process and where its memory lies, and both last as long as the process.
 */

import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runCommand } from "../command.js";
import { exitOnSignals } from "../signals.js";
import { cases } from "../cases/index.js";
import { busyCores, describeEnvironment } from "../environment.js";
import type { Case, Contender } from "../harness.js";
import { DISTURBED, format } from "../report.js";
import { watchCase } from "../watcher.js";
import { ACCEPTED, compareRounds, type Round, type Row, worse } from "./ratios.js";
import { packageIn, stage, temporaryFolder } from "./stage.js";

const USAGE = `Usage: npm run bench:compare -- --base DIR [options]

Compares this checkout's build with the one in DIR, another checkout that has been built. The ratio says how many times as good
as the base build the new one is: above 1 it is better, also where the figures are times or memory.

  --base DIR      folder of the other checkout
  --filter TEXT   only cases whose id contains TEXT (may be given more than once)
  --rounds N      rounds, each in fresh processes (default: 5)
  --quick         shorter rounds: a look, not a measurement
  --strict        exit with 1 if a ratio is below ${ACCEPTED}
  --help          show this`;

const ROUNDS = 5;

function parse() {
  const { values } = parseArgs({
    options: {
      base: { type: "string" },
      filter: { type: "string", multiple: true },
      rounds: { type: "string" },
      quick: { type: "boolean" },
      strict: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  const rounds = Number(values.rounds ?? ROUNDS);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Error(`--rounds must be an integer of 1 or more, not ${JSON.stringify(values.rounds)}`);
  }
  return { ...values, rounds };
}

/** The scripts of the contender processes of both builds. */
interface Scripts {
  readonly next: string;
  readonly base: string;
}

interface Effort {
  readonly rounds: number;
  readonly quick: boolean;
}

async function compareContender(
  bench: Case,
  contender: Contender,
  scripts: Scripts,
  common: number,
  { rounds, quick }: Effort,
): Promise<Omit<Row, "name">> {
  const done: Round[] = [];
  let [failure, baseFailure]: (string | undefined)[] = [];
  for (let round = 0; round < rounds && failure === undefined && baseFailure === undefined; round += 1) {
    const next = { contender, script: scripts.next };
    const base = { contender, script: scripts.base };
    // The builds alternate in starting first.
    const results = await watchCase(bench, {
      quick,
      common,
      entries: round % 2 === 0 ? [base, next] : [next, base],
    });
    const [nextResult, baseResult] = round % 2 === 0 ? results.toReversed() : results;
    done.push({ next: nextResult.figures, base: baseResult.figures });
    failure = nextResult.failure;
    baseFailure = baseResult.failure;
  }
  const comparison = compareRounds(bench.unit, done);
  if (failure !== undefined) return { comparison, failure };
  if (baseFailure !== undefined) console.log(`  the base build failed: ${baseFailure}`);
  return { comparison };
}

const WIDTHS = [10, 10, 9, 14];
const cells = (name: string, values: readonly string[]): string =>
  [`  ${name.padEnd(48)}`, ...values.map((value, i) => value.padStart(WIDTHS[i] ?? 0))].join(" ").trimEnd();

function line({ name, comparison, failure }: Row): string {
  const failed = failure === undefined ? "" : `  the new build failed: ${failure}`;
  if (comparison === undefined) return `${cells(name, [])}  no figures of both builds${failed}`;
  const { base, next, ratio, min, max } = comparison;
  const range = `${min.toFixed(2)} to ${max.toFixed(2)}`;
  const mark = ratio < ACCEPTED ? "  worse" : "";
  return cells(name, [format(base), format(next), `${ratio.toFixed(3)} x`, range]) + mark + failed;
}

async function compareCases(chosen: readonly Case[], scripts: Scripts, effort: Effort): Promise<Row[]> {
  const rows: Row[] = [];
  console.log(cells("", ["base", "new", "ratio", "of rounds"]));
  for (const bench of chosen) {
    const busy = await busyCores();
    console.log(`${bench.id} (${bench.unit})`);
    if (busy >= DISTURBED) {
      console.log(
        `  NOT RELIABLE: other processes kept ${busy.toFixed(1)} cores busy when this case started`,
      );
    }
    const common = bench.common?.() ?? 0;
    for (const contender of bench.contenders.filter(({ ours }) => ours)) {
      const name = contender.name.replace(/^interpreters: /, "");
      const row = { name, ...(await compareContender(bench, contender, scripts, common, effort)) };
      rows.push({ ...row, name: `${bench.id}, ${name}` });
      console.log(line(row));
    }
  }
  return rows;
}

async function main(options: ReturnType<typeof parse>): Promise<number> {
  if (options.base === undefined) {
    console.error(`--base is missing: the folder of the checkout to compare with\n\n${USAGE}`);
    return 2;
  }
  const { filter, quick = false, rounds } = options;
  const chosen = cases.filter(
    ({ id, contenders }) =>
      contenders.some(({ ours }) => ours) &&
      (filter === undefined || filter.some((text) => id.includes(text))),
  );
  if (chosen.length === 0) {
    console.error(
      `No case matches ${filter?.join(" or ")}; the cases are:\n${cases.map(({ id }) => id).join("\n")}`,
    );
    return 2;
  }
  const checkout = fileURLToPath(new URL("../../..", import.meta.url));
  const base = resolve(options.base);
  let packages: { next: string; base: string };
  try {
    packages = { next: packageIn(checkout), base: packageIn(base) };
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 2;
  }

  const folder = await temporaryFolder();
  const scripts = {
    next: await stage(join(folder, "next"), packages.next),
    base: await stage(join(folder, "base"), packages.base),
  };
  const { processor, cores, node, commit } = await describeEnvironment();
  console.log(`${processor}, ${cores} cores, Node ${node}`);
  console.log(`new:  ${checkout} (commit ${commit})\nbase: ${base}`);
  console.log(`Ratios above 1: the new build is better. ${rounds} rounds${quick ? ", --quick" : ""}.\n`);

  const rows = await compareCases(chosen, scripts, { rounds, quick });
  const failing = worse(rows);
  if (failing.length === 0) {
    console.log(`\nNone of ${rows.length} ratios is below ${ACCEPTED}.`);
    return 0;
  }
  console.log(`\nBelow ${ACCEPTED} or failed (${failing.length} of ${rows.length}):`);
  for (const { name, comparison, failure } of failing) {
    console.log(`  ${name}: ${failure ?? `${comparison?.ratio.toFixed(3)} x`}`);
  }
  return options.strict ? 1 : 0;
}

exitOnSignals();
await runCommand(USAGE, parse, main);
