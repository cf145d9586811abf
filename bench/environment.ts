/** The machine and the commit that the figures belong to. Without them the figures mean nothing later. */

import { execFile } from "node:child_process";
import { availableParallelism, cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

export interface Environment {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGB: number;
  readonly platform: string;
  readonly node: string;
  readonly v8: string;
  /** The commit measured, with `-dirty` if the work tree differs from it; "unknown" outside a repository. */
  readonly commit: string;
  /** When that commit was made, as ISO 8601; undefined outside a repository. */
  readonly commitDate: string | undefined;
}

const git = async (...args: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)("git", args, {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
  });
  return stdout.trim();
};

/** Files that change no figure: recorded figures (a record must not make the next run dirty), and documentation. */
const WITHOUT_EFFECT = [":(top,exclude)bench/history", ":(top,exclude,glob)**/*.md"];

async function describeCommit(): Promise<Pick<Environment, "commit" | "commitDate">> {
  try {
    const [hash, commitDate] = (await git("log", "-1", "--abbrev=10", "--format=%h %cI")).split(" ");
    const clean = (await git("status", "--porcelain", "--", ":(top)", ...WITHOUT_EFFECT)) === "";
    return { commit: clean ? hash : `${hash}-dirty`, commitDate };
  } catch {
    return { commit: "unknown", commitDate: undefined };
  }
}

export async function describeEnvironment(): Promise<Environment> {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 1e9),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
    ...(await describeCommit()),
  };
}

const SAMPLE_MS = 250;

/**
 * Measures how many cores other processes keep busy now. Call it while no contender runs. Threads that spin before they park
 * suffer most from other load, so figures taken under it say little, and so do their ratios.
 */
export async function busyCores(): Promise<number> {
  const before = cpuTimes();
  await sleep(SAMPLE_MS);
  const after = cpuTimes();
  const total = after.total - before.total;
  return total === 0 ? 0 : ((after.busy - before.busy) / total) * cpus().length;
}

function cpuTimes(): { busy: number; total: number } {
  let total = 0;
  let idle = 0;
  for (const { times } of cpus()) {
    total += times.user + times.nice + times.sys + times.idle + times.irq;
    idle += times.idle;
  }
  return { busy: total - idle, total };
}
