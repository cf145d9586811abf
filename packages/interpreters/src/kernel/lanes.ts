/**
 * A pool's work, as its workers see it: one queue (*lane*) for each priority, highest first, as functions over integers.
 *
 * Taking: a look at all lanes without a lock, then one lock step in the lane that was chosen, which is the step that
 * claims the piece (mailbox.ts). Under that lock the lanes before it are looked at again: whatever was put there before
 * the piece that would be taken is seen, so that no piece is begun before one that is older and of higher priority.
 *
 * Waiting: all workers wait at one lane, LANE_OF_WAITERS, whose list of getters serves all of them. Who goes to sleep
 * puts itself on the list under that lane's lock, where it finds all lanes empty; who puts into another lane publishes
 * first and then asks that list, under the same lock (`wakeWorker`). So either sees the other. Who was on the list and
 * takes a piece leaves it, and where somebody had rung it meanwhile, rings the next if there is more (`passWorkOn`).
 * Where workers run several pieces at once, one that waits for more may be kept from it by those it has, for as long as
 * they compute: there all that wait are rung (`wakeWorkers`).
 *
 * Fairness: strictly first in, first out within a lane, and the higher lane first, except that no lane may be overtaken
 * for ever: of MOST_OVERTAKING + 1 pieces that a worker takes while others wait in lower lanes, one is of a lower lane,
 * of each in turn. So the first piece of each lane waits for at most (MOST_OVERTAKING + 1) × (LANES - 1) pieces of any
 * one worker. Each worker counts for itself: nothing is shared, so nothing has to be repaired when one dies.
 */
import { load, get, peek, type SharedMemory } from "../memory/atomics.js";
import {
  C_COUNT,
  C_FLAGS,
  C_HEAD,
  C_TAIL,
  CHANNEL_CLOSED,
  OK,
  Q_GETTERS,
  STATUS_CHANGED,
  STATUS_EMPTY,
  STATUS_NOT_FOUND,
} from "../memory/layout.js";
import { lock, unlock } from "../memory/lock.js";
import { first } from "./channel.js";
import { delist, enlist, wakeGetter } from "./waiters.js";
import type { Received } from "./receive.js";
import { claim } from "./mailbox.js";

/** Priorities from HIGHEST_PRIORITY down to its negative. */
export const HIGHEST_PRIORITY = 2;
export const LANES = 2 * HIGHEST_PRIORITY + 1;
/** That of priority 0: where a pool uses no priorities, its only one in use. */
const LANE_OF_WAITERS = HIGHEST_PRIORITY;
/** How many pieces in a row a worker takes while some wait in lower lanes. */
export const MOST_OVERTAKING = 31;

/** A pool's lanes, and what one worker knows of them. */
export interface Lanes {
  /** Pointers to the queues, highest priority first. */
  readonly queues: readonly number[];
  /** Whether it went on the list of those who wait, and has not left it by itself. */
  enlisted: boolean;
  /** Pieces taken in a row that overtook some of lower lanes. */
  overtaking: number;
  /** The lane that was last given its turn. */
  turn: number;
}

export function makeLanes(queues: readonly number[]): Lanes {
  return { queues, enlisted: false, overtaking: 0, turn: 0 };
}

/** The lane of a priority. */
export function laneOf(priority: number): number {
  return HIGHEST_PRIORITY - priority;
}

/**
 * Takes the next piece of work to execute it in `run`. EMPTY: there is none; this interpreter is then on the list of those
 * that will be rung when there is. NOT_FOUND: the pool is closed, or this thread is about to end.
 */
export function takeWorkOrWait(m: SharedMemory, lanes: Lanes, execution: number, into: Received): number {
  for (;;) {
    const highest = nextLane(m, lanes, -1);
    const lower = highest === -1 ? -1 : nextLane(m, lanes, highest);
    const lane = lanes.overtaking < MOST_OVERTAKING ? highest : laneInTurn(m, lanes, highest);
    const turn = lane !== highest;
    const status = lane === -1 ? waitForWork(m, lanes) : takeFromLane(m, lanes, lane, turn, execution, into);
    if (status === STATUS_CHANGED) continue;
    if (status !== OK) return status;
    lanes.overtaking = turn || lower === -1 ? 0 : lanes.overtaking + 1;
    if (lanes.enlisted) passWorkOn(m, lanes);
    return OK;
  }
}

