/** The first 200 blocking calls of a process, against synckit. `npm run bench` measures how long they take; this finds what makes them slow. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { firstCallsCases } from "../cases/first-calls.js";
import { effortFor, type Session } from "../harness.js";

/** They take about as long. They once took 2.3 times as long. */
const MOST = 1.5;
/** A busy machine disturbs most rounds, but hardly all of them. */
const ROUNDS = 20;

test(
  "200 blocking calls from the start of a process take about as long as synckit's",
  { timeout: 120_000 },
  async () => {
    const [{ contenders }] = firstCallsCases;
    const effort = effortFor(true);
    const find = async (part: string): Promise<Session> => {
      const contender =
        contenders.find(({ name }) => name.includes(part)) ?? assert.fail(`no contender ${part}`);
      return contender.start(0);
    };
    const [ours, synckit] = [await find("interp.callSync"), await find("synckit")];
    const best = { ours: Infinity, synckit: Infinity };
    for (let round = 0; round < ROUNDS; round++) {
      best.synckit = Math.min(best.synckit, await synckit.round(effort));
      best.ours = Math.min(best.ours, await ours.round(effort));
      if (round >= 2 && best.ours <= MOST * best.synckit) return;
    }
    assert.fail(`${best.ours.toFixed()} ms against ${best.synckit.toFixed()} ms`);
  },
);
