/** Waiting for futures, with a time limit for the wait. */
import { checkTimeout } from "../base/check.js";
import { clock } from "../base/clock.js";
import { timeoutError } from "../base/limits.js";
import { startTimer, stopTimer } from "../base/timer.js";
import { ANYONE_TASKS } from "../memory/layout.js";
import { NativePromise } from "../platform/microtasks.js";
import type { Runtime } from "../thread/runtime.js";
import type { Wait } from "../thread/sleeper.js";
import { AnyoneWait } from "../thread/waits.js";

/** The part of a future that waiting uses. */
interface Settling {
  done(): boolean;
  addDoneListener(fn: () => void): void;
  removeDoneListener(fn: () => void): void;
  readonly waitsUntil: number;
  waitedTooLong(): void;
  checkBlocking(): void;
}

/** Blocks until the future is done, or throws a TimeoutError. */
export function blockUntilSettled(rt: Runtime, future: Settling, timeout: number | undefined): void {
  const limit = checkTimeout(timeout);
  const wait = new AnyoneWait(rt, "wait for the result of a task", ANYONE_TASKS);
  if (!blockOn(rt, [future], () => future.done(), limit, wait)) throw timedOut(limit);
}

/**
 * Blocks until `done()`, at most `timeout` milliseconds, and returns whether it is. No timer runs meanwhile, so this ends the
 * futures whose tasks wait in line for longer than they may. `wait`: see `Runtime.blockUntil`; it counts only if nothing limits it.
 */
export function blockOn(
  rt: Runtime,
  futures: Iterable<Settling>,
  done: () => boolean,
  timeout: number,
  wait: Wait,
): boolean {
  for (const future of futures) if (!future.done()) future.checkBlocking();
  const deadline = clock() + timeout;
  for (;;) {
    let next = deadline;
    for (const { waitsUntil } of limited(futures)) next = Math.min(next, waitsUntil);
    if (rt.blockUntil(done, Math.max(0, next - clock()), next === Infinity ? wait : undefined)) return true;
    if (next === deadline) return false;
    for (const future of limited(futures)) if (future.waitsUntil <= clock()) future.waitedTooLong();
  }
}

/** The futures whose tasks wait in line, as far as is known, and may not do so for ever. */
function* limited(futures: Iterable<Settling>): Generator<Settling> {
  for (const future of futures) if (future.waitsUntil !== 0 && !future.done()) yield future;
}

/** Resolves when the future is done, or rejects with a TimeoutError. */
export async function settledWithin(future: Settling, timeout: number | undefined): Promise<void> {
  const limit = checkTimeout(timeout);
  if (future.done()) return;
  await new NativePromise<void>((resolve, reject) => {
    const onDone = (): void => {
      stopTimer(timer);
      resolve();
    };
    const onTimeout = (): void => {
      future.removeDoneListener(onDone);
      reject(timedOut(limit));
    };
    const timer = startTimer(limit, onTimeout);
    future.addDoneListener(onDone);
  });
}

function timedOut(limit: number): DOMException {
  return timeoutError(`The task was not done within ${limit} ms; it goes on`);
}
