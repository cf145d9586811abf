/** Workers of a pool are killed from inside their tasks and from outside. Each future settles once, and no task runs twice. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { InterpreterDiedError, InterpreterPoolExecutor } from "interpreters";
import { limitsMemory } from "../support/memory.js";
import { Chance, created } from "../support/queues.js";
import { thrown } from "../support/ways.js";
import { deathOf, FACTOR, limits, limitsOfVictims, seeded, SEED, turns } from "./harness.js";
import {
  countKills,
  follow,
  inRounds,
  killWorkers,
  REASONS,
  runs,
  type Submitted,
  task,
} from "./submitted.js";

/** Upper limit of the tasks in a round. */
const MOST = 60;

/** A failure of one test must not fail the next. */
afterEach(() => Promise.all(created().map((interp) => interp.terminate())));

const HARMLESS = ["return", "await", "fail"] as const;

function pickKind(chance: Chance): string {
  const p = chance.next();
  if (p < 0.8) return chance.pick(HARMLESS);
  if (p < 0.82) return limitsMemory ? "memory" : "exit";
  return chance.pick(["exit", "exitLater", "throw", "endless", "blocked"]);
}

function submit(pool: InterpreterPoolExecutor, kind: string, index: number, chance: Chance): Submitted {
  const timed = kind === "endless" || kind === "blocked";
  const view = timed ? pool.with({ timeout: 1 + chance.below(15) }) : pool;
  return follow(kind, view.submit(task, kind, index));
}

/** `killed` is the number of workers that were terminated from outside; each may have had one task. */
function check(tasks: Submitted[], killed: number): void {
  let collateral = 0;
  tasks.forEach(({ kind, future, callbacks, outcome }, index) => {
    assert.ok(future.done() && !future.running() && !future.cancelled());
    assert.equal(callbacks, 1, `task ${index} (${kind}) was done ${callbacks} times`);
    assert.ok(runs[index] <= 1, `task ${index} (${kind}) ran ${runs[index]} times`);
    const death = deathOf(outcome);
    if (death?.reason === "terminated") {
      collateral++;
      return;
    }
    // The time limit may expire before its module is loaded.
    if (REASONS[kind] !== "timeout") assert.equal(runs[index], 1, `task ${index} (${kind}) ran`);
    if (kind === "return" || kind === "await") assert.equal(outcome, index * 2, `task ${index}`);
    else if (kind === "fail")
      assert.ok(outcome instanceof RangeError && outcome.message === `task ${index}`, String(outcome));
    else assert.equal(death?.reason, REASONS[kind], `task ${index} (${kind}): ${String(outcome)}`);
  });
  assert.ok(collateral <= killed, `${collateral} tasks failed by ${killed} terminated workers`);
}

async function round(chance: Chance): Promise<void> {
  runs.fill(0);
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1 + chance.below(3), ...limitsOfVictims });
  const count = 20 + chance.below(MOST - 20);
  const tasks = Array.from({ length: count }, (_, index) => submit(pool, pickKind(chance), index, chance));
  const killed = await killWorkers(chance);
  // Sometimes this thread blocks for a task. It must learn of all results and deaths all the same.
  for (let n = chance.below(3); n > 0; n--) {
    const { future, kind } = chance.pick(tasks);
    try {
      future.resultSync();
      assert.ok(HARMLESS.includes(kind as "return"));
    } catch (error) {
      assert.ok(error instanceof Error && future.done());
    }
  }
  await Promise.all(tasks.map(({ future }) => future.exception()));
  await pool.shutdown();
  await turns(2);
  check(tasks, killed);
  countKills(tasks);
}

test("workers killed from inside their tasks and from outside", limits, (t) => inRounds(t, round));

test(
  "the main interpreter, blocked from the first task to the last, gets every result and every death",
  limits,
  async () => {
    for (let i = 0; i < Math.ceil(2 * FACTOR); i++) {
      await seeded(SEED + i, async () => {
        const chance = new Chance(SEED + i);
        runs.fill(0);
        const pool = new InterpreterPoolExecutor({ maxWorkers: 2, ...limitsOfVictims });
        const tasks = Array.from({ length: 30 }, (_, index) => submit(pool, pickKind(chance), index, chance));
        for (const { kind, future } of tasks) {
          if (kind === "return" || kind === "await") assert.equal(typeof future.resultSync(), "number");
          else if (kind === "fail") assert.throws(() => future.resultSync(), RangeError);
          else assert.ok(deathOf(thrown(() => future.resultSync())) instanceof InterpreterDiedError);
        }
        await turns(2);
        check(tasks, 0);
        await pool.shutdown();
      });
    }
  },
);

test(
  "a task that kills is run again as often as the pool may retry, and the others once",
  limits,
  async () => {
    for (let i = 0; i < Math.ceil(2 * FACTOR); i++) {
      await seeded(SEED + i, async () => {
        const chance = new Chance(SEED + i);
        runs.fill(0);
        await using pool = new InterpreterPoolExecutor({ maxWorkers: 2, retries: 2, ...limitsOfVictims });
        const kinds = Array.from({ length: 30 }, () =>
          chance.next() < 0.2 ? chance.pick(["exit", "throw"]) : chance.pick(HARMLESS),
        );
        const tasks = kinds.map((kind, index) => submit(pool, kind, index, chance));
        await Promise.all(tasks.map(({ future }) => future.exception()));
        kinds.forEach((kind, index) =>
          assert.equal(runs[index], kind in REASONS ? 3 : 1, `task ${index} (${kind})`),
        );
      });
    }
  },
);
