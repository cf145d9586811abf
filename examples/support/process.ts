/** Runs programs to their end, without input. */

import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code; `null` if a signal ended the program. */
  readonly code: number | null;
}

export interface RunOptions {
  /** Variables to add to those of this process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** `"inherit"` shows it to the user, and leaves it out of the result. */
  readonly stderr?: "pipe" | "inherit";
  readonly shell?: boolean;
}

export async function run(
  file: string,
  args: readonly string[],
  { env, stderr = "pipe", ...options }: RunOptions = {},
): Promise<Ended> {
  const child = spawn(file, args, {
    ...options,
    stdio: ["ignore", "pipe", stderr],
    env: { ...process.env, ...env },
  });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const all = (stream: Readable | null) => (stream === null ? "" : text(stream));
  const [output, errors, code] = await Promise.all([all(child.stdout), all(child.stderr), exit]);
  return { stdout: output, stderr: errors, code };
}

/** Runs a program with this Node. */
export const runNode = (args: readonly string[], options?: RunOptions): Promise<Ended> =>
  run(process.execPath, args, options);
