/** Hooks, getters, callbacks and subscribers that throw while a future settles: the outcome arrives, and so do the next ones. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startScenario, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const scenarios = new URL("./hooks.scenarios.js", import.meta.url);

interface Seen {
  submitted: boolean;
  settled: unknown[];
  mapped: unknown;
  thrown: unknown;
  calls: string[];
  reported: string[];
  counts: number[];
}

/** Each hook, and whether the package calls it: its exception is reported then. */
const hooks: Record<string, boolean> = {
  "sites as a stack": false,
  "a prepareStackTrace that throws": false,
  "a cause that throws": true,
  "errors that throw": true,
  "a hasInstance that throws": true,
  "a property of errors that throws": false,
  "subscribers that throw": true,
};

for (const [hook, called] of Object.entries(hooks)) {
  test(`${hook}: each future settles with its outcome, and what was thrown is reported`, limits, async () => {
    const { code, stdout, stderr } = await startScenario(scenarios, hook).ended;
    assert.deepEqual([code, stderr], [0, ""]);
    const { submitted, settled, mapped, thrown, calls, reported, counts } = JSON.parse(stdout) as Seen;
    assert.ok(submitted, "the stack leads to the submit");
    const [failing, refused, dying, next] = settled as [string[], string[], string[], number];
    assert.deepEqual(failing, ["AggregateError", "failed"]);
    assert.equal(refused[0], "NotShareableError");
    assert.equal(dying[0], "InterpreterDiedError");
    assert.match(dying[1], /called process\.exit\(3\)/);
    assert.equal(next, 1);
    assert.deepEqual(mapped, ["Error", "item 1"]);
    assert.equal(thrown, "NotShareableError");
    assert.deepEqual(calls, ["failing", "refused", "dying", "next"]);
    assert.deepEqual(
      reported.filter((message) => message.startsWith("callback")),
      calls.map((name) => `callback of ${name}`),
    );
    const others = reported.filter((message) => !message.startsWith("callback"));
    assert.equal(others.length > 0, called, others.join());
    assert.ok(
      others.every((message) => message === "a hook"),
      others.join(),
    );
    // The call batch is one that completed: its reply says which call failed.
    assert.deepEqual(counts, [3, 3]);
  });
}
