/** Interpreters are killed during calls, as callers and as callees, and while they create others. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import {
  create,
  createQueue,
  fromModule,
  type Interpreter,
  InterpreterDiedError,
  InterpreterNotFoundError,
} from "interpreters";
import { limitsMemory, memoryLimits } from "../support/memory.js";
import { backTo, baseline, Chance, created, createdIds } from "../support/queues.js";
import { until } from "../support/processes.js";
import { deathByLimit } from "../support/ways.js";
import {
  candidates,
  FACTOR,
  fuseFrom,
  kill,
  kills,
  limits,
  limitsOfVictims,
  seeded,
  SEED,
  turns,
  victim,
  type Victim,
} from "./harness.js";
import type { Fuse, Tally } from "./victims.js";

const { beget, converse, double, doubleLater, outOfMemory } = fromModule<typeof import("./victims.js")>(
  new URL("victims.js", import.meta.url),
);
const NEVER: Fuse = { way: "none", steps: 0 };

/** A failure of one test must not fail the next. */
afterEach(() => Promise.all(created().map((interp) => interp.terminate())));

interface Survivors {
  readonly caller: Interpreter;
  readonly callee: Interpreter;
}

function checkTally({ right, died, gone, wrong }: Tally, what: string): void {
  assert.deepEqual(wrong, [], what);
  assert.ok(right + died + gone > 0, what);
}

/** Victims call each other and survivors, survivors call victims and each other, main calls all of them. */
async function round(chance: Chance, { caller, callee }: Survivors): Promise<void> {
  const interps = await candidates(chance, 4);
  const callees = interps.splice(0, 2);
  const count = 20 + chance.below(200);
  const surviving = caller.call(converse, [...callees, callee], count, chance.below(1000), NEVER);
  const main = { settled: 0, sent: 0 };
  const mine: Promise<void>[] = [];
  const call = (): void => {
    main.sent++;
    const n = chance.below(1000);
    const target = chance.pick([...callees, callee]);
    const settle = (chance.next() < 0.5 ? target.call(double, n) : target.call(doubleLater, n)).then(
      (result) => assert.equal(result, n * 2),
      (error: unknown) => {
        assert.ok(
          error instanceof InterpreterDiedError || error instanceof InterpreterNotFoundError,
          String(error),
        );
        assert.notEqual(target, callee);
      },
    );
    mine.push(settle.finally(() => main.settled++));
    mine.at(-1)?.catch(() => {});
  };
  const victims: Victim[] = [];
  for (const start of interps) {
    const fuse = fuseFrom(chance, 100);
    victims.push(
      victim(chance, start, fuse, (view) =>
        view.call(converse, [...callees, callee], -1, chance.below(1000), fuse),
      ),
    );
  }
  const targets = [...callees];
  while (victims.length + targets.length > 0) {
    for (let n = chance.below(6); n > 0; n--) call();
    await turns(chance.below(30));
    if (chance.below(victims.length + targets.length) < victims.length) {
      const [next] = victims.splice(chance.below(victims.length), 1);
      await kill(chance, next);
    } else {
      const [next] = targets.splice(chance.below(targets.length), 1);
      kills.terminated++;
      if (chance.next() < 0.5) await next.terminate();
      else next.terminateSync();
      await assert.rejects(next.call(double, 1), InterpreterNotFoundError);
    }
  }
  await Promise.all(mine);
  assert.equal(main.settled, main.sent);
  checkTally(await surviving, "the surviving caller");
  assert.equal(await callee.call(double, 4), 8);
  assert.equal(caller.callSync(double, 5), 10);
  assert.equal(callee.isRunning(), false);
}

test("callers and callees killed at random moments", limits, async (t) => {
  const warm: Survivors = { caller: create(), callee: create() };
  await seeded(0, () => round(new Chance(0), warm));
  await Promise.all([warm.caller.terminate(), warm.callee.terminate()]);
  const before = await baseline();
  const survivors: Survivors = { caller: create(), callee: create() };
  const rounds = Math.ceil(15 * FACTOR);
  for (let i = 0; i < rounds; i++) await seeded(SEED + i, () => round(new Chance(SEED + i), survivors));
  await Promise.all([survivors.caller.close(), survivors.callee.close()]);
  await backTo(before);
  t.diagnostic(`${rounds} rounds, kills: ${JSON.stringify(kills)}`);
});

/** Parents are killed while they create, call and terminate children that no other interpreter holds. */
async function generation(chance: Chance): Promise<void> {
  const parents: Victim[] = [];
  for (let n = 0; n < 2; n++) {
    const fuse = fuseFrom(chance, 10);
    const parent = create(memoryLimits({ maxOldGenerationSizeMb: 24 }));
    parents.push(victim(chance, parent, fuse, (view) => view.call(beget, chance.below(1000), fuse)));
  }
  for (const parent of parents) {
    const target = chance.below(8);
    // At least that many interpreters have been created, or the parent is dead already.
    let seen = 0;
    await until(() => {
      const ids = createdIds();
      seen = Math.max(seen, ...ids.map((id) => id - parent.interp.id));
      return seen > target || !ids.includes(parent.interp.id);
    });
    await turns(chance.below(20));
    await kill(chance, parent);
  }
  await until(() => createdIds().length === 0, "nobody is left");
}

test("interpreters killed while they create others, which go with them", limits, async (t) => {
  await seeded(0, () => generation(new Chance(0)));
  const before = await baseline();
  const rounds = Math.ceil(5 * FACTOR);
  for (let i = 0; i < rounds; i++) await seeded(SEED + i, () => generation(new Chance(SEED + i)));
  await backTo(before);
  t.diagnostic(`${rounds} rounds, kills: ${JSON.stringify(kills)}`);
});

/** The main interpreter is blocked all the time; the callee ends itself, or another interpreter or a time limit ends it. */
test("the main interpreter, blocked in a call, hears of every death", limits, async () => {
  const chance = new Chance(SEED);
  const killer = create();
  const rounds = Math.ceil(10 * FACTOR);
  for (let i = 0; i < rounds; i++) {
    const target = create(limitsOfVictims);
    const way = i % 5;
    if (way === 1 && !limitsMemory) continue;
    const blocked = (): unknown => {
      if (way === 0) return target.callSync(() => process.exit(9));
      if (way === 1) return target.callSync(outOfMemory);
      if (way === 2)
        return target.with({ timeout: 1 + chance.below(50) }).callSync(() => {
          for (;;);
        });
      if (way === 3) {
        return target.callSync(async () => {
          setImmediate(() => {
            throw new Error("on purpose");
          });
          await new Promise(() => {});
        });
      }
      const gate = createQueue<number>();
      void killer.call(
        (interp: Interpreter, q) => {
          q.getSync();
          interp.terminateSync();
        },
        target,
        gate,
      );
      return target.callSync((q) => {
        q.putSync(1);
        for (;;);
      }, gate);
    };
    assert.throws(blocked, (thrown) => {
      // The work's own time limit.
      const error: unknown = way === 2 ? deathByLimit(thrown) : thrown;
      assert.ok(error instanceof InterpreterDiedError, String(error));
      assert.equal(error.interpreterId, target.id);
      const reasons = ["exit", "out-of-memory", "timeout", "uncaught-exception", "terminated"];
      assert.equal(error.reason, reasons[way]);
      return true;
    });
    assert.throws(() => target.callSync(double, 1), InterpreterNotFoundError);
  }
  assert.equal(killer.callSync(double, 3), 6);
  await killer.close();
});