/**
 * This interpreter has something else to do, or all that it may have at once. It leaves the list of those who wait, for a ring that it cannot answer
 * soon would be kept from others; one that came already goes to the next.
 */
export function passWorkOn(m: SharedMemory, lanes: Lanes): void {
  if (!lanes.enlisted) return;
  lanes.enlisted = false;
  const q = lanes.queues[LANE_OF_WAITERS];
  lock(m, q);
  const rung = !delist(m, q, Q_GETTERS);
  unlock(m, q);
  if (rung && nextLane(m, lanes, -1) !== -1) wakeGetter(m, q);
}

/**
 * How many pieces nobody has begun. Under each lane's lock, as claiming is: a piece that was seen in a run (runs.ts) does
 * not count any more, though its executor may be in the midst of taking it.
 */
export function inLine(m: SharedMemory, queues: readonly number[]): number {
  let count = 0;
  for (let i = 0; i < queues.length; i++) {
    const q = queues[i];
    lock(m, q);
    count += get(m, q + C_COUNT);
    unlock(m, q);
  }
  return count;
}

/** A piece was put into `lane`: rings a worker that waits, if any. Putting into the lane of waiters does so itself. */
export function wakeWorker(m: SharedMemory, queues: readonly number[], lane: number): void {
  if (lane !== LANE_OF_WAITERS) wakeGetter(m, queues[LANE_OF_WAITERS]);
}

/** As `wakeWorker`, but rings all that wait. */
export function wakeWorkers(m: SharedMemory, queues: readonly number[]): void {
  const q = queues[LANE_OF_WAITERS];
  for (let waiting = load(m, q + Q_GETTERS); waiting > 0; waiting--) wakeGetter(m, q);
}

/** A look without the lock; what was removed may still count. */
function hasWork(m: SharedMemory, q: number): boolean {
  return peek(m, q + C_HEAD) !== peek(m, q + C_TAIL);
}

/** The first lane behind `lane` that has work, or -1. */
function nextLane(m: SharedMemory, lanes: Lanes, lane: number): number {
  for (let i = lane + 1; i < lanes.queues.length; i++) if (hasWork(m, lanes.queues[i])) return i;
  return -1;
}

/** The next lane after the one that had its turn last, of those below `highest`, that has work; else `highest`. */
function laneInTurn(m: SharedMemory, lanes: Lanes, highest: number): number {
  const next = nextLane(m, lanes, Math.max(lanes.turn, highest));
  const lane = next === -1 ? nextLane(m, lanes, highest) : next;
  return lane === -1 ? highest : lane;
}

function takeFromLane(
  m: SharedMemory,
  lanes: Lanes,
  lane: number,
  turn: boolean,
  execution: number,
  into: Received,
): number {
  const q = lanes.queues[lane];
  lock(m, q);
  let status = OK;
  if ((get(m, q + C_FLAGS) & CHANNEL_CLOSED) !== 0) status = STATUS_NOT_FOUND;
  else {
    const before = turn ? -1 : nextLane(m, lanes, -1);
    const r = before !== -1 && before < lane ? 0 : first(m, q);
    if (r === 0) status = STATUS_CHANGED;
    else status = claim(m, q, r, execution, into);
  }
  unlock(m, q);
  if (status === OK && turn) lanes.turn = lane;
  return status;
}

function waitForWork(m: SharedMemory, lanes: Lanes): number {
  const q = lanes.queues[LANE_OF_WAITERS];
  lock(m, q);
  let status = STATUS_EMPTY;
  if ((get(m, q + C_FLAGS) & CHANNEL_CLOSED) !== 0) status = STATUS_NOT_FOUND;
  else if (nextLane(m, lanes, -1) !== -1) status = STATUS_CHANGED;
  else {
    enlist(m, q, Q_GETTERS);
    lanes.enlisted = true;
  }
  unlock(m, q);
  return status;
}
