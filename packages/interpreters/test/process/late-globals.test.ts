/** The package uses the globals that it found when it was loaded, whatever a program, or a script in an interpreter, makes of them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { startScenario, WATCHDOG } from "../support/processes.js";

const limits = { timeout: 2 * WATCHDOG };
const scenarios = new URL("./late-globals.scenarios.js", import.meta.url);
const module = new URL("../../../../../scripts/free-names.mjs", import.meta.url);
const { freeNames, UNBOUND_NAMES } = (await import(module.href)) as {
  freeNames: (text: string) => Map<string, number>;
  UNBOUND_NAMES: readonly string[];
};

for (const bundle of ["interpreters", "supervisor", "first-thread", "worker", "typescript-hooks"]) {
  test(`${bundle}.cjs looks up no global after it was loaded`, limits, () => {
    const text = readFileSync(new URL(`../../src/${bundle}.cjs`, import.meta.url), "utf8");
    const free = freeNames(text);
    // The first statement binds all others, as properties of this one. Before it, the main bundle finds out whether it is a module.
    assert.equal(free.get("globalThis"), bundle === "interpreters" ? 2 : 1);
    const names = [...free.keys()].filter((name) => !UNBOUND_NAMES.includes(name));
    assert.deepEqual(names, ["globalThis"]);
  });
}

test("api.cjs uses the globals that interpreters.cjs bound", limits, () => {
  const text = readFileSync(new URL("../../src/api.cjs", import.meta.url), "utf8");
  const free = freeNames(text);
  // To find out whether it is a module.
  assert.equal(free.get("globalThis"), 1);
  const names = [...free.keys()].filter((name) => !UNBOUND_NAMES.includes(name));
  assert.deepEqual(names, ["globalThis"]);
  assert.doesNotMatch(text, /\brequire\("/);
});

async function run(scenario: string): Promise<unknown> {
  const { code, stdout, stderr } = await startScenario(scenarios, scenario).ended;
  assert.deepEqual([code, stderr], [0, ""]);
  return JSON.parse(stdout) as unknown;
}

test("a program that replaces every global changes nothing", limits, async () => {
  const { before, after, used } = (await run("main")) as {
    before: Record<string, string>;
    after: Record<string, string>;
    used: string[];
  };
  // Node itself reads this one, when it formats a stack.
  assert.deepEqual(
    used.filter((name) => name !== "Error.prepareStackTrace"),
    [],
  );
  assert.deepEqual(after, before);
  assert.equal(before["call"], "3");
});

test("a script that replaces every global of its interpreter changes nothing", limits, async () => {
  assert.deepEqual(await run("interpreter"), [
    "2",
    "1",
    "[1,2]",
    "ExecutionFailed: TypeError: Cannot read properties of undefined (reading 'toString')",
    "undefined",
    "undefined",
    "undefined",
    "7",
    "undefined",
    "1",
    "1",
    "undefined",
  ]);
});
