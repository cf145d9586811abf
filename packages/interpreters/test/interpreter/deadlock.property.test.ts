/**
 * Blocking calls between interpreters in any order: a call is refused exactly where a plain wait-for graph says that it
 * would close a cycle, and every other call returns in the end.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as fc from "fast-check";
import { create, fromModule, type Interpreter } from "interpreters";
import { runtime } from "../../src/thread/current.js";
import { slotOf } from "../../src/kernel/registry.js";
import { load } from "../../src/memory/atomics.js";
import type { InterpreterId, Slot } from "../../src/memory/brands.js";
import { S_WAITING_ON, slotPointer } from "../../src/memory/layout.js";
import { channel, until, WATCHDOG } from "../support/processes.js";
import type { Report } from "./waiting.js";

const { obey } = fromModule<typeof import("./waiting.js")>(new URL("./waiting.js", import.meta.url));

const INTERPRETERS = 4;
const interps: Interpreter[] = [];
after(() => Promise.all(interps.map((interp) => interp.terminate())));

/** A wait-for graph: each interpreter waits for at most one other. */
class Graph {
  readonly #waitsFor = new Map<number, number>();

  isWaiting(caller: number): boolean {
    return this.#waitsFor.has(caller);
  }

  /** Returns whether `target` is `caller`, or waits for it, directly or through others. */
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

/** Returns whether `caller` has published in shared memory that it waits for `target`. */
function saysItWaitsFor(caller: number, target: number): boolean {
  const { m } = runtime();
  const slot = (index: number): Slot => slotOf(m, interps[index].id as InterpreterId);
  return load(m, slotPointer(slot(caller)) + S_WAITING_ON) === slot(target) + 1;
}

/** Orders the calls one after another, each once the one before waits or was refused. Returns how many were refused. */
async function play(calls: readonly (readonly [number, number])[]): Promise<number> {
  const graph = new Graph();
  const reports = channel<Report>();
  const orders = interps.map(() => channel<number>());
  const loops = interps.map((interp, i) => interp.call(obey, i, orders[i], reports, interps));
  let refused = 0;
  for (const [caller, target] of calls) {
    // A waiting interpreter takes no orders.
    if (graph.isWaiting(caller)) continue;
    orders[caller].putNowait(target);
    if (graph.wouldClose(caller, target)) {
      assert.deepEqual(await reports.get(), { caller, outcome: "ERR_INTERPRETER_DEADLOCK" });
      refused++;
    } else {
      // A call that is refused by mistake never waits, and is reported instead.
      await until(() => saysItWaitsFor(caller, target) || !reports.empty(), `${caller} waits for ${target}`);
      assert.deepEqual(reports.empty() ? [] : [reports.getNowait()], [], `${caller} -> ${target}`);
      graph.add(caller, target);
    }
  }
  // Interpreters that wait for no other leave `obey`, and then reply to those that wait for them.
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
