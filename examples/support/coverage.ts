/** Reads reports of coverage in the format of Istanbul. */

import { readFileSync } from "node:fs";

interface FileReport {
  readonly path: string;
  readonly fnMap: Readonly<Record<string, { readonly name: string }>>;
  readonly f: Readonly<Record<string, number>>;
  readonly statementMap: Readonly<Record<string, { readonly start: { readonly line: number } }>>;
  readonly s: Readonly<Record<string, number>>;
}

/**
 * The counts of a file in a report.
 *
 * @returns the sorted names of the functions that ran, and the text of the lines in which a statement did not
 */
export function coveredFunctions(
  report: string,
  name: string,
): { functions: string[]; uncoveredLines: string[] } {
  const files = Object.values(JSON.parse(report) as Record<string, FileReport>);
  const file = files.find((each) => each.path.endsWith(name));
  if (file === undefined) throw new Error(`${name} is not in the report`);
  const lines = readFileSync(file.path, "utf8").split("\n");
  const uncovered = Object.keys(file.s).filter((id) => file.s[id] === 0);
  return {
    functions: Object.keys(file.f)
      .filter((id) => file.f[id] > 0)
      .map((id) => file.fnMap[id].name)
      .filter((each) => !/anonymous|^$/.test(each))
      .sort(),
    uncoveredLines: [...new Set(uncovered.map((id) => lines[file.statementMap[id].start.line - 1]))],
  };
}
