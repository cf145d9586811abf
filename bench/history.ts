/**
 * The benchmark history: a small JSON file for each commit that was measured, with medians only. Samples stay in bench/results,
 * outside the repository.
 *
 *     bench/history/<commit>.json = { commit, date, runs: [{ machine, date, cases: { <id>: { unit, ours, peers, … } } }] }
 *
 * A file has a run for each machine. Figures of different machines must never meet in one line of a plot, so every reader
 * groups by `machineKey`.
 */

import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { higherIsBetter, timesAsGood, type Unit } from "./harness.js";
import { DISTURBED, type CaseReport, type Report } from "./report.js";

/** bench/history of this checkout, as seen from the compiled file. */
export const HISTORY = fileURLToPath(new URL("../history", import.meta.url));

/** A machine and the Node version on it. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGB: number;
  readonly platform: string;
  readonly node: string;
  /** The name given with `--machine`, which tells apart machines that look the same. */
  readonly name?: string;
}

/** Medians by contender, in the unit of the case. */
export type Medians = Readonly<Record<string, number>>;

export interface CaseRecord {
  readonly unit: Unit;
  /** The first one is the reference for the peers. */
  readonly ours: Medians;
  readonly peers: Medians;
  readonly bestPeer?: string;
  /** How many times as good as the best peer this package is; above 1 it is ahead. */
  readonly ratio?: number;
  /** Cores that other processes kept busy when the case started, if they were enough to disturb it. */
  readonly busyElsewhere?: number;
}

/** All figures of a commit on one machine. */
export interface Run {
  readonly machine: Machine;
  /** When the latest of its cases was measured, as ISO 8601. */
  readonly date: string;
  readonly cases: Readonly<Record<string, CaseRecord>>;
}

export interface CommitRecord {
  readonly commit: string;
  /** When the commit was made, as ISO 8601: plots are in this order. */
  readonly date: string;
  readonly runs: readonly Run[];
}

/** Identifies a machine; figures are comparable only where this is the same. */
export function machineKey({ processor, cores, memoryGB, platform, node, name = "" }: Machine): string {
  return JSON.stringify([processor, cores, memoryGB, platform, node, name]);
}

export function describeMachine({ processor, cores, memoryGB, platform, node, name }: Machine): string {
  const description = `${processor}, ${cores} cores, ${memoryGB} GB, ${platform}, Node ${node}`;
  return name === undefined ? description : `${name}: ${description}`;
}

/** Why a report does not enter the history; undefined if it does. */
export function whyNotRecorded({ quick, environment: { commit } }: Report): string | undefined {
  if (quick) return "--quick is a look, not a measurement";
  if (commit === "unknown") return "this is not a git checkout, so the figures belong to no commit";
  if (commit.endsWith("-dirty")) {
    return `the work tree differs from commit ${commit.slice(0, -"-dirty".length)}; commit the changes and measure again`;
  }
  return undefined;
}

/** Five significant digits are more than the figures are good for. They keep the files small. */
const short = (value: number): number => Number(value.toPrecision(5));

/** The medians of a case; undefined if none of this package's contenders has any. */
export function extractCase({ unit, busyElsewhere, results }: CaseReport): CaseRecord | undefined {
  const medians = (which: boolean): [string, number][] =>
    results.flatMap(({ contender, ours, median }) =>
      ours === which && median !== undefined ? [[contender, short(median)] as [string, number]] : [],
    );
  const [ours, peers] = [medians(true), medians(false)];
  if (ours.length === 0) return undefined;
  const [best] = peers.toSorted(([, a], [, b]) => (higherIsBetter(unit) ? b - a : a - b));
  const [[, own]] = ours;
  return {
    unit,
    ours: Object.fromEntries(ours),
    peers: Object.fromEntries(peers),
    ...(best && { bestPeer: best[0] }),
    // Memory within the noise can be measured as 0 or less.
    ...(best && best[1] > 0 && own > 0 && { ratio: short(timesAsGood(unit, own, best[1])) }),
    ...(busyElsewhere >= DISTURBED && { busyElsewhere: Number(busyElsewhere.toFixed(1)) }),
  };
}

