/** Shared by the fault tests of pools: submitting tasks (tasks.ts), following their outcomes, and killing their workers. */
import { setEnvironmentData } from "node:worker_threads";
import type { TestContext } from "node:test";
import { create, type DeathReason, fromModule, type Future } from "interpreters";
import { backTo, baseline, Chance, created } from "../support/queues.js";
import { FACTOR, kills, seeded, SEED, turns } from "./harness.js";
import { LEDGER } from "./victims.js";

/** Upper limit of the tasks in a test. */
export const TASKS = 120;

const shared = new SharedArrayBuffer(TASKS * 4);
/** How often each task has begun. */
export const runs = new Int32Array(shared);
setEnvironmentData(LEDGER, shared as unknown as NodeJS.Dict<string>);

export const { task } = fromModule<typeof import("./tasks.js")>(new URL("tasks.js", import.meta.url));

/** The reason with which each task that ends its worker fails. */
export const REASONS: Record<string, DeathReason> = {
  exit: "exit",
  exitLater: "exit",
  throw: "uncaught-exception",
  memory: "out-of-memory",
  endless: "timeout",
  blocked: "timeout",
  hang: "timeout",
  aborted: "aborted",
};

export interface Submitted {
  readonly kind: string;
  readonly future: Future<number>;
  callbacks: number;
  outcome: unknown;
}

export function follow(kind: string, future: Future<number>): Submitted {
  const submitted: Submitted = { kind, future, callbacks: 0, outcome: undefined };
  future.addDoneCallback(() => submitted.callbacks++);
  future.then(
    (value) => (submitted.outcome = value),
    (error: unknown) => (submitted.outcome = error),
  );
  return submitted;
}

/** Terminates up to 3 workers at random moments. Returns how many. */
export async function killWorkers(chance: Chance): Promise<number> {
  let killed = 0;
  for (let n = chance.below(4); n > 0; n--) {
    await turns(chance.below(200));
    const workers = created();
    if (workers.length === 0) continue;
    killed++;
    kills.terminated++;
    await chance
      .pick(workers)
      .terminate()
      .catch(() => killed--);
  }
  return killed;
}

export function countKills(tasks: readonly Submitted[]): void {
  for (const { kind } of tasks) if (kind in REASONS) kills[REASONS[kind]]++;
}

/** Runs rounds with consecutive seeds. Afterwards everything must be as it was before. */
export async function inRounds(t: TestContext, round: (chance: Chance) => Promise<void>): Promise<void> {
  const warm = create();
  await warm.terminate();
  await seeded(0, () => round(new Chance(0)));
  const before = await baseline();
  const rounds = Math.ceil(8 * FACTOR);
  for (let i = 0; i < rounds; i++) await seeded(SEED + i, () => round(new Chance(SEED + i)));
  await backTo(before);
  t.diagnostic(`${rounds} rounds, kills: ${JSON.stringify(kills)}`);
}
