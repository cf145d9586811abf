/** When programs end: by themselves, or by process.exit(). Each runs in its own process. */
import { test } from "node:test";
import { assertEnded, type Running, startScenario, WATCHDOG } from "../support/processes.js";

const options = { timeout: 2 * WATCHDOG, concurrency: 2 };
const module = new URL("./exits.scenarios.js", import.meta.url);
const begin = (scenario: string): Running => startScenario(module, scenario);

test("a program whose interpreters, pools and queues are idle ends by itself", options, async (t) => {
  const names = [
    "created",
    "prewarmed",
    "queues",
    "pool",
    "mapLeft",
    "mapForgotten",
    "idleTimers",
    "callbacks",
    "idleServer",
    "closed",
    "died",
    "endsAwaited",
    "unreferenced",
  ];
  await Promise.all(
    names.map((name) => t.test(name, async () => assertEnded(await begin(name).ended, { code: 0 }))),
  );
});

test("a program goes on while an operation is pending, and ends when it is settled", options, async (t) => {
  const names = [
    "unreferencedSettled",
    "pendingCall",
    "pendingExec",
    "pendingTask",
    "pendingTaskUnobserved",
    "pendingGet",
    "pendingPut",
    "pendingSelect",
    "pendingClose",
    "pendingLoop",
  ];
  await Promise.all(
    names.map((name) =>
      t.test(name, async () => assertEnded(await begin(name).ended, { code: 0, stdout: "settled\n" })),
    ),
  );
});

test(
  "process.exit() ends the program at once, quietly, with its code, whatever interpreters do",
  options,
  async (t) => {
    const names = [
      "exitIdle",
      "exitBooting",
      "exitPrewarmed",
      "exitAtOnce",
      "exitLooping",
      "exitBlocked",
      "exitPool",
      "exitChatty",
      "exitWhileClosing",
      "exitCode",
      "exitFromNested",
    ];
    await Promise.all(
      names.map((name) => t.test(name, async () => assertEnded(await begin(name).ended, { code: 5 }))),
    );
  },
);
