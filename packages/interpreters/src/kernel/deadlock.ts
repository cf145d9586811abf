/**
 * Circles of blocked interpreters that wait for each other, none of which would ever go on.
 *
 * An interpreter that blocks for as long as it takes writes down for what (S_WAITING_ON): for an interpreter that owes it a reply, or for
 * a lock or bounded semaphore, which only those release that hold it. *The last to fall asleep finds the circle*:
 *
 *     each of them:   S_WAITING_ON ← for what;  doorbell: sleeping ← 1;  follow what each waits for, from one to the next;  sleep
 *
 * The word says something only about an interpreter that is asleep. One that is awake may be about to read its reply, may run a callback, which
 * may release a lock, or may wait for something else within that callback. It says so before it sleeps again, and then looks for circles itself.
 *
 * One that is asleep and was not rung since can do nothing: whatever ends its wait is published first, and then rings it. (Before it is
 * marked as sleeping, it has run all callbacks that were called; so one for which an interpreter waits has begun if its owner sleeps.)
 * A wait ends only by an interpreter in the circle, and any holder of a semaphore can end it, so all of them must be asleep.
 *
 * The walk takes no lock. It notes the doorbell of each interpreter that it meets, then reads once more what leads from one to the next, then
 * reads the doorbells again. If none has moved, all of them slept at one time, and waited for each other then, which nothing but a stop from outside
 * will end. Two that fall asleep at once may both find the circle: the registry lock decides which of them gives way, and S_VERDICT says that
 * it is about to.
 *
 * An interpreter that is about to send a call looks before it does so, while it sleeps for moments (VERDICT_BEGINS). It would close the circle, so it is the
 * one that gives way, and nothing was sent.
 *
 * Not every wait can be given up. The interpreter that owes a reply may have begun the work; then its caller cannot go on as if nothing had
 * happened. It then marks itself (VERDICT_STAYS) and rings the next of the circle, which wakes, falls asleep again, and so finds the circle in its turn.
 * One of them can always: of calls around a circle, one has not begun.
 */
import { ensureMapped, get, load, type SharedMemory, store } from "../memory/atomics.js";
import type { Pointer, Slot } from "../memory/brands.js";
import {
  ANYONE,
  H_REGISTRY_LOCK,
  MUTEX_OWNER,
  PAGE_WORDS,
  Q_KIND,
  S_DOORBELL,
  S_VERDICT,
  S_WAITING_ON,
  slotPointer,
  SYNC_BOUNDED,
  VERDICT_BEGINS,
  VERDICT_DECIDES,
  VERDICT_NONE,
  VERDICT_STAYS,
  Y_STATE,
} from "../memory/layout.js";
import { isSleeping, ring } from "../memory/doorbell.js";
import { unlock } from "../memory/lock.js";
import { isEnding } from "./executions.js";
import { lock } from "./fence.js";
import { isGrantedMutex } from "./mutex.js";
import { isAlive } from "./registry.js";
import { freePermits, holdersOf, isGrantedPermit } from "./semaphores.js";

/** What S_WAITING_ON says of an interpreter that waits for a reply of the one in `slot`. */
export function replyOf(slot: Slot): number {
  return slot + 1;
}

/** What S_WAITING_ON says of an interpreter that waits for the lock or bounded semaphore at `q`. */
export function releaseOf(q: Pointer): number {
  return 0 - q;
}

/** From here on, this interpreter waits for `on` when it is asleep; 0: for something of which no circle can consist. */
export function sayWaitingOn(m: SharedMemory, on: number): void {
  // Only this thread writes it, and writing it takes longer than all the rest.
  if (get(m, m.me + S_VERDICT) !== VERDICT_NONE) store(m, m.me + S_VERDICT, VERDICT_NONE);
  store(m, m.me + S_WAITING_ON, on);
}

/**
 * The circle of waits that this interpreter, which has marked itself as sleeping, has closed: pairs of a slot and what it waits for, this
 * interpreter first; or undefined. If there is one, `giveWay` or `stay` must follow.
 */
export function findCircle(m: SharedMemory): number[] | undefined {
  if (circleOf(m, true) === undefined) return undefined;
  lock(m, H_REGISTRY_LOCK);
  const circle = circleOf(m, true);
  if (circle !== undefined) store(m, m.me + S_VERDICT, VERDICT_DECIDES);
  unlock(m, H_REGISTRY_LOCK);
  return circle;
}

/** This interpreter gives up its wait, and so is awake. */
export function giveWay(m: SharedMemory): void {
  ring(m, m.slot);
  store(m, m.me + S_VERDICT, VERDICT_NONE);
}

