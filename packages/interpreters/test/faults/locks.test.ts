/** Interpreters are killed while they hold locks, or are about to take them. No thread waits for the dead, and no item is lost. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import {
  create,
  createQueue,
  fromModule,
  type Interpreter,
  listQueues,
  QueueEmpty,
  UNBOUND_KEEP,
} from "interpreters";
import { backTo, baseline, Chance, created } from "../support/queues.js";
import {
  FACTOR,
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
import type { Ring, Token } from "./churn.js";

// Code that is not optimized can be interrupted at every call, and holds the locks for longer.
setFlagsFromString("--no-opt");

const { accompany, litter, rotate } = fromModule<typeof import("./churn.js")>(
  new URL("churn.js", import.meta.url),
);
const NEVER = { way: "none", steps: 0 } as const;
const TOKENS = 300;

afterEach(() => Promise.all(created().map((interp) => interp.terminate())));

function drain(ring: Ring): Token[] {
  const tokens: Token[] = [];
  try {
    for (;;) tokens.push(ring.getNowait());
  } catch (error) {
    assert.ok(error instanceof QueueEmpty, String(error));
  }
  return tokens;
}

async function round(chance: Chance, companion: Interpreter): Promise<void> {
  const ring = createQueue<Token>(0, { unboundItems: UNBOUND_KEEP });
  const carried = createQueue<number>(0, { unboundItems: UNBOUND_KEEP });
  const stop = createQueue<number>();
  for (let i = 0; i < TOKENS; i++) {
    ring.putNowait([i, i % 10 === 0 ? carried : i % 10 === 1 ? "x".repeat(4000 + i * 100) : "x".repeat(i)]);
  }
  const accompanying = companion.call(accompany, ring, stop);
  const victims: Victim[] = [];
  let inHand = 0;
  const interps = [create(limitsOfVictims), create(limitsOfVictims), create(limitsOfVictims)];
  // They boot first, so that they are killed during work.
  await Promise.all(interps.map((interp) => interp.call(Math.max, 1)));
  for (const interp of interps) {
    const several = chance.pick([1, 50, 50]);
    const litters = chance.next() < 0.4;
    if (!litters) inHand += several;
    victims.push(
      victim(chance, interp, NEVER, (view) =>
        litters ? view.call(litter, ring) : view.call(rotate, ring, several),
      ),
    );
  }
  for (const next of victims) {
    await turns(chance.below(50));
    await kill(chance, next);
  }
  stop.putNowait(1);
  assert.ok((await accompanying) >= 0);
  const size = ring.qsize();
  const tokens = drain(ring);
  assert.equal(tokens.length, size);
  assert.ok(
    size >= TOKENS - inHand,
    `${TOKENS - size} tokens are missing, at most ${inHand} were in hands that died`,
  );
  assert.equal(new Set(tokens.map(([number]) => number)).size, size, "there is no token twice");
  for (const [number, what] of tokens) {
    if (number % 10 === 0) assert.equal(what, carried);
    else assert.equal((what as string).length, number % 10 === 1 ? 4000 + number * 100 : number);
  }
  const listed = listQueues();
  for (const queue of [ring, carried, stop]) assert.ok(listed.includes(queue));
  for (const queue of listed) queue.close();
  assert.deepEqual(listQueues(), []);
}

test("interpreters killed inside and around locks", limits, async (t) => {
  const first = create();
  for (const seed of [-1, -2]) await seeded(seed, () => round(new Chance(seed), first));
  await first.close();
  const before = await baseline();
  const companion = create();
  const rounds = Math.ceil(15 * FACTOR);
  for (let i = 0; i < rounds; i++) await seeded(SEED + i, () => round(new Chance(SEED + i), companion));
  await companion.close();
  await backTo(before);
  t.diagnostic(`${rounds} rounds, kills: ${JSON.stringify(kills)}`);
});
