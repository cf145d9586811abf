/** Locks that the interpreters of a round use between their items, and die with: one at a time holds the lock, and nothing of it is lost. */
import assert from "node:assert/strict";
import { BoundedSemaphore, type Held, Lock } from "interpreters";
import { until } from "../support/processes.js";

const PERMITS = 2;
/** Words of `state`: how many are inside of the lock, how often one was there with another, and how often one saw a death. */
const INSIDE = 0;
const WRONG = 1;

export interface Locks {
  readonly lock: Lock;
  readonly permits: BoundedSemaphore;
  readonly state: Int32Array;
}

export function makeLocks(): Locks {
  return {
    lock: new Lock(),
    permits: new BoundedSemaphore(PERMITS),
    state: new Int32Array(new SharedArrayBuffer(8)),
  };
}

/** Acquires the lock or a permit in one of the forms, which `h` chooses, and releases it. */
export async function useLocks({ lock, permits, state }: Locks, h: number): Promise<void> {
  const object = h % 2 === 0 ? lock : permits;
  const timeout = (h >>> 4) % 3;
  let held: Held | undefined;
  try {
    if (h % 8 < 2) held = object.tryAcquire();
    else if (h % 8 < 4) held = object.acquireSync({ timeout });
    else if (h % 8 < 6) held = await object.acquire({ timeout });
    else held = await object.acquire({ signal: AbortSignal.timeout(timeout) });
  } catch (error) {
    if ((error as Error).name !== "TimeoutError") throw error;
  }
  if (held === undefined) return;
  if (object === lock) {
    if (held.abandoned !== undefined) state[INSIDE] = 0;
    if (state[INSIDE] !== 0) state[WRONG]++;
    state[INSIDE]++;
    // A moment in which it may be killed, sometimes a turn of the event loop.
    if (h % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
    state[INSIDE]--;
  }
  held.release();
}

/** All who used them are gone or done: both are free. */
export async function checkLocks({ lock, permits, state }: Locks): Promise<void> {
  // A thread that was terminated holds what it held until it has ended.
  (await lock.acquire()).release();
  await until(() => permits.value === PERMITS);
  assert.ok(!lock.locked());
  assert.equal(state[WRONG], 0, "two were inside of a lock");
}
