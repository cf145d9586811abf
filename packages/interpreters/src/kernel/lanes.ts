/**
 * A pool's work, as its workers see it: one queue (*lane*) for each priority, highest first.
 *
 * Taking: a worker polls all lanes without a lock, then takes the takers' lock of the lane that it chose and claims the work item
 * there (mailbox.ts). Under that lock it polls the higher lanes again: it sees every item that was put there before the one
 * that it would take, so it begins no item before one that is older and of higher priority.
 *
 * Waiting: all workers wait at one lane, LANE_OF_WAITERS, whose list of getters serves all of them. A worker that goes to sleep
 * enlists there under the lane's lock and then looks at all lanes once more. A submitter publishes first and then looks at that list
 * (`wakeWorker`). So either sees the other. A worker that
 * takes an item leaves the list; if it was rung meanwhile and more work waits, it does as a submitter does (`passWorkOn`).
 *
 * Waking: not every item wakes a worker, for one that sleeps comes later than several short items take. A worker that spins is rung; if
 * none does, one that sleeps, and no further one until that has come (`nextGetter`; README.md, "Lanes: who is woken").
 * Where workers run several items at once, those that compute may keep a worker from taking the one that it was rung for: there a
 * submitter rings all waiting workers (`wakeWorkers`).
 *
 * Fairness: strictly first in, first out within a lane, and higher lanes first, but no lane is overtaken for ever: of
 * MOST_OVERTAKING + 1 items that a worker takes while others wait in lower lanes, one comes from a lower lane, each of them in
 * turn. So the first item of a lane waits for at most (MOST_OVERTAKING + 1) × (LANES - 1) items of any
 * one worker. Each worker counts for itself: no state is shared, so a death leaves nothing to repair.
 */
import { acquire, load, get, peek, type SharedMemory } from "../memory/atomics.js";
import type { Pointer } from "../memory/brands.js";
import {
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
import { unlock } from "../memory/lock.js";
import { lockChannel, unlockChannel } from "./channel-locks.js";
import { first } from "./channel.js";
import { lock } from "./fence.js";
import { sizeOf } from "./queue-state.js";
import { arrive, beginSpinning, delist, endSpinning, enlist, wakeGetter } from "./waiters.js";
import type { Received } from "./receive.js";
import { claim } from "./mailbox.js";

/** Priorities from HIGHEST_PRIORITY down to its negative. */
export const HIGHEST_PRIORITY = 2;
export const LANES = 2 * HIGHEST_PRIORITY + 1;
/** The lane of priority 0, the only one in use where a pool uses no priorities. */
const LANE_OF_WAITERS = HIGHEST_PRIORITY;
/** How many items in a row a worker takes while others wait in lower lanes. */
export const MOST_OVERTAKING = 31;

/** A pool's lanes, and one worker's own state. */
export interface Lanes {
  /** Pointers to the queues, highest priority first. */
  readonly queues: readonly Pointer[];
  /** Whether this worker put itself on the list of waiters and has not left it by itself. */
  enlisted: boolean;
  /** How many items it took in a row while others waited in lower lanes. */
  overtaking: number;
  /** The lane that had its turn last. */
  turn: number;
  /** Whether its workers run several items at once. */
  readonly several: boolean;
  /** This worker's place among those that spin, or -1: then it must not. */
  place: number;
}

export function makeLanes(queues: readonly Pointer[], several = false): Lanes {
  return { queues, enlisted: false, overtaking: 0, turn: 0, several, place: -1 };
}

/** The index of a priority's lane. */
export function laneOf(priority: number): number {
  return HIGHEST_PRIORITY - priority;
}

/**
 * Takes the next work item to run it in `execution`. Returns EMPTY if none waits; this interpreter is then on the list of waiters
 * and will be rung when there is. Returns NOT_FOUND if the pool is closed or this thread is about to end.
 */
export function takeWorkOrWait(m: SharedMemory, lanes: Lanes, execution: Pointer, into: Received): number {
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
 * Leaves the list of waiters, because this interpreter has other work, or as much as it may have at once: it could not act on a ring
 * soon, and would keep the ring from others. A ring that came already goes to the next waiter.
 */
export function passWorkOn(m: SharedMemory, lanes: Lanes): void {
  if (!lanes.enlisted) return;
  lanes.enlisted = false;
  const q = lanes.queues[LANE_OF_WAITERS];
  lock(m, q);
  const rung = !delist(m, q, Q_GETTERS);
  arrive(m, q);
  unlock(m, q);
  stopSpinning(m, lanes);
  if (rung && nextLane(m, lanes, -1) !== -1) wakeGetter(m, q, lanes.several);
}

/** Gives up the place among the workers that spin: this one is about to park, or has work. */
export function stopSpinning(m: SharedMemory, lanes: Lanes): void {
  if (lanes.place === -1) return;
  endSpinning(m, lanes.queues[LANE_OF_WAITERS], lanes.place);
  lanes.place = -1;
}

/**
 * How many work items wait, not begun. Takes each lane's locks, as claiming does: an item that was seen in an execution
 * no longer counts, even if its executor has not quite finished taking it.
 */
export function inLine(m: SharedMemory, queues: readonly Pointer[]): number {
  let count = 0;
  for (let i = 0; i < queues.length; i++) {
    const q = queues[i];
    lockChannel(m, q);
    count += sizeOf(m, q);
    unlockChannel(m, q);
  }
  return count;
}

/**
 * Call it after putting into `lane`: rings a worker for the item as `nextGetter` chooses, if any waits. A put into the lane of waiters
 * has done so already.
 */
export function wakeWorker(m: SharedMemory, queues: readonly Pointer[], lane: number, each = true): void {
  if (lane !== LANE_OF_WAITERS) wakeGetter(m, queues[LANE_OF_WAITERS], each);
}

/** As `wakeWorker`, but rings all waiting workers. */
export function wakeWorkers(m: SharedMemory, queues: readonly Pointer[]): void {
  const q = queues[LANE_OF_WAITERS];
  for (let waiting = load(m, q + Q_GETTERS); waiting > 0; waiting--) wakeGetter(m, q, true);
}

/** Polls without the lock. Removed records may still count as work. */
function hasWork(m: SharedMemory, q: Pointer): boolean {
  return acquire(m, q + C_TAIL) !== peek(m, q + C_HEAD);
}

/** The first lane after `lane` that has work, or -1. */
function nextLane(m: SharedMemory, lanes: Lanes, lane: number): number {
  for (let i = lane + 1; i < lanes.queues.length; i++) if (hasWork(m, lanes.queues[i])) return i;
  return -1;
}

/** Of the lanes below `highest` that have work, the next after the one that had its turn last; or else `highest`. */
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
  execution: Pointer,
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
    arrive(m, q);
    enlist(m, q, Q_GETTERS);
    if (nextLane(m, lanes, -1) === -1) {
      lanes.enlisted = true;
      lanes.place = beginSpinning(m, q);
    } else {
      delist(m, q, Q_GETTERS);
      status = STATUS_CHANGED;
    }
  }
  unlock(m, q);
  return status;
}
