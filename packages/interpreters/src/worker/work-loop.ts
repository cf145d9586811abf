/**
 * An interpreter's main loop: take a work item, execute it, reply, take the next.
 *
 * It executes one item at a time, first in, first out, from its own mailbox first and then from the lanes of the pool that it
 * serves, if any. Microtasks run between items. Every millisecond, and before the thread parks for longer, the event loop gets a turn, so the
 * guest's timers and sockets live on. If an item returns a promise, the loop awaits it on the event loop.
 *
 * Until that turn is due, a thread without work parks as a blocked one does: the next item often comes within the millisecond, and waking a thread out of its
 * event loop takes several times as much processor time.
 *
 * A pool may run several tasks at once, and an interpreter several calls (`concurrency`): one that returns a promise is then *parked* in the
 * execution that records it (kernel/executions.ts), and the next item is taken into another execution. An iteration is parked too, and others run
 * while it waits for its consumer (places.ts). Other items of the mailbox (scripts, methods of objects) are never parked: none begins until the
 * last is done.
 * An interpreter that is closed ends when all parked items are done.
 */
// A script may declare a global of that name: `import { setImmediate } from "node:timers/promises"`.
import { setImmediate } from "../platform/timers.js";
import { clock } from "../base/clock.js";
import type { ExecutingSide } from "../guests/language.js";
import { observe, park, parkAsync, ring } from "../memory/doorbell.js";
import { OK, STATE_BOOTING, STATE_READY, STATUS_EMPTY, STATUS_NOT_FOUND } from "../memory/layout.js";
import { makeReceived } from "../kernel/receive.js";
import { askIfLast, isAsked, proveIdle } from "../kernel/asleep.js";
import { comesBeforeGc } from "./before-gc.js";
import { passWorkOn, stopSpinning, takeWorkOrWait } from "../kernel/lanes.js";
import { takeWork } from "../kernel/mailbox.js";
import { setState } from "../kernel/registry.js";
import type { Runtime } from "../thread/runtime.js";
import { WorkDispatcher } from "./dispatcher.js";

/** Longest time between two turns of the event loop while there is work; milliseconds. */
const TURN_EVERY = 1;
/** How many work items to execute between two readings of the clock. */
const CLOCK_EVERY = 16;

/**
 * Serves until the interpreter is closed, or until a warm-up is over (`rt.end`). Runs up to `concurrency` calls at once. Calls `afterFirst` after the reply to the first
 * work item. `untouched`: whether no code of users has run in this thread before.
 */
export async function serve(
  rt: Runtime,
  guest: ExecutingSide,
  concurrency: number,
  afterFirst?: () => void,
  untouched = false,
): Promise<void> {
  const { m } = rt;
  const received = makeReceived();
  const dispatcher = new WorkDispatcher(rt, guest, concurrency);
  const { places } = dispatcher;
  setState(m, m.slot, STATE_BOOTING, STATE_READY);
  let lastTurn = clock();
  let count = 0;
  // Whether this thread has spun since it last had work, or parked.
  let spun = false;
  for (;;) {
    const seen = observe(m);
    rt.poll();
    let status = places.mailboxWaits ? STATUS_EMPTY : takeWork(m, places.next.execution, received);
    const { pool } = places;
    const ofPool = status !== OK && pool !== undefined;
    // Parked tasks wait for the event loop, which spinning would block.
    let spins = !spun && places.parked === 0;
    if (pool !== undefined) {
      if (!ofPool || places.isFull) passWorkOn(m, pool.lanes);
      else {
        status = takeWorkOrWait(m, pool.lanes, places.next.execution, received, spins);
        if (status === OK && --pool.left === 0) dispatcher.retire();
      }
      // The pool was closed and expects nothing from this interpreter any more, or this thread is about to end.
      if (status === STATUS_NOT_FOUND) places.pool = undefined;
    }
    if (status === OK) {
      spun = false;
      // Awaiting lets the item's microtasks run before the next item begins.
      await dispatcher.take(received, ofPool, ofPool && pool.concurrency > 1);
      if (++count === 1) afterFirst?.();
      if (count % CLOCK_EVERY === 0 && clock() - lastTurn > TURN_EVERY) {
        await turn();
        lastTurn = clock();
      }
      continue;
    }
    const { lanes, spin } = places.pool ?? { lanes: undefined, spin: rt.adaptiveSpin };
    // Of the workers of a pool only those with a lookout spin.
    spins &&= lanes === undefined || lanes.lookout !== -1;
    if (spins) {
      if (spin.spin(seen)) continue;
      spun = true;
      // It was on no list while it spun.
      if (lanes?.several === false) continue;
    }
    if (lanes !== undefined) stopSpinning(m, lanes);
    if (places.parked === 0) {
      if (comesBeforeGc(rt, seen)) continue;
      const now = clock();
      const untilTurn = lastTurn + TURN_EVERY - now;
      if (untilTurn > 0) {
        park(m, seen, untilTurn);
        if (observe(m) !== seen) {
          if (spun) spin.parked(now);
          spun = false;
          continue;
        }
      }
    }
    await turn();
    if (rt.ended) return;
    lastTurn = clock();
    rt.goDormant();
    // Code of users may have left timers and sockets behind, so a thread that has run some proves nothing.
    const provable = untouched && !dispatcher.ranCode;
    const asker = provable && isAsked(m) ? proveIdle(m, seen) : -1;
    const rung = parkAsync(m, seen);
    if (rung !== undefined && asker !== -1) ring(m, asker);
    else if (rung !== undefined && provable) askIfLast(m);
    await rung;
    if (spun) spin.parked(lastTurn);
    spun = false;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
