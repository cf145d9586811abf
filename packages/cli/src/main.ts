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
let received: keyof typeof signals | undefined;
// A Python program handles its own signals.
const handled = process.argv[2] === "python" ? [] : (["SIGINT", "SIGTERM"] as const);
for (const signal of handled) {
  process.on(signal, () => {
    // The first signal lets the command write the finished results. A second one ends it at once.
    if (received !== undefined) endBy(signal);
    received ??= signal;
    const [code, message] = signals[signal];
    interruption.abort(new Stop(code, message));
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
// A worker that was asked to end, and did, has succeeded.
const served = process.argv[2] === "worker" && exitCode === 0;
if (received !== undefined && !served) endBy(received);
process.exit(exitCode);

/**
 * Ends the process as the signal would have without a handler: shells then also stop a loop that runs the command. And exiting
 * would wait for threads in native calls. On Windows, the process exits.
 */
function endBy(signal: keyof typeof signals): void {
  process.removeAllListeners(signal);
  if (process.platform === "win32") process.exit(signals[signal][0]);
  process.kill(process.pid, signal);
}

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
