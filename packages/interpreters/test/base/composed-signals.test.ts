/** Signals that `AbortSignal.any` makes abort operations, also if nothing but the operation refers to them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { createQueue, Event, InterpreterPoolExecutor, onGet, select } from "interpreters";
import { rejection, WATCHDOG } from "../support/processes.js";
import { gc } from "../support/queues.js";

const composed = (): AbortSignal =>
  AbortSignal.any([AbortSignal.timeout(200), AbortSignal.any([AbortSignal.timeout(WATCHDOG)])]);

test("a signal of signals that are collected otherwise", { timeout: WATCHDOG }, async () => {
  const queue = createQueue();
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const waiting = [
    queue.get({ signal: composed() }),
    new Event().wait({ signal: composed() }),
    select([onGet(queue)], { signal: composed() }),
    pool.with({ signal: composed() }).submit(() => new Promise(() => {})),
    pool.group({ signal: composed() }).run((group) => group.submit(() => new Promise(() => {}))),
  ].map((each) => rejection(each));
  for (let i = 0; i < 5; i++) {
    await turn();
    gc();
  }
  for (const error of await Promise.all(waiting)) assert.equal(error.name, "TimeoutError");
  await pool.terminateWorkers();
});
