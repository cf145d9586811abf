/** The end of BullMQ's worker without Redis. */
import type { Worker } from "bullmq";
import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds that the driver gets to give up its connections. */
const GIVE_UP = 1000;

/** The parts of BullMQ's worker that have timers. */
interface Timers {
  readonly lockManager: { close(): Promise<void> };
  readonly stalledCheckStopper?: () => void;
}

/** Ends a worker that would wait for a connection that may never come, and whose timers would keep the process alive. */
export async function abandon(worker: Worker): Promise<void> {
  await Promise.race([worker.getBackend().close(true), delay(GIVE_UP, undefined, { ref: false })]);
  const { lockManager, stalledCheckStopper } = worker as unknown as Timers;
  await lockManager.close();
  stalledCheckStopper?.();
}
