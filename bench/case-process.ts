/**
 * Runs one case in a process of its own: `node case-process.js <case id> full|quick [contenders to skip as JSON]`.
 *
 * Progress goes to file descriptor 3, one JSON line each, written synchronously: it arrives even when the next
 * thing a contender does is to block this thread for ever.
 */

import { writeSync } from "node:fs";
import { cases } from "./cases/index.js";
import { effortFor, runCase } from "./harness.js";

const [id, effort, skip = "[]"] = process.argv.slice(2);
const chosen = cases.find((candidate) => candidate.id === id);
if (chosen === undefined) throw new Error(`no case is called ${id}`);

// A pool whose worker fails may raise that where nobody can catch it. The contender at work then never gets an
// answer, and the watcher says so; the others still get their turn.
process.on("unhandledRejection", (error) => console.error(`${id}: unhandled rejection:`, error));
process.on("uncaughtException", (error) => console.error(`${id}: uncaught exception:`, error));

const skipped = new Set(JSON.parse(skip) as string[]);
await runCase(chosen, effortFor(effort === "quick"), skipped, (progress) => {
  try {
    writeSync(3, `${JSON.stringify(progress)}\n`);
  } catch {
    // Nobody listens any more: the watcher was killed.
    process.exit(1);
  }
});
// Some pools would keep the process alive.
process.exit();
