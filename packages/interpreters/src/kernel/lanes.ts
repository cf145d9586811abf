/**
 * A pool's work, as its workers see it: one queue (*lane*) for each priority, highest first.
 *
 * Taking: a worker polls all lanes without a lock, then takes the takers' lock of the lane that it chose and claims the work item
 * there (mailbox.ts). Under that lock it polls the higher lanes again: it sees every item that was put there before the one
 * that it would take, so it begins no item before one that is older and of higher priority.
 *
 * Waiting: a worker that finds nothing first *spins*, if there is a lookout for it: it polls the lanes, and is on no list. Then it waits at
 * one lane, LANE_OF_WAITERS, whose list of getters serves all workers: it enlists there under the lane's lock and looks at all lanes once more.
 * A submitter publishes first and then looks at the lookouts and at that list (`wakeWorker`). So either sees the other.
 *
 * Waking: not every item wakes a worker, for one that sleeps comes later than several short items take. None is woken while one
 * spins, or while one that was woken has not come (`comes` in waiters.ts; README.md, "Lanes: who is woken"). A worker that others have counted on must
 * therefore wake the next one if it takes an item and leaves some (`passWorkOn`).
 * Where workers run several items at once, those that compute may keep a worker from taking the one that it was rung for: there a
 * submitter rings all waiting workers (`wakeWorkers`).
 *
 * Fairness: strictly first in, first out within a lane, and higher lanes first, but no lane is overtaken for ever: of
 * MOST_OVERTAKING + 1 items that a worker takes while others wait in lower lanes, one comes from a lower lane, each of them in
 * turn. So the first item of a lane waits for at most (MOST_OVERTAKING + 1) × (LANES - 1) items of any
 * one worker. Each worker counts for itself: no state is shared, so a death leaves nothing to repair.
 */
import { acquire, get, pause, peek, type SharedMemory } from "../memory/atomics.js";
import type { Pointer } from "../memory/brands.js";
import { observe } from "../memory/doorbell.js";
import {
  C_FLAGS,
  C_HEAD,
  C_TAIL,
  CHANNEL_CLOSED,
  MAX_SLOTS,
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
import { arrive, beginSpinning, delist, endSpinning, enlist, wakeGetter, wakeWaiters } from "./waiters.js";
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
  /** This worker's lookout, or -1: then it must not. */
  lookout: number;
  /**
   * Whether it had a lookout and has not found the lanes empty since it gave the lookout up: what was put meanwhile may have woken no other worker on its
   * account.
   */
  countedOn: boolean;
  /** C_TAIL of each lane when this worker, spinning, began to look at them last: what it polls. */
  readonly tails: number[];
}

export function makeLanes(queues: readonly Pointer[], several = false): Lanes {
  return {
    queues,
    enlisted: false,
    overtaking: 0,
    turn: 0,
    several,
    lookout: -1,
    countedOn: false,
    tails: queues.map(() => 0),
  };
}

/** The index of a priority's lane. */
export function laneOf(priority: number): number {
  return HIGHEST_PRIORITY - priority;
}

/**
 * Takes the next work item to run it in `execution`. Returns EMPTY if none waits. This interpreter is then on the list of waiters
 * and will be rung when there is; or, with `spin`, it may have a lookout instead (`lanes.lookout`): then it must poll (`pollForWork`) and
 * call this again, without `spin` before it parks. Returns NOT_FOUND if the pool is closed or this thread is about to end.
 */
export function takeWorkOrWait(
  m: SharedMemory,
  lanes: Lanes,
  execution: Pointer,
  into: Received,
  spin = false,
): number {
  for (;;) {
    const highest = nextLane(m, lanes, -1);
    const lower = highest === -1 ? -1 : nextLane(m, lanes, highest);
    const lane = lanes.overtaking < MOST_OVERTAKING ? highest : laneInTurn(m, lanes, highest);
    const turn = lane !== highest;
    let status: number;
    if (lane !== -1) status = takeFromLane(m, lanes, lane, turn, execution, into);
    else if (spin && keepsLookout(m, lanes)) status = noteTails(m, lanes) ? STATUS_CHANGED : STATUS_EMPTY;
    else status = waitForWork(m, lanes);
    if (status === STATUS_CHANGED) continue;
    if (status !== OK) return status;
    lanes.overtaking = turn || lower === -1 ? 0 : lanes.overtaking + 1;
    passWorkOn(m, lanes);
    return OK;
  }
}

