/** How a worker of BullMQ connects first, and ends without a connection. */
import type { Worker } from "bullmq";
import { setTimeout as delay } from "node:timers/promises";
import { connectionError, isRefusal } from "./connection.js";
import { clearTimeout, setTimeout } from "./timers.js";

/** Milliseconds that the driver gets to give up its connections. */
const GIVE_UP = 1000;

/** The parts of a worker of BullMQ that have timers. */
interface Timers {
  readonly lockManager: { close(): Promise<void> };
  readonly stalledCheckStopper?: () => void;
}

/**
 * Resolves when the worker is connected.
 *
 * @param place where, for messages
 * @param within milliseconds
 * @throws InterpreterError no connection is made in time; what Redis answers if it refuses; the reason of `stop`
 */
export async function connected(
  worker: Worker,
  place: string,
  within: number,
  stop: AbortSignal | undefined,
): Promise<void> {
  let last: unknown;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    worker.on("error", (error) => {
      last = error;
      if (isRefusal(error)) reject(error);
    });
    stop?.addEventListener("abort", () => reject(stop.reason as Error), { once: true });
    timer = setTimeout(() => reject(connectionError(place, last)), within);
  });
  late.catch(() => undefined);
  try {
    stop?.throwIfAborted();
    await Promise.race([worker.waitUntilReady(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Ends a worker that would wait for a connection that may never come, and whose timers would keep the process alive. */
export async function abandon(worker: Worker): Promise<void> {
  await Promise.race([worker.getBackend().close(true), delay(GIVE_UP, undefined, { ref: false })]);
  const { lockManager, stalledCheckStopper } = worker as unknown as Timers;
  await lockManager.close();
  stalledCheckStopper?.();
}
