/**
 * The supervisor's thread in scenarios: the loop of supervisor/main.ts, over the transformed modules. It waits for no lock for ever: it abandons
 * a pass, as if it had died there, and begins again (LockBusy).
 */
import { H_PROTOCOL, PROTOCOL, SUPERVISOR_SLOT } from "../../src/memory/layout.js";
import * as atomics from "./atomics.js";
import type { Steps } from "./atomics.js";
import { LockBusy, repairLocks, sweepPages } from "./modules.js";
import type { Thread } from "./scheduler.js";
import type { ModelMemory } from "./world.js";

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
