/** Options of which none is given: what V8 makes of them decides how fast they are read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { ownOptions } from "../../src/base/check.js";
import { NO_OPTIONS as ofTasks } from "../../src/futures/options.js";
import { NO_OPTIONS as ofCalls } from "../../src/interpreter/call-options.js";
import { NO_OPTIONS as ofQueues } from "../../src/queue/options.js";
import { NO_OPTIONS as ofLocks } from "../../src/sync/options.js";

setFlagsFromString("--allow-natives-syntax");
const isDictionary = new Function("object", "return !%HasFastProperties(object)") as (
  object: object,
) => boolean;

for (const [what, options] of Object.entries({ ofTasks, ofCalls, ofQueues, ofLocks })) {
  test(`no options, ${what}: V8 reads them without a call, and nothing else gives them a value`, () => {
    assert.ok(
      isDictionary(ownOptions({})),
      "V8 no longer makes a dictionary of an object without a prototype",
    );
    assert.ok(!isDictionary(options));
    assert.equal(Object.getPrototypeOf(options), null);
    assert.ok(Object.isFrozen(options));
    assert.deepEqual(new Set(Object.values(options)), new Set([undefined]));
    assert.equal(ownOptions(options), options);
  });
}
