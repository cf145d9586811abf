/**
 * The supervisor's thread. It runs no user code and never waits for long, so it observes every death at once, even while all
 * other threads are blocked. This file connects its objects and runs the pass. README.md explains the order of the pass, and
 * why it may be dropped anywhere.
 */
import { pendingTurns } from "../platform/pending-io.js";
import { parentPort, workerData } from "../platform/threads.js";
import { load, type SharedMemory, store } from "../memory/atomics.js";
import type { Slot } from "../memory/brands.js";
import { observe, parkAsync, ring } from "../memory/doorbell.js";
import { H_SUPERVISOR, MAIN_SLOT, S_THREAD, slotPointer, SUPERVISOR_SLOT } from "../memory/layout.js";
import { LockBusy } from "../memory/lock.js";
import { openMemory } from "../memory/memory.js";
import { askIfLast, forgetIdle, isAsked, proveIdle } from "../kernel/asleep.js";
import { repairLocks } from "../kernel/reap.js";
import { answerRequests, sendRecord } from "../thread/discovery.js";
import { AttachedThreads } from "./attached-threads.js";
import { BufferStore } from "./buffer-store.js";
import { Children } from "./children.js";
import { Collector } from "./collector.js";
import { Deadlines } from "./deadlines.js";
import { Deaths } from "./deaths.js";
import { observeSupervisor } from "./load-observer.js";
import type { Observing, Parts } from "./parts.js";
import { reapDeath, withdrawDeath } from "./reaper.js";
import { Poison } from "./poison.js";
import { handleRequests } from "./requests.js";
import type { SupervisorDataWithThread } from "./first-thread.js";
import { makeShared } from "./threads.js";

/** How long to wait for a lock before returning to the event loop, which tells whether its holder is dead; milliseconds. */
const LOCK_PATIENCE = 20;
/** How long after a look at its timers the thread takes another one, for an interpreter that asks (kernel/asleep.ts); milliseconds. */
const ASK_AGAIN = 200;

/** Starts the loop. Module scope holds no state: everything that changes belongs to one of these objects. */
function supervise(m: SharedMemory, data: SupervisorDataWithThread): void {
  const { owner, port, first } = data;
  m.patience = LOCK_PATIENCE;
  // All other threads leave these pages to the supervisor.
  m.reserve = 0;
  const buffers = new BufferStore(m);
  const deaths = new Deaths(m, work);
  const attached = new AttachedThreads(m, (slot) => deaths.attachedEnded(slot, -1));
  const started = first !== undefined && "shared" in first ? first : undefined;
  const children = new Children(m, deaths, buffers, started?.shared ?? makeShared(data));
  const deadlines = new Deadlines(m, children);
  const collector = new Collector(m);
  const poison = new Poison(m, collector, () => parentPort?.postMessage(undefined));
  const observing: Observing = {
    observer: undefined,
    look: () => void (observing.observer ??= children.observer = observeSupervisor(m, children, work)),
  };
  const parts: Parts = { buffers, children, collector, deadlines, deaths, observing };

  /** The pass: does everything that is due and needs locks. Work that it does not finish stays queued. */
  function work(): void {
    forgetIdle(m);
    // Before anything that can be dropped: the rest may wait for a lock that one of these threads holds.
    attached.start();
    children.adoptGiven();
    children.stopStill();
    try {
      // All locks of all dead threads, and of all that stand still: every later step takes locks, and any of these threads may hold them.
      deaths.repairLocks();
      poison.repairLocks();
      collector.sweep();
      deaths.reapAll((death) => reapDeath(m, death, parts));
      poison.lift();
      handleRequests(m, parts);
      if (!deaths.withdrawAll((death) => withdrawDeath(m, death, parts))) setTimeout(work, 1);
      collector.freePages();
      if (!collector.reconcile()) setTimeout(work, 1);
      collector.collect(buffers, children, deaths);
      observing.observer?.pass();
    } catch (error) {
      if (!(error instanceof LockBusy)) throw error;
      // The holder of the lock may be dead, which only the event loop can tell; or there is no memory for a notice. The pass ends
      // as if this thread had died here.
      repairLocks(m, SUPERVISOR_SLOT);
      m.depth = 0;
      collector.drop();
      setTimeout(work, 1);
    }
  }

  /** Runs a pass whenever the doorbell rings. */
  function listen(): void {
    for (;;) {
      const seen = observe(m);
      work();
      const asker = isAsked(m) ? prove(seen) : -1;
      const rung = parkAsync(m, seen);
      if (rung === undefined) continue;
      if (asker !== -1) ring(m, asker as Slot);
      else askIfLast(m);
      void rung.then(listen);
      return;
    }
  }

  /** A blocked interpreter asks whether nothing but a ring would wake this thread. Returns its slot if so, or -1. */
  function prove(seen: number): number {
    // One timer keeps the thread alive.
    if (pendingTurns() <= 1) return proveIdle(m, seen);
    setTimeout(() => ring(m, SUPERVISOR_SLOT), ASK_AGAIN).unref();
    return -1;
  }

  // The thread lives as long as the process; nothing else keeps its event loop alive.
  setInterval(() => {}, 0x7fffffff);
  buffers.addPort(owner, port);
  observing.look();
  if (first !== undefined) children.boot(first.slot, first.id, first.options, started?.started);
  // Only a runtime whose main interpreter is Node's main thread is discovered (thread/discovery.ts).
  if (load(m, slotPointer(MAIN_SLOT) + S_THREAD) === 0)
    answerRequests((asker, wanted) => sendRecord(asker, wanted, m.memory));

  store(m, H_SUPERVISOR, 2);
  ring(m, MAIN_SLOT);
  listen();
}

const data = workerData as SupervisorDataWithThread;
try {
  supervise(openMemory(data.memory, SUPERVISOR_SLOT), data);
} catch (error) {
  // Main may be blocked, and would not see the event of this thread's end.
  data.watched.postMessage(error);
  throw error;
}
