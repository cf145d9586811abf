/** Programs under test replace the timers. Tasks arrive all the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromModule } from "interpreters";
import { executorOf, Fleet } from "./support/fleet.js";
import { Redis, skip } from "./support/redis.js";

const f = fromModule<typeof import("./support/functions.js")>(
  new URL("./support/functions.js", import.meta.url),
);
const options = { skip, timeout: 60_000 };

test("tasks arrive while the timers of the program are faked", options, async (t) => {
  await using redis = await Redis.start();
  await using fleet = new Fleet({ queue: "tasks", connection: redis.url });
  await fleet.start();
  await using executor = executorOf(redis.url);
  await executor.ready();
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "setImmediate", "Date"] });
  const futures = Array.from({ length: 200 }, (_, n) => executor.submit(f.square, n));
  assert.equal(await futures[199], 199 * 199);
  assert.equal(await executor.submit(f.square, 3), 9);
  await Promise.all(futures);
  t.mock.timers.reset();
});
