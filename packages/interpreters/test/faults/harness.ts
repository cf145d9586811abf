/** Killing: how many rounds, which seeds, and the ways from outside. */
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import {
  create,
  type DeathReason,
  type Interpreter,
  InterpreterDiedError,
  InterpreterNotFoundError,
} from "interpreters";
import { limitsMemory, memoryLimits } from "../support/memory.js";
import { type Chance } from "../support/queues.js";
import type { Fuse } from "./victims.js";

/** FAULTS_ROUNDS=n runs n times as many rounds. FAULTS_SEED=n begins with that seed. */
export const FACTOR = Number(process.env.FAULTS_ROUNDS ?? 1);
export const SEED = Number(process.env.FAULTS_SEED ?? 1);
/** A test's own time limit, which turns a hang into a failure. */
export const limits = { timeout: 60_000 * Math.max(FACTOR, 1) };

export const limitsOfVictims = memoryLimits({ maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 });

/**
 * Interpreters to kill. Most of them have booted before they begin: the tests are about deaths during work, more than about
 * deaths during boot.
 */
export async function candidates(chance: Chance, count: number): Promise<Interpreter[]> {
  const interps = Array.from({ length: count }, () => create(limitsOfVictims));
  await Promise.all(interps.filter(() => chance.next() < 0.9).map((interp) => interp.call(Math.max, 0)));
  return interps;
}

export interface Victim {
  readonly interp: Interpreter;
  /** Resolves when its work has ended, which only its death may cause. */
  readonly end: Promise<void>;
  readonly fuse: Fuse;
  readonly controller: AbortController;
}

/** How many ended in which way, as reported to callers. `closed` counts those whose work returned. */
export const kills: Record<DeathReason | "closed", number> = {
  terminated: 0,
  aborted: 0,
  timeout: 0,
  exit: 0,
  "uncaught-exception": 0,
  "out-of-memory": 0,
  boot: 0,
  closed: 0,
};

/** Some end themselves, mostly early; the others are killed from outside. */
export function fuseFrom(chance: Chance, steps: number): Fuse {
  const p = chance.next();
  const way = p < 0.15 ? "exit" : p < 0.3 ? "throw" : p < 0.33 && limitsMemory ? "memory" : "none";
  return { way, steps: Math.floor(steps * chance.next() ** 4) };
}

/**
 * Starts work in a victim. `start` gets the view with the options of the call. If the fuse says so, the work returns and the
 * victim is closed, either then or by a `close` that waits for the work. Both end an interpreter with its items still in queues.
 */
export function victim(
  chance: Chance,
  interp: Interpreter,
  fuse: Fuse,
  start: (with_: ReturnType<Interpreter["with"]>) => Promise<unknown>,
): Victim {
  const controller = new AbortController();
  const timed = fuse.way === "none" && chance.next() < 0.15;
  const view = interp.with({ signal: controller.signal, ...(timed && { timeout: 1 + chance.below(30) }) });
  const work = start(view);
  const waits = fuse.way === "return" && chance.next() < 0.5;
  const closing = waits ? interp.close({ wait: true }).catch(ignoreGone) : undefined;
  const end = work.then(
    async (value) => {
      if (fuse.way !== "return") assert.fail(`a victim went home: ${JSON.stringify(value)}`);
      await (closing ?? interp.close().catch(ignoreGone));
      kills.closed++;
    },
    async (error: unknown) => {
      const death = deathOf(error);
      if (death !== undefined) assert.equal(death.interpreterId, interp.id);
      else if (error !== controller.signal.reason) throw error;
      kills[death?.reason ?? "aborted"]++;
      await closing;
    },
  );
  // Awaited later; until then it must not be an unhandled rejection.
  end.catch(() => {});
  return { interp, end, fuse, controller };
}

/** The death that work failed with, also where its own time limit caused it. */
export function deathOf(outcome: unknown): InterpreterDiedError | undefined {
  const error = outcome instanceof DOMException ? (outcome as { cause?: unknown }).cause : outcome;
  return error instanceof InterpreterDiedError ? error : undefined;
}

/** Kills the victim if it is still alive, and waits until its work has ended and it is gone. */
export async function kill(chance: Chance, { interp, end, controller }: Victim): Promise<void> {
  const p = chance.next();
  if (p < 0.2) {
    controller.abort(new Error("aborted by the test"));
    await end;
  }
  try {
    if (p < 0.7) await interp.terminate();
    else interp.terminateSync();
  } catch (error) {
    ignoreGone(error);
  }
  await end;
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof InterpreterNotFoundError)) throw error;
}

/** Lets some turns of the event loop go by. */
export async function turns(n: number): Promise<void> {
  for (; n > 0; n--) await turn();
}

/** Runs a round; names its seed in the error if it fails. */
export async function seeded(seed: number, round: () => Promise<void>): Promise<void> {
  try {
    await round();
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  }
}
