/** Draws the SVG files that the README shows: up to seven headline cases each, of the machine that measured last. */

import { describeMachine, type MachineHistory } from "../history.js";
import { format } from "../report.js";
import { bars, type Block, lines, stack } from "./chart.js";
import { barsOf, legend, ratioLine } from "./series.js";

export type TitleOf = (id: string) => string;

const FILES: Readonly<Record<string, { readonly title: string; readonly cases: readonly string[] }>> = {
  tasks: {
    title: "Tasks in a pool",
    cases: [
      "empty-tasks-1-in-flight-1w",
      "empty-tasks-64-in-flight-1w",
      "empty-tasks-1000-in-flight-2w",
      "payload-1mb",
      "call-sync",
    ],
  },
  queues: {
    title: "Queues",
    cases: [
      "queue-one-way-object",
      "queue-between-interpreters",
      "queue-round-trip-blocking",
      "queue-round-trip-async",
      "queue-put-get",
    ],
  },
  "start-up": {
    title: "Start-up and memory",
    cases: ["create-first", "create-later", "create-together", "memory-first", "memory-each"],
  },
};

/** One or two cases of each subject, so that the chart stays short. */
const OVER_COMMITS = [
  "empty-tasks-64-in-flight-1w",
  "payload-1mb",
  "call-sync",
  "queue-between-interpreters",
  "queue-round-trip-blocking",
  "create-later",
  "memory-each",
];

const WIDTH = 760;

/** Returns the SVG files by name. Omits cases that were not measured, and files without cases. */
export function figures(
  { machine, date, commits, cases }: MachineHistory,
  titleOf: TitleOf,
): Map<string, string> {
  const files = new Map<string, string>();
  const day = date.slice(0, 10);
  const where = describeMachine(machine);
  for (const [name, { title, cases: ids }] of Object.entries(FILES)) {
    const blocks = ids.flatMap((id): Block[] => {
      const newest = cases.get(id)?.at(-1);
      if (newest === undefined) return [];
      const note =
        legend(newest.figures) + (newest.commit === commits.at(-1) ? "" : `; commit ${newest.commit}`);
      return [{ title: titleOf(id), note, chart: bars(barsOf(newest.figures, { brief: true }), WIDTH) }];
    });
    if (blocks.length === 0) continue;
    const source: Block = { note: `Commit ${commits.at(-1)}, ${day}: ${where}` };
    files.set(`${name}.svg`, stack([...blocks, source], `${title}: this package and its peers`, true));
  }
  const series = OVER_COMMITS.map((id) => ratioLine(titleOf(id), cases.get(id) ?? [])).filter(
    ({ points }) => points.length > 0,
  );
  if (series.length > 0) {
    const rows = series.map((line, i): Block => {
      const axis = i === series.length - 1;
      const height = axis ? 88 : 72;
      const options = {
        width: WIDTH,
        height,
        commits,
        format: (value: number) => `${format(value)} ×`,
        rule: 1,
        axis,
      };
      return { title: line.name, chart: lines([line], options) };
    });
    const intro: Block = {
      title: "How many times as good as its best peer this package is, by commit",
      note: `Above 1 it is ahead. ${where}`,
    };
    files.set("commits.svg", stack([intro, ...rows], "This package against its best peer, by commit", true));
  }
  return files;
}
