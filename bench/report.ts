/** Summarizes results, and formats them as tables. */

import { higherIsBetter, median, timesAsGood, type Case, type Unit } from "./harness.js";
import type { Environment } from "./environment.js";
import type { Result } from "./watcher.js";

export interface Summary {
  readonly contender: string;
  readonly ours: boolean;
  readonly figures: readonly number[];
  readonly failure?: string;
  readonly median?: number;
  readonly min?: number;
  readonly max?: number;
  /** How many times as good as this contender our first one is. Above 1 this package is ahead. */
  readonly ratio?: number;
}

export interface CaseReport {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  /** Cores that other processes kept busy just before this case. */
  readonly busyElsewhere: number;
  readonly results: readonly Summary[];
}

export interface Report {
  readonly date: string;
  readonly quick: boolean;
  readonly environment: Environment;
  readonly cases: readonly CaseReport[];
}

export function summarize(
  { id, title, unit }: Case,
  busyElsewhere: number,
  results: readonly Result[],
): CaseReport {
  const reference = results.find(({ ours, figures }) => ours && figures.length > 0);
  const base = reference && median(reference.figures);
  return {
    id,
    title,
    unit,
    busyElsewhere,
    results: results.map((result) => {
      const { figures } = result;
      if (figures.length === 0) return result;
      const middle = median(figures);
      const summary = { ...result, median: middle, min: Math.min(...figures), max: Math.max(...figures) };
      if (base === undefined || result === reference) return summary;
      return { ...summary, ratio: timesAsGood(unit, base, middle) };
    }),
  };
}

/** Formats with three significant digits, which is more than such figures are good for, and with thousands separators. */
export function format(value: number): string {
  if (value >= 1000) return Math.round(Number(value.toPrecision(3))).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

/** Cores. A loss of a fifth of a core is more than the differences that the figures should show. */
export const DISTURBED = 0.2;

const HEADER = ["", "median", "min", "max", "ours is"];

export function table({ title, unit, busyElsewhere, results }: CaseReport): string {
  const rows = results.map(({ contender, failure, median: middle, min, max, ratio }) => {
    if (middle === undefined || min === undefined || max === undefined)
      return [contender, failure ?? "no figure"];
    const compared = ratio === undefined ? "" : `${ratio.toFixed(2)} x`;
    const row = [contender, format(middle), format(min), format(max), compared];
    return failure === undefined ? row : [...row, `then ${failure}`];
  });
  // The text of a failure, which can be long, widens no column.
  const measured = rows.filter(({ length }) => length >= HEADER.length);
  const widths = HEADER.map((head, column) =>
    Math.max(head.length, ...(column === 0 ? rows : measured).map((row) => row[column].length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 0 || row.length < 3 ? cell.padEnd(widths[column]) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  const better = higherIsBetter(unit) ? "higher is better" : "lower is better";
  const warning =
    busyElsewhere < DISTURBED
      ? []
      : [
          `  NOT RELIABLE: other processes kept ${busyElsewhere.toFixed(1)} cores busy when this case started`,
        ];
  return [
    `${title} (${unit}, ${better})`,
    ...warning,
    ...[HEADER, ...rows].map((row) => `  ${line(row)}`),
  ].join("\n");
}
