/**
 * Synchronization objects that the interpreters of a round use between their items, and die with. One interpreter at a time holds a lock, and
 * all permits come back.
 */
import assert from "node:assert/strict";
import {
  Barrier,
  BoundedSemaphore,
  BrokenBarrierError,
  Condition,
  Event,
  type Held,
  Lock,
  onAcquire,
  onSet,
  RLock,
  select,
  selectSync,
  Semaphore,
} from "interpreters";
import { until } from "../support/processes.js";

const PERMITS = 2;
const PARTIES = 2;
/** Words of `state`: how many are inside of each lock, and how often one was there with another. */
const IN_LOCK = 0;
const IN_RLOCK = 1;
const IN_CONDITION = 2;
const WRONG = 3;

export interface Locks {
  readonly lock: Lock;
  readonly rlock: RLock;
  readonly condition: Condition;
  readonly permits: BoundedSemaphore;
  readonly signals: Semaphore;
  readonly event: Event;
  readonly barrier: Barrier;
  readonly state: Int32Array;
}

export function makeLocks(): Locks {
  return {
    lock: new Lock(),
    rlock: new RLock(),
    condition: new Condition(),
    permits: new BoundedSemaphore(PERMITS),
    signals: new Semaphore(PERMITS),
    event: new Event(),
    barrier: new Barrier(PARTIES),
    state: new Int32Array(new SharedArrayBuffer(16)),
  };
}

/** Uses one of the objects in one of its forms, which `h` chooses. */
export async function useLocks(locks: Locks, h: number): Promise<void> {
  const { lock, rlock, permits, signals, state } = locks;
  const which = (h >>> 8) % 10;
  try {
    if (which < 2) await inside(state, IN_LOCK, await acquire(lock, h), h);
    else if (which === 2) await useRLock(rlock, state, h);
    else if (which === 3) (await acquire(permits, h))?.release();
    else if (which === 4) (await acquire(signals, h))?.release();
    else if (which === 5) await useEvent(locks, h);
    else if (which === 6) await useCondition(locks, h);
    else if (which === 7) await useBarrier(locks, h);
    else await useSelect(locks, h);
  } catch (error) {
    if ((error as Error).name !== "TimeoutError") throw error;
  }
}

const limit = (h: number): number => (h >>> 4) % 3;

/** @throws TimeoutError */
async function acquire(object: Lock | RLock | Semaphore, h: number): Promise<Held | undefined> {
  const timeout = limit(h);
  if (h % 8 < 2) return object.tryAcquire();
  if (h % 8 < 4) return object.acquireSync({ timeout });
  if (h % 8 < 6) return object.acquire({ timeout });
  return object.acquire({ signal: AbortSignal.timeout(timeout) });
}

/** Checks that no other is inside of the lock that is `held`, and releases it. */
async function inside(state: Int32Array, word: number, held: Held | undefined, h: number): Promise<void> {
  if (held === undefined) return;
  if (held.abandoned !== undefined) state[word] = 0;
  if (state[word] !== 0) state[WRONG]++;
  state[word]++;
  // It may be killed here.
  if (h % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
  state[word]--;
  held.release();
}

/** Tasks of one interpreter share an RLock, and each interpreter of a round uses it in one task. */
async function useRLock(rlock: RLock, state: Int32Array, h: number): Promise<void> {
  const held = await acquire(rlock, h);
  if (held === undefined) return;
  const again = rlock.acquireSync();
  await inside(state, IN_RLOCK, held, h);
  again.release();
}

async function useEvent({ event }: Locks, h: number): Promise<void> {
  if (h % 4 === 0) event.set();
  else if (h % 4 === 1) event.clear();
  else if (h % 4 === 2) await event.wait({ timeout: limit(h) });
  else event.waitSync({ timeout: limit(h) });
}

async function useCondition({ condition, state }: Locks, h: number): Promise<void> {
  const held = h % 2 === 0 ? await condition.acquire() : condition.acquireSync();
  try {
    enter(state, held.abandoned);
    if (h % 3 === 0) condition.notify();
    else if (h % 3 === 1) condition.notifyAll();
    else {
      const timeout = limit(h);
      state[IN_CONDITION]--;
      // A wait that fails holds the lock, and does not report whether the lock was abandoned.
      const { abandoned } = h % 4 < 2 ? await condition.wait({ timeout }) : condition.waitSync({ timeout });
      enter(state, abandoned);
    }
    state[IN_CONDITION]--;
  } finally {
    held.release();
  }
}

function enter(state: Int32Array, abandoned: number | undefined): void {
  if (abandoned !== undefined) state[IN_CONDITION] = 0;
  if (state[IN_CONDITION] !== 0) state[WRONG]++;
  state[IN_CONDITION]++;
}

async function useBarrier({ barrier }: Locks, h: number): Promise<void> {
  try {
    if (h % 2 === 0) await barrier.wait({ timeout: limit(h) });
    else barrier.waitSync({ timeout: limit(h) });
  } catch (error) {
    if (!(error instanceof BrokenBarrierError)) throw error;
    barrier.reset();
  }
}

async function useSelect({ lock, permits, event, state }: Locks, h: number): Promise<void> {
  const cases = { lock: onAcquire(lock), permit: onAcquire(permits), set: onSet(event) };
  const timeout = limit(h);
  const chosen = h % 2 === 0 ? await select(cases, { timeout }) : selectSync(cases, { timeout });
  if (chosen.name === "lock") await inside(state, IN_LOCK, chosen.value, h);
  else if (chosen.name === "permit") chosen.value.release();
}

/** All who used them are gone or done: all are free. */
export async function checkLocks(locks: Locks): Promise<void> {
  const { lock, rlock, condition, permits, signals, event, barrier, state } = locks;
  // A thread that was terminated holds what it held until it has ended.
  for (const object of [lock, rlock, condition]) (await object.acquire()).release();
  await until(() => permits.value === PERMITS && signals.value === PERMITS);
  assert.ok(!lock.locked());
  assert.equal(state[WRONG], 0, "two were inside of a lock");
  event.set();
  await event.wait();
  await until(() => barrier.nWaiting === 0);
  barrier.reset();
  const [first, second] = await Promise.all([barrier.wait(), barrier.wait()]);
  assert.equal(first + second, 1, "each of the parties has a number of its own");
}