/** This interpreter cannot give up its wait: the next in the circle, or of all that are asleep, must, if it can. */
export function stay(m: SharedMemory, circle: readonly number[]): void {
  store(m, m.me + S_VERDICT, VERDICT_STAYS);
  for (let i = 2; i < circle.length; i += 2) {
    const slot = circle[i] as Slot;
    if (circle[i + 1] === 0 || load(m, slotPointer(slot) + S_VERDICT) === VERDICT_STAYS) continue;
    ring(m, slot);
    return;
  }
}

/** This interpreter begins to wait for what S_WAITING_ON says, or gives that up before any other gives up its wait. */
export function beginWaiting(m: SharedMemory): void {
  store(m, m.me + S_VERDICT, VERDICT_BEGINS);
}

/**
 * Whether this interpreter, which is awake, seems to close a circle if it waits for what S_WAITING_ON says. Others in the circle may be awake, and may go on:
 * they will fall asleep soon, or wait for something else.
 */
export function seemsToCloseCircle(m: SharedMemory): boolean {
  return circleOf(m, false) !== undefined;
}

/** Follows what this interpreter waits for. Returns undefined as soon as it meets an interpreter that can go on. */
function circleOf(m: SharedMemory, asleep: boolean): number[] | undefined {
  const on = load(m, m.me + S_WAITING_ON);
  // As a rule, the interpreter that owes a reply is awake, or waits for nothing.
  if (on === 0 || on >= ANYONE || (on > 0 && on - 1 !== m.slot && waitOf(m, (on - 1) as Slot, asleep) === 0))
    return undefined;
  // Those that were met, their doorbells, what each of them waits for, and the index of the one that waits for it.
  const slots: Slot[] = [m.slot];
  const bells: number[] = [bellOf(m, m.slot)];
  const waits: number[] = [on];
  const from: number[] = [-1];
  const followed: Slot[][] = [];
  let last = -1;
  for (let i = 0; i < slots.length; i++) {
    const next = waitedFor(m, slots[i], waits[i]);
    if (next.length === 0) return undefined;
    followed.push(next);
    for (const slot of next) {
      if (slot === m.slot) {
        last = i;
        continue;
      }
      if (slots.includes(slot)) continue;
      const bell = bellOf(m, slot);
      const its = waitOf(m, slot, asleep);
      if (its === 0) return undefined;
      slots.push(slot);
      bells.push(bell);
      waits.push(its);
      from.push(i);
    }
  }
  // Otherwise it leads into a circle of others, one of which is about to find that.
  if (last === -1) return undefined;
  if (asleep) {
    for (let i = 0; i < slots.length; i++) {
      const next = waitedFor(m, slots[i], waits[i]);
      if (next.length !== followed[i].length) return undefined;
      for (let j = 0; j < next.length; j++) if (next[j] !== followed[i][j]) return undefined;
    }
    for (let i = 0; i < slots.length; i++) {
      const bell = bellOf(m, slots[i]);
      if (bell !== bells[i] || !isSleeping(bell)) return undefined;
    }
  }
  const circle: number[] = [];
  for (let i = last; i !== -1; i = from[i]) circle.unshift(slots[i], waits[i]);
  return circle;
}

function bellOf(m: SharedMemory, slot: Slot): number {
  return load(m, slotPointer(slot) + S_DOORBELL);
}

/** What the interpreter in `slot` waits for; 0 if it can go on. An interpreter that is awake can, if only those that are `asleep` count. */
function waitOf(m: SharedMemory, slot: Slot, asleep: boolean): number {
  const p = slotPointer(slot);
  if (asleep && !isSleeping(load(m, p + S_DOORBELL))) return 0;
  const on = load(m, p + S_WAITING_ON);
  // The end of an interpreter ends all waits for it.
  if (on === 0 || on >= ANYONE || !isAlive(m, slot) || isEnding(m, slot)) return 0;
  const verdict = load(m, p + S_VERDICT);
  // It may be about to give way.
  if (verdict === VERDICT_DECIDES) return 0;
  return verdict === VERDICT_BEGINS && load(m, m.me + S_VERDICT) !== VERDICT_BEGINS ? 0 : on;
}

/** The interpreters any of which can end the wait of the one in `slot`; none if it can go on. */
function waitedFor(m: SharedMemory, slot: Slot, on: number): Slot[] {
  if (on > 0) return [(on - 1) as Slot];
  const q = (0 - on) as Pointer;
  ensureMapped(m, q + PAGE_WORDS - 1);
  if (get(m, q + Q_KIND) !== SYNC_BOUNDED) {
    const owner = ((load(m, q + Y_STATE) & MUTEX_OWNER) - 1) as Slot;
    return owner === -1 || isGrantedMutex(m, q, slot) ? [] : [owner];
  }
  return freePermits(m, q) > 0 || isGrantedPermit(m, q, slot) ? [] : holdersOf(m, q);
}
