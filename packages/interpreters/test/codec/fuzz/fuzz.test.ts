/** A short run of each fuzz target (`npm run fuzz` continues for longer), and tests of the fuzzer itself. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { start, WATCHDOG } from "../../support/processes.js";
import { Chance } from "../../support/queues.js";
import { fuzz, type FuzzResult } from "./fuzzer.js";
import { counters, instrumented } from "./instrument.js";

const main = fileURLToPath(new URL("main.js", import.meta.url));

/** Either target takes this many edges within a second. */
const EDGES = 300;

for (const target of ["bytes", "values"]) {
  test(`the codec withstands ${target} that coverage guides`, { timeout: 2 * WATCHDOG }, async (t) => {
    const args = [main, "--target", target, "--seconds", "8", "--seed", "1"];
    const { code, stdout, stderr } = await start(process.execPath, args).ended;
    assert.deepEqual([code, stderr], [0, ""], stdout);
    t.diagnostic(stdout.trim());
    const edges = Number(/ (\d+) of \d+ edges$/m.exec(stdout)?.[1]);
    assert.ok(edges >= EDGES, `only ${edges} edges reached: is the codec still instrumented?`);
  });
}

test("the fuzz command refuses what it does not understand", async () => {
  for (const args of [
    ["--target", "all"],
    ["--seconds", "0"],
    ["--seed", "x"],
    ["--input", "AA=="],
    ["bytes"],
  ]) {
    const { code, stdout, stderr } = await start(process.execPath, [main, ...args]).ended;
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /Usage: npm run fuzz/);
  }
});

/** Throws for one prefix of six bytes: blind chance needs 2^48 tries. */
const MAGIC = "fuzzer";
const PLANTED = `export function check(bytes) {
  ${[...Buffer.from(MAGIC)].map((byte, i) => `if (bytes[${i}] === ${byte})`).join("\n  ")}
  throw new RangeError("found");
}`;

test("coverage leads the fuzzer to a bug behind six bytes that must be right", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "interpreters-planted-"));
  let result: FuzzResult;
  try {
    const file = path.join(folder, "planted.mjs");
    writeFileSync(file, PLANTED);
    type Planted = { check(bytes: Uint8Array): number };
    const { check } = await instrumented<Planted>(pathToFileURL(file));
    result = fuzz({
      target: (input) => void check(input),
      counters,
      chance: new Chance(1),
      seeds: [Buffer.alloc(0)],
      maxLength: 32,
      goOn: (runs) => runs < 1_000_000,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
  assert.ok(result.failure?.error instanceof RangeError, `not found in ${result.runs} runs`);
  assert.equal(result.failure.input.toString("latin1", 0, 6), MAGIC);
});
