/** `npm run bench:plot`: redraws the plots in bench/history without measuring. */

import { relative } from "node:path";
import { parseArgs } from "node:util";
import { runCommand } from "../command.js";
import { HISTORY } from "../history.js";
import { writePlots } from "./write.js";

const USAGE = `Usage: npm run bench:plot -- [options]

Draws index.html and the SVG files from the records in bench/history.

  --history DIR   folder of the records and plots (default: bench/history)
  --help          show this`;

function parse() {
  return parseArgs({ options: { history: { type: "string" }, help: { type: "boolean" } } }).values;
}

async function main(options: ReturnType<typeof parse>): Promise<number> {
  const folder = options.history ?? HISTORY;
  const shown = relative(process.cwd(), folder) || ".";
  const written = await writePlots(folder);
  if (written.length === 0) {
    console.error(`No records in ${shown}. Measure a clean checkout first: npm run bench`);
    return 1;
  }
  console.log(`Drawn in ${shown}: ${written.join(", ")}`);
  return 0;
}

await runCommand(USAGE, parse, main);
