/** `interpreters worker`: hands over to the package interpreters-bullmq, which is looked up here and in the project of the working folder. */

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "./errors.js";
import type { Io } from "./io.js";

/** The options of the command line. */
export interface WorkerOptions {
  readonly queue: string;
  readonly redis: string;
  readonly prefix?: string;
  readonly root?: string;
  readonly workers?: number;
  readonly concurrency?: number;
  readonly grace: number;
  readonly listen?: string;
  readonly lockDuration?: number;
}

interface WorkerCommand {
  runWorkerCommand(options: WorkerOptions, log: (line: string) => void, stop: AbortSignal): Promise<number>;
}

/**
 * Serves a queue until the command is interrupted, and returns the exit code.
 *
 * @throws UsageError the package, or bullmq, is not installed
 */
export async function runWorker(options: WorkerOptions, io: Io): Promise<number> {
  const command = (await import(locate(io.cwd)).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new UsageError(
      `cannot serve a queue: ${(error as Error).message}. Install what is missing: npm install interpreters-bullmq bullmq ioredis`,
    );
  })) as WorkerCommand;
  return await command.runWorkerCommand(options, (line) => void io.stderr.write(`${line}\n`), io.interrupted);
}

function locate(cwd: string): string {
  for (const from of [pathToFileURL(join(cwd, "package.json")), import.meta.url]) {
    try {
      const require = createRequire(from);
      // The package is an ES module, which require.resolve() finds by its package.json only.
      return new URL(
        "dist/src/command.js",
        pathToFileURL(require.resolve("interpreters-bullmq/package.json")),
      ).href;
    } catch (error) {
      if ((error as { code?: unknown }).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  throw new UsageError(
    "cannot serve a queue: the package interpreters-bullmq is not installed. Add it with: npm install interpreters-bullmq bullmq ioredis",
  );
}
