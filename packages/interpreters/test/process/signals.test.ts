/** Listeners of the program, whatever they do, keep no abort of a signal from any operation of the public API. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startScenario, WATCHDOG } from "../support/processes.js";

const options = { timeout: 2 * WATCHDOG, concurrency: 2 };
const scenarios = new URL("./signals.scenarios.js", import.meta.url);

async function run(listener: string, when: string): Promise<string> {
  const { code, stdout, stderr } = await startScenario(scenarios, listener, { args: [when] }).ended;
  assert.deepEqual([code, stderr], [0, ""], stdout);
  return stdout;
}

test("listeners that throw or stop the event change no abort", options, async (t) => {
  const expected = await run("none", "before");
  const outcomes = expected.split("\n").filter((line) => line.includes(": "));
  assert.equal(outcomes.length, 4 * 14, expected);
  for (const line of outcomes)
    assert.match(line, /^(?:controller|any), .*: its reason$|^(?:timeout|anyTimeout), .*: TimeoutError$/);
  assert.match(expected, /\ntrue\ntrue\nundefined 1\n\n$/, "nothing else was stopped, put or thrown");
  for (const listener of ["throws", "stops", "stopsAndThrows", "onabort", "replaces"]) {
    for (const when of ["before", "after"])
      await t.test(`${listener}, added ${when}`, async () =>
        assert.equal(await run(listener, when), expected),
      );
  }
});
