/** Formats a row of the table: contenders down, numbers of workers across. */

import { higherIsBetter, timesAsGood } from "../harness.js";
import { format, type CaseReport } from "../report.js";
import type { ScaleRow } from "./rows.js";

/** `reports`: one for each number of threads, in the same order. */
export function scaleTable(
  { id, title, unit }: ScaleRow,
  threads: readonly number[],
  reports: readonly CaseReport[],
): string {
  const several = threads.length > 1;
  const names = reports[0]?.results.map(({ contender }) => contender) ?? [];
  const median = (name: string, column: number): number | undefined =>
    reports[column].results.find(({ contender }) => contender === name)?.median;
  const ours = reports[0]?.results.find((result) => result.ours)?.contender;
  const last = threads.length - 1;
  const head = [
    "",
    ...threads.map(String),
    ...(several ? [`${threads[last]} against ${threads[0]}`] : []),
    `ours is, at ${threads[last]}`,
  ];
  const lines = names.map((name) => {
    const figures = threads.map((_, column) => median(name, column));
    const [first, final] = [figures[0], figures[last]];
    const own = ours === undefined ? undefined : median(ours, last);
    const gain =
      first === undefined || final === undefined ? "" : `${timesAsGood(unit, final, first).toFixed(2)} x`;
    const ahead =
      name === ours || own === undefined || final === undefined
        ? ""
        : `${timesAsGood(unit, own, final).toFixed(2)} x`;
    return [
      name,
      ...figures.map((figure) => (figure === undefined ? "failed" : format(figure))),
      ...(several ? [gain] : []),
      ahead,
    ];
  });
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column].length)));
  const text = [head, ...lines].map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join("  ")
      .trimEnd(),
  );
  const failures = reports.flatMap(({ results }, column) =>
    results.flatMap(({ contender, failure }) =>
      failure === undefined ? [] : [`${contender}, ${threads[column]}: ${failure}`],
    ),
  );
  const better = higherIsBetter(unit) ? "higher is better" : "lower is better";
  return [
    `${id}: ${title} (${unit}, ${better})`,
    ...text.map((line) => `  ${line}`),
    ...failures.map((line) => `  FAILED: ${line}`),
  ].join("\n");
}
