/**
 * An operation of this thread on the shared memory was unwound by an exception, and the thread lives on: the call stack was exhausted, or
 * `vm` stopped the code at its time limit or at Ctrl-C. It may have left a lock taken, half a change made, and a waiter without its ring.
 *
 * That is what a death leaves, too. So the thread plays dead: it stands still while the supervisor repairs what it left
 * (supervisor/poison.ts), and then goes on. It does that before its next operation, and when a thread that waits for the lock rings it
 * (`suspect` in memory/lock.ts). The lists of waiters no longer have it; its own waits enlist again when they are polled.
 */
import { ensureCallStack } from "../base/call-stack.js";
import { isFenced, standStill } from "../kernel/fence.js";
import { type SharedMemory, store } from "../memory/atomics.js";
import { ring } from "../memory/doorbell.js";
import { H_POISONED, S_POISONED, SUPERVISOR_SLOT } from "../memory/layout.js";
import type { Runtime } from "./runtime.js";
import { startSupervisor, waitForSupervisor } from "./supervisor-start.js";

/** Has the supervisor repair what this thread left. Throws InterpreterError if no supervisor runs and none can be started. */
export function repairPoison(rt: Runtime, m: SharedMemory): void {
  // The stack may still be nearly exhausted. Then this operation fails as well, and a later one repairs.
  ensureCallStack();
  // Its end has unwound the operation. The supervisor repairs that when the thread is gone.
  if (isFenced(m)) standStill(m);
  startSupervisor(rt);
  const p = m.me + S_POISONED;
  store(m, p, 1);
  store(m, H_POISONED, 1);
  ring(m, SUPERVISOR_SLOT);
  waitForSupervisor(rt, p, 1);
  m.depth = 0;
  rt.sleeper.reset(m);
}
