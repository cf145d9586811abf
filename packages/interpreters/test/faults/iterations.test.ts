/** Interpreters are killed while they iterate, from inside and from outside, and consumers leave. Items come in order, and each iteration has one end. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import {
  create,
  ExecutionFailed,
  fromModule,
  InterpreterDiedError,
  InterpreterNotFoundError,
  InterpreterPoolExecutor,
  type InterpreterView,
} from "interpreters";
import { Chance, countQueues, created, gc } from "../support/queues.js";
import { until } from "../support/ways.js";
import { FACTOR, limits, limitsOfVictims, seeded, SEED, turns } from "./harness.js";
import type { Fate } from "./iterated.js";

const { steps, stepsLater } = fromModule<typeof import("./iterated.js")>(
  new URL("./iterated.js", import.meta.url),
);

afterEach(() => Promise.all(created().map((interp) => interp.terminate().catch(() => {}))));

/** How an iteration ended, with the items that came before. */
interface Ended {
  readonly fate: Fate;
  readonly at: number;
  readonly leaves: number;
  readonly aborts: boolean;
  readonly items: number;
  readonly end: unknown;
}

/** Consumes up to a place, at which it leaves or aborts. */
async function consume(
  source: { with(options: object): Pick<InterpreterView, "iterate"> },
  chance: Chance,
): Promise<Ended> {
  const fate = chance.pick(["exit", "throw", "fail", "hang", "none", "none", "none"] as const);
  const at = chance.below(60);
  const leaves = chance.next() < 0.6 || fate === "none" ? chance.below(80) : Infinity;
  const aborts = chance.next() < 0.4;
  const controller = new AbortController();
  const view = source.with({
    buffersize: chance.pick([1, 2, 5, 40]),
    signal: controller.signal,
    ...(fate === "hang" && { timeout: 20 + chance.below(30) }),
  });
  const iteration = view.iterate(
    chance.next() < 0.5 ? steps : (stepsLater as unknown as typeof steps),
    fate,
    at,
  );
  const slow = chance.next() < 0.2;
  let items = 0;
  let end: unknown = "left";
  try {
    for await (const n of iteration) {
      assert.equal(n, ++items);
      if (slow) await turns(1);
      if (items < leaves) continue;
      if (!aborts) break;
      controller.abort(new Error("aborted by the test"));
    }
  } catch (error) {
    end = error;
  }
  return { fate, at, leaves, aborts, items, end };
}

function check({ fate, at, leaves, aborts, items, end }: Ended): void {
  const what = `${fate} at ${at}, ${aborts ? "aborts" : "leaves"} at ${leaves}, got ${items}: ${String(end)}`;
  const isDeath = end instanceof InterpreterDiedError || end instanceof InterpreterNotFoundError;
  if (end === "left") assert.ok(items === Math.max(leaves, 1) && !aborts, what);
  else if (end instanceof ExecutionFailed || end instanceof RangeError)
    assert.ok(fate === "fail" && items <= at, what);
  else if (end instanceof DOMException) assert.ok(fate === "hang" && items <= at, what);
  else if (isDeath) assert.ok(items <= Math.max(leaves, 1), what);
  else assert.ok(aborts && (end as Error).message === "aborted by the test", what);
}

async function round(chance: Chance): Promise<void> {
  const pool = new InterpreterPoolExecutor({
    maxWorkers: 2,
    concurrency: chance.pick([1, 3]),
    stderr: "ignore",
    ...limitsOfVictims,
  });
  const interps = [1, 2].map(() => create({ stderr: "ignore", ...limitsOfVictims }));
  const ended = Array.from({ length: 24 }, () =>
    consume(chance.next() < 0.6 ? pool : chance.pick(interps), chance),
  );
  for (let kills = chance.below(4); kills > 0; kills--) {
    await turns(chance.below(200));
    await chance
      .pick(created())
      ?.terminate()
      .catch(() => {});
  }
  for (const each of await Promise.all(ended)) check(each);
  assert.equal(await pool.submit(() => 1), 1);
  await pool.terminateWorkers();
  await Promise.all(interps.map((interp) => interp.terminate().catch(() => {})));
}

test("producers that end, are killed, left or aborted", limits, async () => {
  for (let i = 0; i < Math.ceil(6 * FACTOR); i++) {
    await seeded(SEED + i, async () => {
      const before = countQueues();
      await round(new Chance(SEED + i));
      await until(() => {
        gc();
        return countQueues() <= before;
      });
    });
  }
});
