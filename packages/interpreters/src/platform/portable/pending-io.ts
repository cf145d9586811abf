/** Why an event loop goes on, on all runtimes that run the portable build. */
import { type Reason, whyAlive as whyAliveOfNode } from "../node/pending-io.js";
import { workerData } from "../node/threads.js";
import { setTimeout } from "../node/timers.js";
import type { DataWithLine } from "./death-line.js";
import { onBun, onDeno } from "./runtime.js";

interface Heap {
  heapStats(): { protectedObjectTypeCounts: Readonly<Record<string, number>> };
}

/** Milliseconds in which a thread whose event loop has nothing more to do ends by itself. */
const GRACE = 20;

/** Resolves if the thread has not ended by itself: this timer does not keep it alive. */
const grace = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, GRACE).unref());

/** Those of a thread that has no request under way, seen on Bun 1.4.5. Where they are more, closing only takes longer. */
const OWN_PROMISES = 2;

/**
 * `process.getActiveResourcesInfo` is empty on Bun. But Bun protects what is under way from the garbage collector, and counts that
 * by class: a promise for each request to the system, and timers, servers and sockets. Counting takes a garbage collection of a millisecond or more, so a thread gets the
 * chance to end first.
 */
async function whyAliveInBun(): Promise<Reason> {
  await grace();
  const { heapStats } = process.getBuiltinModule("bun:jsc") as unknown as Heap;
  const counts = heapStats().protectedObjectTypeCounts;
  if ((counts["Promise"] ?? 0) > OWN_PROMISES) return "io";
  return "Timeout" in counts ? "timers" : "handles";
}

/**
 * On Deno, the lock by which a thread can be stopped keeps its event loop alive, so the thread releases it. Deno lists no requests to the
 * system: a thread with an open timer or server does not wait for them.
 */
async function whyAliveInDeno(): Promise<Reason> {
  (workerData as DataWithLine | null)?.interpretersLetGo?.();
  await grace();
  return whyAliveOfNode();
}

export const whyAlive: () => Reason | Promise<Reason> = onBun
  ? whyAliveInBun
  : onDeno
    ? whyAliveInDeno
    : whyAliveOfNode;

export { pendingTurns } from "../node/pending-io.js";
