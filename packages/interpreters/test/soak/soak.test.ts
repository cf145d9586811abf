/** A short soak (FAULTS_ROUNDS makes it longer), and tests of the command. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { FACTOR, limits, SEED } from "../faults/harness.js";
import { start } from "../support/processes.js";
import { soak } from "./soak.js";

const main = fileURLToPath(new URL("main.js", import.meta.url));

test(
  "producers and consumers of all kinds die in all ways, and no item is unaccounted for",
  limits,
  async (t) => {
    const end = await soak({ kills: 40 * FACTOR, duration: Infinity, seed: SEED, lanes: 2 });
    assert.ok(end.deaths >= 40 * FACTOR);
    const { put, delivered, replaced, removed, lost } = end.items;
    assert.ok(delivered > 0 && put > 0);
    t.diagnostic(`${end.rounds} rounds, deaths: ${JSON.stringify(end.kills)}`);
    t.diagnostic(
      `items: ${put} put, ${delivered} delivered, ${replaced} replaced, ${removed} removed, ${lost} lost`,
    );
  },
);

test("the soak command prints what it does, and ends when it is interrupted", limits, async () => {
  const running = start(process.execPath, [
    main,
    "--minutes",
    "60",
    "--seed",
    "5",
    "--lanes",
    "1",
    "--every",
    "0",
  ]);
  await running.printed("deaths");
  running.kill("SIGINT");
  const { code, stdout, stderr } = await running.ended;
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^soak: seed 5, 1 lanes\n/);
  assert.match(
    stdout,
    /\nsummary: \d+ s: \d+ rounds; .*; items: put .*; resident .*; shared memory .*; nothing wrong\n$/,
  );
});

test("the soak command refuses what it does not understand", limits, async () => {
  for (const args of [["--kills", "none"], ["--minutes", "1", "--kills", "1"], ["--kill", "1"], ["1"]]) {
    const { code, stdout, stderr } = await start(process.execPath, [main, ...args]).ended;
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /Usage: npm run soak/);
  }
});
