/**
 * Workers that run several tasks at once are killed from inside their tasks and from outside. Each future settles once, with
 * its own reason, and only tasks that ran in a worker that died are harmed.
 */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { InterpreterPoolExecutor } from "interpreters";
import { limitsMemory } from "../support/memory.js";
import { Chance, created } from "../support/queues.js";
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
  TASKS,
} from "./submitted.js";

/** A failure of one test must not fail the next. */
afterEach(() => Promise.all(created().map((interp) => interp.terminate())));

const HARMLESS = ["return", "await", "linger", "linger", "linger", "fail"] as const;

interface Aborted extends Submitted {
  readonly controller: AbortController;
}

function pickKind(chance: Chance): string {
  const p = chance.next();
  if (p < 0.85) return chance.pick(HARMLESS);
  if (p < 0.86) return limitsMemory ? "memory" : "exit";
  return chance.pick(["exit", "exitLater", "throw", "endless", "blocked", "hang", "aborted"]);
}

function submit(pool: InterpreterPoolExecutor, kind: string, index: number, chance: Chance): Aborted {
  const controller = new AbortController();
  const timed = REASONS[kind] === "timeout" && { timeout: 1 + chance.below(15) };
  const view = pool.with({ ...timed, ...(kind === "aborted" && { signal: controller.signal }) });
  const future = view.submit(task, kind === "aborted" ? "hang" : kind, index);
  return Object.assign(follow(kind, future), { controller });
}

/** Aborts each task of kind "aborted", which would never end, once it runs. */
async function abortAll(tasks: readonly Aborted[]): Promise<void> {
  const left = new Set(tasks.filter(({ kind }) => kind === "aborted"));
  while (left.size > 0) {
    for (const each of left) {
      if (each.future.running()) each.controller.abort();
      if (each.future.done()) left.delete(each);
    }
    await turns(1);
  }
}

/** Returns how many tasks failed because of other tasks. */
function check(tasks: readonly Submitted[], retries: number): number {
  let collateral = 0;
  tasks.forEach(({ kind, future, callbacks, outcome }, index) => {
    const what = `task ${index} (${kind}): ${String(outcome)}`;
    assert.ok(future.done() && !future.running() && !future.cancelled(), what);
    assert.equal(callbacks, 1, `done ${callbacks} times: ${what}`);
    assert.ok(runs[index] <= 1 + retries, `ran ${runs[index]} times: ${what}`);
    const death = deathOf(outcome);
    if (death !== undefined) {
      const own = outcome !== death || (REASONS[kind] !== "timeout" && REASONS[kind] === death.reason);
      if (own) return;
      collateral++;
      // Running out of memory cannot be attributed to one task. After an exception or an exit, the other tasks are "terminated".
      assert.ok(["terminated", "timeout", "aborted", "out-of-memory"].includes(death.reason), what);
    } else if (kind === "fail") {
      assert.ok(outcome instanceof RangeError && outcome.message === `task ${index}`, what);
    } else if (kind === "aborted") {
      assert.equal((outcome as Error).name, "AbortError", what);
    } else {
      assert.ok(!(kind in REASONS), what);
      assert.equal(outcome, index * 2, what);
      assert.ok(runs[index] >= 1, what);
    }
  });
  return collateral;
}

async function round(chance: Chance): Promise<void> {
  runs.fill(0);
  const [maxWorkers, concurrency, retries] = [1 + chance.below(3), 2 + chance.below(20), chance.below(3)];
  const pool = new InterpreterPoolExecutor({ maxWorkers, concurrency, retries, ...limitsOfVictims });
  const count = 40 + chance.below(TASKS - 40);
  const tasks = Array.from({ length: count }, (_, index) => submit(pool, pickKind(chance), index, chance));
  const aborting = abortAll(tasks);
  const killed = await killWorkers(chance);
  await Promise.all(tasks.map(({ future }) => future.exception()));
  await aborting;
  const { queued, running, completed, failed, cancelled } = pool.stats();
  assert.deepEqual([queued, running, completed + failed + cancelled], [0, 0, count]);
  await pool.shutdown();
  await turns(2);
  const collateral = check(tasks, retries);
  const harmful = tasks.filter(({ kind }) => kind in REASONS).length;
  const most = (harmful * (1 + retries) + killed) * concurrency;
  assert.ok(collateral <= most, `${collateral} tasks failed by others, and ${most} could`);
  countKills(tasks);
}

test("workers with several tasks, killed from inside and from outside", limits, (t) => inRounds(t, round));

test("what did nothing wrong is run again until it is done, where tries are left", limits, async () => {
  for (let i = 0; i < Math.ceil(2 * FACTOR); i++) {
    await seeded(SEED + i, async () => {
      const chance = new Chance(SEED + i);
      runs.fill(0);
      // As many tries as workers can die while they run the task.
      const pool = new InterpreterPoolExecutor({
        maxWorkers: 2,
        concurrency: 8,
        retries: 12,
        ...limitsOfVictims,
      });
      const harmless = Array.from({ length: 60 }, (_, index) =>
        submit(pool, chance.pick(HARMLESS), index, chance),
      );
      for (let n = 0; n < 10; n++) {
        await turns(chance.below(40));
        const [worker] = created();
        await worker?.terminate().catch(() => {});
      }
      await Promise.all(harmless.map(({ future }) => future.exception()));
      await pool.shutdown();
      assert.equal(check(harmless, 12), 0);
    });
  }
});
