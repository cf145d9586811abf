/**
 * The supervisor's thread in scenarios: the loop of supervisor/main.ts, over the transformed modules. It waits for no lock for ever: it abandons
 * a pass, as if it had died there, and begins again (LockBusy).
 */
import { H_POISONED, H_PROTOCOL, PROTOCOL, S_POISONED, SUPERVISOR_SLOT } from "../../src/memory/layout.js";
import * as atomics from "./atomics.js";
import type { Steps } from "./atomics.js";
import { LockBusy, reap, repairLocks, ring, sweepPages, unpoison } from "./modules.js";
import type { Thread } from "./scheduler.js";
import { type ModelMemory, slotPointer } from "./world.js";

export interface Pass {
  /** Begins a pass: repairs the locks of all threads that the supervisor knows to be dead, because any of them may have held one. */
  repair(m: ModelMemory): Steps<unknown>;
  /** The rest of the pass. Returns true if it was the last one. */
  work(m: ModelMemory): Steps<boolean>;
}

/** Runs passes until the last one. */
export function supervise({ repair, work }: Pass): Thread {
  return { name: "supervisor", slot: SUPERVISOR_SLOT, patience: 1, body: loop };

  function* loop(m: ModelMemory): Steps<void> {
    let sweeping = false;
    for (;;) {
      try {
        yield* repair(m);
        // Only after the repairs: one of the dead may have held the page lock.
        if (sweeping) yield* sweepPages(m, SUPERVISOR_SLOT + 1);
        sweeping = false;
        if (yield* work(m)) return;
      } catch (error) {
        if (!(error instanceof LockBusy)) throw error;
        yield* repairLocks(m, SUPERVISOR_SLOT);
        m.depth = 0;
        sweeping = true;
      }
      yield* atomics.wait(m, H_PROTOCOL, PROTOCOL, 1);
    }
  }
}

/** What a thread does that an exception has unwound in an operation: it stands still until that is repaired (thread/poison.ts). */
export function* playDead(m: ModelMemory): Steps<void> {
  yield* atomics.store(m, m.me + S_POISONED, 1);
  yield* atomics.store(m, H_POISONED, 1);
  yield* ring(m, SUPERVISOR_SLOT);
  while ((yield* atomics.load(m, m.me + S_POISONED)) === 1)
    yield* atomics.wait(m, m.me + S_POISONED, 1, Infinity);
  m.depth = 0;
}

/** The supervisor's side of `playDead` for the thread in `slot`, which it reaps in the end. */
export function supervisor(slot: number): Thread {
  const p = slotPointer(slot) + S_POISONED;
  let poisoned = false;
  let over = false;
  return supervise({
    *repair(m) {
      over = m.world.over.has(slot);
      if ((yield* atomics.exchange(m, H_POISONED, 0)) === 1) poisoned = true;
      if (over || poisoned) yield* repairLocks(m, slot);
    },
    *work(m) {
      if (over) yield* reap(m, slot);
      else if (poisoned) {
        yield* unpoison(m, slot);
        poisoned = false;
        yield* atomics.store(m, p, 0);
        yield* atomics.notify(m, p, 1);
      }
      // For those who wait for something in the scenario.
      yield* atomics.notify(m, H_PROTOCOL, Infinity);
      return over;
    },
  });
}
