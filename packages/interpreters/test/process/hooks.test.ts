/** Hooks of the program that throw, installed before or after the package is loaded, change no outcome of any part of the public API. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startScenario, WATCHDOG } from "../support/processes.js";

const options = { timeout: 3 * WATCHDOG };
const scenarios = new URL("./hooks.scenarios.js", import.meta.url);

async function run(hook: string, when: string): Promise<string> {
  const { code, stdout } = await startScenario(scenarios, hook, { args: [when] }).ended;
  assert.equal(code, 0, stdout);
  return stdout;
}

test("hooks that throw change no outcome", options, async (t) => {
  const expected = await run("none", "after");
  assert.match(expected, /^missing: \[\]$/m, "each export has a case");
  assert.match(expected, /^contexts: \[\]\nuncaught: \[\]$/m);
  // Node itself does not load modules while `Error.prototype.code` throws.
  const both = [
    "prepareStackTrace",
    "captureStackTrace",
    "cause",
    "errors",
    "hasInstance",
    "inspect",
    "toJSON",
    "thenOfFunctions",
    "sites",
    "descriptions",
    "subscribers",
    "asyncHooks",
  ];
  for (const hook of [...both, "properties"]) {
    for (const when of both.includes(hook) ? ["before", "after"] : ["after"])
      await t.test(`${hook}, ${when} loading`, async () => assert.equal(await run(hook, when), expected));
  }
});
