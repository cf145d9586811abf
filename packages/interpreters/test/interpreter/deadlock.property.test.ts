/**
 * Blocking calls between interpreters in any order: one is refused exactly where a plain graph of who waits for whom says
 * that it would close a cycle, and all others are answered in the end.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as fc from "fast-check";
import { create, fromModule, type Interpreter } from "interpreters";
import { runtime } from "../../src/thread/current.js";
import { slotOf } from "../../src/kernel/registry.js";
import { load } from "../../src/memory/atomics.js";
import { S_WAITING_ON, slotPointer } from "../../src/memory/layout.js";
import { channel, until, WATCHDOG } from "../support/processes.js";
import type { Report } from "./waiting.js";

const { obey } = fromModule<typeof import("./waiting.js")>(new URL("./waiting.js", import.meta.url));

const INTERPRETERS = 4;
const interps: Interpreter[] = [];
after(() => Promise.all(interps.map((interp) => interp.terminate())));

/** Whom each waits for, which is one at most. */
class Graph {
  readonly #waitsFor = new Map<number, number>();

  isWaiting(who: number): boolean {
    return this.#waitsFor.has(who);
  }

  /** Whether `target` waits, directly or through others, for `caller`, or is it. */
  wouldClose(caller: number, target: number): boolean {
    let at: number | undefined = target;
    while (at !== undefined && at !== caller) at = this.#waitsFor.get(at);
    return at === caller;
  }

  add(caller: number, target: number): void {
    this.#waitsFor.set(caller, target);
  }

  get size(): number {
    return this.#waitsFor.size;
  }
}

/** Whether an interpreter has said, in shared memory, that it waits for another. */
function saysItWaitsFor(caller: number, target: number): boolean {
  const { m } = runtime();
  const slot = (index: number): number => slotOf(m, interps[index].id);
  return load(m, slotPointer(slot(caller)) + S_WAITING_ON) === slot(target) + 1;
}

/** Orders the calls one after another, each when the one before waits or was refused. Returns how many were refused. */
async function play(calls: readonly (readonly [number, number])[]): Promise<number> {
  const graph = new Graph();
  const reports = channel<Report>();
  const orders = interps.map(() => channel<number>());
  const loops = interps.map((interp, i) => interp.call(obey, i, orders[i], reports, interps));
  let refused = 0;
  for (const [caller, target] of calls) {
    // It can do nothing while it waits.
    if (graph.isWaiting(caller)) continue;
    orders[caller].putNowait(target);
    if (graph.wouldClose(caller, target)) {
      assert.deepEqual(await reports.get(), { caller, outcome: "ERR_INTERPRETER_DEADLOCK" });
      refused++;
    } else {
      // Where it is refused all the same, it never comes to that, and says so.
      await until(() => saysItWaitsFor(caller, target) || !reports.empty(), `${caller} waits for ${target}`);
      assert.deepEqual(reports.empty() ? [] : [reports.getNowait()], [], `${caller} -> ${target}`);
      graph.add(caller, target);
    }
  }
  // Those that wait for nobody leave, and then answer those that wait for them.
  for (const queue of orders) queue.putNowait(-1);
  await Promise.all(loops);
  const answered = await reports.getMany(INTERPRETERS * calls.length + 1, { timeout: 0 }).catch(() => []);
  assert.deepEqual(
    answered.map(({ outcome }) => outcome),
    Array.from({ length: graph.size }, () => "answered"),
  );
  return refused;
}

test("a call is refused where it would close a cycle, and only there", { timeout: WATCHDOG }, async () => {
  for (let i = 0; i < INTERPRETERS; i++) interps.push(create());
  const index = fc.nat(INTERPRETERS - 1);
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(index, index), { maxLength: 10 }), async (calls) => {
      refused += await play(calls);
    }),
    {
      numRuns: 150,
      examples: [
        [[[0, 0]]],
        [
          [
            [0, 1],
            [1, 2],
            [2, 3],
            [3, 0],
          ],
        ],
        [
          [
            [0, 3],
            [1, 3],
            [2, 3],
            [3, 1],
          ],
        ],
      ],
    },
  );
  assert.ok(refused >= 3, String(refused));
});
