/** `interpreters python`: runs a Python program as the command `python` does. */
import path from "node:path";
import process from "node:process";
import { type CommandLine, parseCommandLine } from "./command-line.js";
import { folderOfScript, insidePath, mountsOf } from "./host-folders.js";
import { pythonVersion } from "./assets.js";
import { createPython } from "./python.js";
import { type SigintWatch, watchSigint } from "./sigint.js";
import { processStreams } from "./start.js";

/** The exit code by which Python's side says that SIGINT ended the program. */
const INTERRUPTED = 130;

/**
 * Runs `interpreters python` and returns its exit code. After Ctrl-C that the program did not catch, it ends the process by SIGINT instead,
 * so that shells also stop a loop that runs the command.
 *
 * @param args those behind `python`
 * @internal
 */
export async function runPythonCommand(args: readonly string[]): Promise<number> {
  const parsed = parseCommandLine(args, pythonVersion);
  if ("exitCode" in parsed) {
    processStreams.write(parsed.exitCode === 0 ? 1 : 2, Buffer.from(parsed.text));
    return parsed.exitCode;
  }
  const sigint = watchSigint();
  try {
    const exitCode = await runProgram(parsed, sigint);
    if (exitCode !== INTERRUPTED || !sigint.received()) return exitCode;
  } finally {
    await sigint.stop();
  }
  endBySigint();
  return INTERRUPTED;
}

async function runProgram(
  { kind, value, argv, cache, mounts, packages }: CommandLine,
  sigint: SigintWatch,
): Promise<number> {
  const folder = kind === "file" ? folderOfScript(value) : undefined;
  if (kind === "file" && folder === undefined) {
    const text = `interpreters python: can't open file '${path.resolve(value)}': [Errno 2] No such file or directory\n`;
    processStreams.write(2, Buffer.from(text));
    return 2;
  }
  const cwd = insidePath(process.cwd());
  const first = folder === undefined ? (kind === "module" ? cwd : "") : insidePath(folder);
  const python = await createPython({
    cache,
    mounts: mountsOf(folder === undefined ? [] : [folder], mounts),
    packages,
    argv,
    path: [first],
    cwd,
  });
  sigint.connect(python);
  let ended = false;
  // Everything that could wake a suspended program keeps the event loop alive.
  process.once("beforeExit", () => {
    if (ended) return;
    const text = "interpreters python: deadlock: the program waits for what can no longer happen\n";
    processStreams.write(2, Buffer.from(text));
    process.exit(1);
  });
  const exitCode = await python.runMain(kind, kind === "file" ? insidePath(value) : value);
  ended = true;
  return exitCode;
}

function endBySigint(): void {
  if (process.platform === "win32") return;
  process.removeAllListeners("SIGINT");
  process.kill(process.pid, "SIGINT");
}
