/** Runs one row with one package in its own process. Exits with 0 if all checks passed; prints the first failed one. */

import { packages } from "./pools.js";
import { rows } from "./rows.js";

const [, , rowId, packageName] = process.argv;
const row = rows.find(({ id }) => id === rowId);
const made = packages.find(({ name }) => name === packageName);
if (row === undefined || made === undefined) throw new Error(`no row ${rowId}, or no package ${packageName}`);
try {
  await row.run(made);
  console.log("ok");
  // Only the row "open" tests whether the process ends by itself.
  if (row.id !== "open") process.exit(0);
} catch (error) {
  console.log(error instanceof Error ? error.message.split("\n")[0] : String(error));
  process.exit(1);
}
