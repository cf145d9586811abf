/** Killing: how many rounds, which seeds, and the ways from outside. */
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { type Interpreter, InterpreterDiedError, InterpreterNotFoundError } from "../../src/index.js";
import { type Chance } from "../support/queues.js";
import type { Fuse } from "./victims.js";

/** FAULTS_ROUNDS=n runs n times as many rounds; FAULTS_SEED=n begins with that seed. */
export const FACTOR = Number(process.env.FAULTS_ROUNDS ?? 1);
export const SEED = Number(process.env.FAULTS_SEED ?? 1);
/** A test's own time limit, which turns a hang into a failure. */
export const limits = { timeout: 60_000 * Math.max(FACTOR, 1) };

export const limitsOfVictims = {
  resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
};

export interface Victim {
  readonly interp: Interpreter;
  /** The end of what it was doing; it must end, and by nothing but its death. */
  readonly end: Promise<void>;
  readonly fuse: Fuse;
  readonly controller: AbortController;
}

export const kills = { terminate: 0, abort: 0, timeout: 0, exit: 0, throw: 0, memory: 0 };

/** Some blow themselves up, the others are killed from outside. */
export function fuseFrom(chance: Chance, steps: number): Fuse {
  const p = chance.next();
  const way = p < 0.1 ? "exit" : p < 0.2 ? "throw" : p < 0.22 ? "memory" : "none";
  if (way !== "none") kills[way]++;
  return { way, steps: chance.below(steps) };
}

/** Starts work in a victim. `start` is given the options of the call. */
export function victim(
  chance: Chance,
  interp: Interpreter,
  fuse: Fuse,
  start: (with_: ReturnType<Interpreter["with"]>) => Promise<unknown>,
): Victim {
  const controller = new AbortController();
  const timed = fuse.way === "none" && chance.next() < 0.15;
  if (timed) kills.timeout++;
  const view = interp.with({ signal: controller.signal, ...(timed && { timeout: 1 + chance.below(30) }) });
  const end = start(view).then(
    (value) => assert.fail(`a victim went home: ${JSON.stringify(value)}`),
    (error: unknown) => {
      if (error instanceof InterpreterDiedError) assert.equal(error.interpreterId, interp.id);
      else if (error !== controller.signal.reason) throw error;
    },
  );
  // Looked at later; until then it is no unhandled rejection.
  end.catch(() => {});
  return { interp, end, fuse, controller };
}

/** Kills it now, unless that is done already, and waits until its work has ended and it is gone. */
export async function kill(chance: Chance, { interp, end, fuse, controller }: Victim): Promise<void> {
  const p = chance.next();
  if (p < 0.2) {
    kills.abort++;
    controller.abort(new Error("aborted by the test"));
    await end;
  } else if (fuse.way === "none" || p < 0.6) kills.terminate++;
  try {
    if (p < 0.7) await interp.terminate();
    else interp.terminateSync();
  } catch (error) {
    if (!(error instanceof InterpreterNotFoundError)) throw error;
  }
  await end;
}

/** Lets some turns of the event loop go by. */
export async function turns(n: number): Promise<void> {
  for (; n > 0; n--) await turn();
}

/** Says which seed it was. */
export async function seeded(seed: number, round: () => Promise<void>): Promise<void> {
  try {
    await round();
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  }
}
