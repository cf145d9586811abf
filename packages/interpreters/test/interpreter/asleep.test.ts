/** Where every interpreter of a process sleeps and none would ever go on, one of the waits is refused; where another one may still end it, none is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { STRANGERS_NONE, STRANGERS_POSSIBLE } from "../../src/memory/layout.js";
import { startScenario, WATCHDOG } from "../support/processes.js";

const options = { timeout: 2 * WATCHDOG, concurrency: 2 };
const scenarios = new URL("./asleep.scenarios.js", import.meta.url);

/** The lines that a scenario printed, by its first word. */
async function run(name: string): Promise<Map<string, string>> {
  const { code, signal, stdout, stderr } = await startScenario(scenarios, name).ended;
  assert.deepEqual([code, signal, stderr], [0, null, ""], stdout);
  const lines = stdout.trimEnd().split("\n");
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]),
  );
}

function assertDeadlock(said: string | undefined, ...texts: string[]): void {
  assert.match(said ?? "", /ERR_INTERPRETER_DEADLOCK: /);
  for (const text of texts) assert.ok(said?.includes(text), `${text}: ${said}`);
}

test("main waits alone for an item", options, async () => {
  const said = await run("getAlone");
  assertDeadlock(
    said.get("get"),
    "Cannot get from queue 0: this would never end, because no interpreter would go on",
  );
  assertDeadlock(
    said.get("get"),
    "Interpreter 0 would wait for an item of queue 0. Use the form that returns a promise, or give a timeout.",
  );
  assert.equal(said.get("then"), "returned 1");
  assertDeadlock(said.get("get again"));
});

test("main calls, and the call waits for an item", options, async () => {
  const said = await run("callGets");
  assertDeadlock(
    said.get("call"),
    "Cannot get from queue 0",
    "Interpreter 1 (reader) would wait for an item of queue 0; interpreter 0 waits for a reply of interpreter 1 (reader)",
  );
  assert.equal(said.get("then"), "returned 2");
});

test("a put into a full queue", options, async () => {
  const said = await run("callPuts");
  assertDeadlock(said.get("call"), "Cannot put into queue 0", "room in queue 0");
  assert.equal(said.get("size"), "returned 1");
  assertDeadlock(said.get("putMany"), "room in queue 0");
  assert.equal(said.get("put"), "returned 1", "it says how many were put");
  assert.equal(said.get("item"), "returned 3");
});

test("a triangle of a queue, a lock and a call", options, async () => {
  const said = await run("triangle");
  // Either the one that waits for the lock gives way, or the one that waits for the item, and then the other one goes on.
  if (said.get("main") !== "returned undefined")
    assertDeadlock(said.get("main"), "lock 0", "an item of queue", "(A)", "(B)");
  assert.equal(said.get("then"), "returned 1 1");
});

test("a pool with workers that have nothing to do", options, async () => {
  const said = await run("idlePool");
  assertDeadlock(said.get("result"), "waits on its event loop", "(pool-");
  assert.equal(said.get("then"), "returned 3");
});

test("a wait for tasks, one of which waits for an item", options, async () => {
  // Either the task gives way, and is done, or the one that waits for it.
  assert.match((await run("waitForPool")).get("wait") ?? "", /returned 1|DEADLOCK/);
});

test("synchronization objects, and select", options, async () => {
  const said = await run("syncObjects");
  for (const [what, text] of [
    ["event", "event 0"],
    ["semaphore", "semaphore 1"],
    ["barrier", "barrier 2"],
    ["condition", "condition"],
    ["select", "the first of several operations"],
    ["select one", "operations"],
    ["lock", "which interpreter 0 holds"],
  ])
    assertDeadlock(said.get(what), text);
  assert.equal(said.get("broken"), "returned true");
});

test("the last one that could put dies", options, async () =>
  assertDeadlock((await run("lastOneDies")).get("get"), "queue 0"),
);

test("a limit that ends a wait", options, async () => {
  const said = await run("limitEnds");
  assert.match(said.get("call") ?? "", /took longer than 300 ms/);
  assertDeadlock(said.get("get"));
});

for (const [name, expected] of [
  ["timer", "returned 1"],
  ["stranger", "returned of a stranger"],
  ["strangerBefore", "returned of a stranger"],
  ["strangerOfInterpreter", "returned of a stranger"],
  ["eventLoop", "returned 1"],
] as const) {
  test(`another thread may end the wait: ${name}`, options, async () => {
    assert.equal((await run(name)).get("get"), expected);
  });
}

test("a thread of a loader counts as one that may join", options, async () => {
  const said = await run("loader");
  assert.equal(said.get("before"), `returned ${STRANGERS_NONE}`);
  assert.equal(said.get("after"), `returned ${STRANGERS_POSSIBLE}`);
});

test("a wait with a time limit ends by that", options, async () => {
  const said = await run("timeLimits");
  assert.match(said.get("get") ?? "", /^ERR_QUEUE_EMPTY/);
  assert.match(said.get("call") ?? "", /ERR_QUEUE_EMPTY/);
});

test("random programs: a wait is refused only where none would ever go on", options, async () => {
  const random = new URL("./asleep.random.js", import.meta.url);
  const { code, stdout, stderr } = await startScenario(random, "1", { args: ["40"] }).ended;
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^\d+ operations, [1-9]/);
});