/** The medians of a report. `name`: the value of `--machine`. */
export function extractRun({ date, environment, cases }: Report, name?: string): Run {
  const { processor, cores, memoryGB, platform, node } = environment;
  const records = cases.flatMap((report) => {
    const record = extractCase(report);
    return record === undefined ? [] : [[report.id, record] as [string, CaseRecord]];
  });
  return {
    machine: { processor, cores, memoryGB, platform, node, ...(name !== undefined && { name }) },
    date,
    cases: Object.fromEntries(records),
  };
}

/**
 * Adds a run to the record of its commit. On the same machine a case that was measured again replaces the older figures,
 * unless only the new ones were disturbed; all other cases stay.
 */
export function mergeRun(record: CommitRecord, run: Run): CommitRecord {
  const key = machineKey(run.machine);
  const earlier = record.runs.find(({ machine }) => machineKey(machine) === key);
  if (earlier === undefined) return { ...record, runs: [...record.runs, run] };
  const accepted = Object.entries(run.cases).filter(
    ([id, { busyElsewhere }]) =>
      busyElsewhere === undefined ||
      earlier.cases[id] === undefined ||
      earlier.cases[id].busyElsewhere !== undefined,
  );
  const merged = {
    machine: earlier.machine,
    date: run.date > earlier.date ? run.date : earlier.date,
    cases: { ...earlier.cases, ...Object.fromEntries(accepted) },
  };
  return { ...record, runs: record.runs.map((each) => (each === earlier ? merged : each)) };
}

const isMissing = (error: unknown): boolean => (error as { code?: unknown }).code === "ENOENT";

/** Writes the report's medians to the record of its commit in `folder`. Returns the file's path. */
export async function record(folder: string, report: Report, name?: string): Promise<string> {
  const { commit, commitDate = report.date } = report.environment;
  const file = join(folder, `${commit}.json`);
  let earlier: CommitRecord = { commit, date: commitDate, runs: [] };
  try {
    earlier = JSON.parse(await readFile(file, "utf8")) as CommitRecord;
  } catch (error) {
    if (!isMissing(error)) throw new Error(`cannot read ${file}: ${String(error)}`, { cause: error });
  }
  await mkdir(folder, { recursive: true });
  // Renamed into place: an interrupted write must not lose the earlier figures.
  await writeFile(`${file}.new`, `${JSON.stringify(mergeRun(earlier, extractRun(report, name)), null, 1)}\n`);
  await rename(`${file}.new`, file);
  return file;
}

/** All records in `folder`, the oldest commit first. */
export async function readHistory(folder: string): Promise<CommitRecord[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const records = await Promise.all(
    names
      .filter((name) => name.endsWith(".json"))
      .map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8")) as CommitRecord),
  );
  return records.sort((a, b) => Date.parse(a.date) - Date.parse(b.date) || (a.commit < b.commit ? -1 : 1));
}

/** The figures of one case at one commit. */
export interface Point {
  readonly commit: string;
  readonly figures: CaseRecord;
}

/** All figures of one machine. */
export interface MachineHistory {
  readonly machine: Machine;
  /** When it measured last, as ISO 8601. */
  readonly date: string;
  /** The oldest first. */
  readonly commits: readonly string[];
  /** The points of each case, the oldest commit first. */
  readonly cases: ReadonlyMap<string, readonly Point[]>;
}

/** The history machine by machine; the one that measured last comes first. */
export function byMachine(records: readonly CommitRecord[]): MachineHistory[] {
  const machines = new Map<
    string,
    { machine: Machine; date: string; commits: string[]; cases: Map<string, Point[]> }
  >();
  for (const { commit, runs } of records) {
    for (const { machine, date, cases } of runs) {
      const key = machineKey(machine);
      const known = machines.get(key) ?? { machine, date, commits: [], cases: new Map<string, Point[]>() };
      machines.set(key, known);
      if (date > known.date) known.date = date;
      known.commits.push(commit);
      for (const [id, figures] of Object.entries(cases)) {
        known.cases.set(id, [...(known.cases.get(id) ?? []), { commit, figures }]);
      }
    }
  }
  return [...machines.values()].sort((a, b) => (a.date > b.date ? -1 : 1));
}
