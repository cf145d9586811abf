/** Waiters on one queue, each in its own way; instants.test.ts and fairness.test.ts run them in other interpreters. */
import { setImmediate as turn } from "node:timers/promises";
import { type Queue, QueueEmpty, QueueFull, QueueShutDown, type WaitOptions } from "interpreters";
import { runtime } from "../../src/thread/current.js";
import { Q_GETTERS, Q_PUTTERS } from "../../src/memory/layout.js";
import { isWaiting } from "../../src/kernel/waiters.js";
import { pointerOf } from "../support/queues.js";

export type Numbers = Queue<number, never>;
/** The waiter's number, and the item that it got. */
export type Reports = Queue<readonly [number, number], never>;

/**
 * The way in which a waiter waits. Those that give up do so at any moment, including the one when an item comes; `both` has an
 * asynchronous wait in progress whenever it blocks.
 */
export type Way = "blocked" | "loop" | "several" | "blocked briefly" | "loop briefly" | "aborted" | "both";

/** Random numbers in [0, n), the same for the same seed. */
function chanceFrom(seed: number): (n: number) => number {
  let state = seed * 2 + 1;
  return (n) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 12) % n;
  };
}

/** A time limit, in milliseconds, of about the time that a wait takes when an item comes soon; 0 tries once. */
function soon(chance: (n: number) => number): WaitOptions & { timeout: number } {
  return { timeout: chance(100) / 100 };
}

function abortSoon(chance: (n: number) => number): WaitOptions {
  const controller = new AbortController();
  const wait = async (): Promise<void> => {
    for (let turns = chance(4); turns > 0; turns--) await turn();
    controller.abort(GIVEN_UP);
  };
  wait();
  return { signal: controller.signal };
}

/** The number that items of no sequence bear. */
export const BESIDE = -1;

const GIVEN_UP = "given up";
function isNothing(error: unknown): boolean {
  return error instanceof QueueEmpty || error instanceof QueueFull || error === GIVEN_UP;
}

function excuseNothing(error: unknown): void {
  if (!isNothing(error)) throw error;
}

/** Gets numbers and reports each, until the queue is shut down. */
export async function getAll(queue: Numbers, reports: Reports, who: number, way: Way): Promise<void> {
  const chance = chanceFrom(who);
  const report = (number: number): void => reports.putNowait([who, number]);
  const one = async (): Promise<void> => {
    if (way === "blocked") report(queue.getSync());
    else if (way === "loop") report(await queue.get());
    else if (way === "several") await Promise.all([1, 2, 3].map(async () => report(await queue.get())));
    else if (way === "blocked briefly") report(queue.getSync(soon(chance)));
    else if (way === "loop briefly") report(await queue.get(soon(chance)));
    else if (way === "aborted") report(await queue.get(abortSoon(chance)));
    else {
      const beside = queue.get(soon(chance)).then(report).catch(excuseNothing);
      try {
        report(queue.getSync(soon(chance)));
      } finally {
        await beside;
      }
    }
  };
  await untilShutDown(queue, Q_GETTERS, one);
}

/** Puts [who, 0], [who, 1], …, without leaving one out, until the queue is shut down. */
export async function putAll(queue: Reports, who: number, way: Way): Promise<void> {
  const chance = chanceFrom(who);
  let next = 0;
  const one = async (): Promise<void> => {
    const item = [who, next] as const;
    if (way === "blocked") queue.putSync(item);
    else if (way === "loop") await queue.put(item);
    else if (way === "several") {
      await Promise.all([queue.put(item), queue.put([who, next + 1]), queue.put([who, next + 2])]);
      next += 2;
    } else if (way === "blocked briefly") queue.putSync(item, soon(chance));
    else if (way === "loop briefly") await queue.put(item, soon(chance));
    else if (way === "aborted") await queue.put(item, abortSoon(chance));
    else {
      // The blocking put bears the next number; the one that waits beside it bears none.
      const beside = queue.put([who, BESIDE], soon(chance)).catch(excuseNothing);
      try {
        queue.putSync(item, soon(chance));
        next++;
      } finally {
        await beside;
      }
      return;
    }
    next++;
  };
  await untilShutDown(queue, Q_PUTTERS, one);
}

async function untilShutDown<T>(
  queue: Queue<T, never>,
  list: typeof Q_GETTERS | typeof Q_PUTTERS,
  one: () => Promise<void>,
): Promise<void> {
  for (;;) {
    try {
      await one();
    } catch (error) {
      if (error instanceof QueueShutDown) return;
      if (!isNothing(error)) throw error;
      // A waiter that gave up must be on no list: a ring for it would be lost.
      const pointer = pointerOf(queue as unknown as Queue);
      if (isWaiting(runtime().m, pointer, list)) throw new Error("who gave up still waits", { cause: error });
      await turn();
    }
  }
}
