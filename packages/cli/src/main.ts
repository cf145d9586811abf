#!/usr/bin/env node
/** The command `interpreters`: connects the command line to this process. */

import { fstatSync } from "node:fs";
import { runCli } from "./cli.js";
import { engine } from "./engine.js";
import { UsageError } from "./errors.js";
import { Stop } from "./io.js";

const interruption = new AbortController();
const signals = { SIGINT: [130, "stopped by Ctrl-C"], SIGTERM: [143, "terminated"] } as const;
for (const [signal, [exitCode, message]] of Object.entries(signals)) {
  process.on(signal, () => {
    // The first one lets us write out what is finished. Whoever does not want to wait for that asks twice.
    if (interruption.signal.aborted) process.exit(exitCode);
    interruption.abort(new Stop(exitCode, message));
  });
}

// Messages that nobody reads any more are no reason to fail. (Results are: their writer listens for itself.)
process.stderr.on("error", () => undefined);
process.stdout.on("error", () => undefined);

const exitCode = await runCli(
  process.argv.slice(2),
  {
    // Touched only where it is read: opening it alone can change the terminal.
    get stdin() {
      // Node reads a directory as nothing at all.
      if (isDirectory(0)) throw new UsageError("cannot read stdin: it is a directory");
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    cwd: process.cwd(),
    interrupted: interruption.signal,
  },
  engine,
);
// After an early end some items may still run, or input still be expected: the command is over all the same.
await new Promise<void>((resolve) => process.stderr.write("", () => resolve()));
process.exit(exitCode);

function isDirectory(fd: number): boolean {
  try {
    return fstatSync(fd).isDirectory();
  } catch {
    return false;
  }
}
