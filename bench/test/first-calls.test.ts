/** The first 200 blocking calls of a process, against synckit. `npm run bench` measures how long they take; this finds what makes them slow. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runProbe } from "../run-probe.js";

const program = fileURLToPath(new URL("../first-calls-process.js", import.meta.url));
/** They take 1.2 (Node 20) to 1.6 times (Node 24) as much processor time: a supervisor's thread starts, too. */
const MOST = 2;
/** A busy machine disturbs most rounds, but hardly all of them. */
const ROUNDS = 20;

test(
  "200 blocking calls from the start of a process take about as much as synckit's",
  { timeout: 300_000 },
  async () => {
    const best = { interpreters: Infinity, synckit: Infinity };
    for (let round = 0; round < ROUNDS; round++) {
      for (const who of ["synckit", "interpreters"] as const)
        best[who] = Math.min(best[who], await runProbe(program, [who, "cpu"]));
      if (round >= 2 && best.interpreters <= MOST * best.synckit) return;
    }
    assert.fail(`${best.interpreters} ms of processor time against ${best.synckit} ms`);
  },
);
