/** Takes a figure from a fresh process: one that exists only once in a process, or that earlier work would blur. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Runs `script`, which prints the figure on its last line. Throws if it fails, or takes more than `limit` milliseconds. */
export async function runProbe(script: string, args: readonly string[], limit = 12_000): Promise<number> {
  const { stdout } = await run(process.execPath, ["--expose-gc", script, ...args], {
    timeout: limit,
    killSignal: "SIGKILL",
  }).catch((error: unknown) => {
    throw describeFailure(error);
  });
  const figure = Number(stdout.trim().split("\n").at(-1));
  if (!Number.isFinite(figure))
    throw new Error(`${script} printed ${JSON.stringify(stdout)} instead of a figure`);
  return figure;
}

/** Reports the error that the probe printed instead of its whole command line. */
function describeFailure(error: unknown): Error {
  const { killed, stderr } = error as { killed?: boolean; stderr?: string };
  if (killed === true) return new Error("hung");
  const message = stderr?.match(/^\w*Error.*$/m)?.[0] ?? String(error);
  return new Error(message, { cause: error });
}
