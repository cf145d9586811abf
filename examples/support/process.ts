/** Runs a Node program to its end, without input. */

import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code; `null` if a signal ended the program. */
  readonly code: number | null;
}

/**
 * @param env variables to add to those of this process
 * @param stderr `"inherit"` shows it to the user, and leaves it out of the result
 */
export async function runNode(
  args: readonly string[],
  { env, stderr = "pipe" }: { env?: NodeJS.ProcessEnv; stderr?: "pipe" | "inherit" } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, args, {
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
