/** Draws the history: writes index.html and the SVG files for the README beside the records. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cases } from "../cases/index.js";
import { byMachine, readHistory } from "../history.js";
import { figures } from "./figures.js";
import { page } from "./page.js";
import { findScaleCase } from "../scale/rows.js";

const titles = new Map(cases.map(({ id, title }) => [id, title]));
const titleOf = (id: string): string => titles.get(id) ?? findScaleCase(id)?.title ?? id;

/** Returns the names of the files written; none if the history is empty. */
export async function writePlots(folder: string): Promise<string[]> {
  const machines = byMachine(await readHistory(folder));
  if (machines.length === 0) return [];
  const files = new Map([["index.html", page(machines, [...titles.keys()], titleOf)]]);
  for (const [name, text] of figures(machines[0], titleOf)) files.set(name, text);
  for (const [name, text] of files) await writeFile(join(folder, name), text);
  return [...files.keys()];
}
