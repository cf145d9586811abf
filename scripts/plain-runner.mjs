/**
 * A runner of tests in place of `node:test`, for Bun and Deno, whose own runners change what is tested: under `bun test`, threads that an exception
 * ends have exit code 0, and handlers of uncaught exceptions are not called.
 *
 *     bun scripts/plain-runner.mjs FILE
 *
 * FILE and its modules import this one in place of `node:test` (`copyForRuntimes` in runtimes.mjs).
 */
import path from "node:path";
import process from "node:process";
import { mock } from "node:test";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { onUncaught, runAll, runIn } from "./runner-core.mjs";

export * from "./runner-core.mjs";

// Tests replace the console's.
const { log } = console;
runIn({ log, inspect, mock });
process.on("uncaughtException", onUncaught);
process.on("unhandledRejection", onUncaught);

async function main() {
  // Tests see the file as what the process runs.
  process.argv.splice(1, 1);
  process.argv[1] = path.resolve(process.argv[1]);
  try {
    await import(pathToFileURL(process.argv[1]).href);
  } catch (error) {
    log("# Unhandled error between tests");
    log(inspect(error));
    process.exit(1);
  }
  process.exit((await runAll()) ? 0 : 1);
}

// Not awaited: the file imports this module, and would wait for its end.
if (process.argv[1] === import.meta.filename) void main();
