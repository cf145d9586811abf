#!/usr/bin/env node
/** The command `interpreters`: connects the command line to this process. */

import { fstatSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { runCli } from "./cli.js";
import { engine } from "./engine.js";
import { UsageError } from "./errors.js";
import { Stop } from "./io.js";

const interruption = new AbortController();
const signals = { SIGINT: [130, "stopped by Ctrl-C"], SIGTERM: [143, "terminated"] } as const;
for (const [signal, [exitCode, message]] of Object.entries(signals)) {
  process.on(signal, () => {
    // The first signal lets the command write the finished results. A second one ends it at once, as if there was no handler:
    // exiting would wait for threads in native calls.
    if (interruption.signal.aborted) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    }
    interruption.abort(new Stop(exitCode, message));
  });
}

// Messages without a reader are not a failure. Results without one are: their LineWriter has its own listener.
process.stderr.on("error", () => undefined);
process.stdout.on("error", () => undefined);

const exitCode = await runCli(
  process.argv.slice(2),
  {
    // A getter, because merely opening stdin can change the terminal.
    get stdin() {
      // Node reads a directory as empty input.
      if (isDirectory(0)) throw new UsageError("cannot read stdin: it is a directory");
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    cwd: process.cwd(),
    interrupted: interruption.signal,
    historyFile: historyFile(),
    releaseSigint: () => void process.removeAllListeners("SIGINT"),
  },
  engine,
);
// After an early end, items may still be running and stdin may still be open. Neither keeps the process alive.
await new Promise<void>((resolve) => process.stderr.write("", () => resolve()));
// Everything is written. A signal now ends the wait for threads in native calls.
for (const signal of Object.keys(signals)) process.removeAllListeners(signal);
process.exit(exitCode);

/** As with Node's own prompt, an empty variable means that there is no history. */
function historyFile(): string | undefined {
  const { INTERPRETERS_REPL_HISTORY: file } = process.env;
  return file === undefined ? join(homedir(), ".interpreters_repl_history") : file || undefined;
}

function isDirectory(fd: number): boolean {
  try {
    return fstatSync(fd).isDirectory();
  } catch {
    return false;
  }
}
