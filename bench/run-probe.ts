/** One figure from a fresh process, for what can be measured only once in a process, or is blurred by what was there. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Runs `script`, which prints the figure in its last line. */
export async function runProbe(script: string, args: readonly string[]): Promise<number> {
  const { stdout } = await run(process.execPath, ["--expose-gc", script, ...args], {
    timeout: 12_000,
    killSignal: "SIGKILL",
  }).catch((error: unknown) => {
    throw describeFailure(error);
  });
  const figure = Number(stdout.trim().split("\n").at(-1));
  if (!Number.isFinite(figure)) throw new Error(`no figure but ${JSON.stringify(stdout)}`);
  return figure;
}

/** The probe's last words instead of its whole command line. */
function describeFailure(error: unknown): Error {
  const { killed, stderr } = error as { killed?: boolean; stderr?: string };
  if (killed === true) return new Error("hung");
  const message = stderr?.match(/^\w*Error.*$/m)?.[0] ?? String(error);
  return new Error(message, { cause: error });
}
