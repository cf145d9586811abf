/** Runs a program of Node to its end, with no input. */

import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  /** `null` where a signal ended it. */
  readonly code: number | null;
}

/**
 * @param env variables beside those of this process
 * @param stderr `"inherit"` lets the user see it, and the result has none of it
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