/**
 * Leaves the list of waiters and its lookout, because this interpreter has an item, or other work, or as much as it may have at once: it
 * could not act on a ring soon, and would keep the ring from others. If another thread may have counted on it and items wait, it wakes the next worker.
 */
export function passWorkOn(m: SharedMemory, lanes: Lanes): void {
  if (!lanes.enlisted && lanes.lookout === -1 && !lanes.countedOn) return;
  const rung = lanes.enlisted && !leaveList(m, lanes);
  stopSpinning(m, lanes);
  const countedOn = rung || lanes.countedOn;
  lanes.countedOn = false;
  if (!countedOn || nextLane(m, lanes, -1) === -1) return;
  const q = lanes.queues[LANE_OF_WAITERS];
  if (lanes.several) wakeWaiters(m, q, Q_GETTERS, 1);
  else wakeGetter(m, q, false);
}

/** Returns false if it was rung. */
function leaveList(m: SharedMemory, lanes: Lanes): boolean {
  lanes.enlisted = false;
  const q = lanes.queues[LANE_OF_WAITERS];
  lock(m, q);
  const left = delist(m, q, Q_GETTERS);
  arrive(m, q);
  unlock(m, q);
  return left;
}

/** Gives up the lookout, if it has one. Its reads of the lanes afterwards see all that was put on its account. */
export function stopSpinning(m: SharedMemory, lanes: Lanes): void {
  if (lanes.lookout === -1) return;
  endSpinning(m, lanes.queues[LANE_OF_WAITERS], lanes.lookout);
  lanes.lookout = -1;
  lanes.countedOn = !lanes.several;
}

/** Whether this worker has a lookout. If it takes one now, it leaves the list, and must look at the lanes again. */
function keepsLookout(m: SharedMemory, lanes: Lanes): boolean {
  if (lanes.lookout !== -1) return true;
  if (lanes.several) return false;
  lanes.lookout = beginSpinning(m, lanes.queues[LANE_OF_WAITERS]);
  if (lanes.lookout === -1) return false;
  if (lanes.enlisted && !leaveList(m, lanes)) lanes.countedOn = true;
  // No pointer, so `noteTails` finds a change.
  lanes.tails[0] = -1;
  return true;
}

/** Notes the ends of the lanes, and returns whether one has moved: then this worker must look at the lanes before it polls. */
function noteTails(m: SharedMemory, { queues, tails }: Lanes): boolean {
  let moved = false;
  for (let i = 0; i < queues.length; i++) {
    const tail = acquire(m, queues[i] + C_TAIL);
    if (tail !== tails[i]) moved = true;
    tails[i] = tail;
  }
  return moved;
}

/**
 * Polls the lanes and the doorbell up to `polls` times. Returns how many polls came before an item was put or the doorbell had rung since `seen`, or
 * -1. It reads only what a put changes, because otherwise takers would fetch their own lines again. It may miss an item that took the place of one
 * put and taken meanwhile; `takeWorkOrWait` does not.
 */
export function pollForWork(m: SharedMemory, lanes: Lanes, seen: number, polls: number): number {
  const { queues, tails } = lanes;
  for (let poll = 0; poll < polls; poll++) {
    if (observe(m) !== seen) return poll;
    for (let i = 0; i < queues.length; i++) if (acquire(m, queues[i] + C_TAIL) !== tails[i]) return poll;
    pause(m);
  }
  return -1;
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
  wakeWaiters(m, queues[LANE_OF_WAITERS], Q_GETTERS, MAX_SLOTS);
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
  stopSpinning(m, lanes);
  lock(m, q);
  let status = STATUS_EMPTY;
  if ((get(m, q + C_FLAGS) & CHANNEL_CLOSED) !== 0) status = STATUS_NOT_FOUND;
  else if (nextLane(m, lanes, -1) !== -1) status = STATUS_CHANGED;
  else {
    arrive(m, q);
    enlist(m, q, Q_GETTERS);
    if (nextLane(m, lanes, -1) === -1) {
      lanes.enlisted = true;
      lanes.countedOn = false;
      // Each put rings all of these, so they poll their doorbells only.
      if (lanes.several) lanes.lookout = beginSpinning(m, q);
    } else {
      delist(m, q, Q_GETTERS);
      status = STATUS_CHANGED;
    }
  }
  unlock(m, q);
  return status;
}
