/**
 * Circles of blocked interpreters that wait for each other, none of which would ever go on.
 *
 * An interpreter that is about to block for as long as it takes writes down what it waits for (S_WAITING_ON): an interpreter that owes it a
 * reply, or a lock or bounded semaphore, which only those release that hold it. Before that it follows what it would wait for, from one
 * interpreter to the next. It would wait for ever if it came back to itself and met no interpreter that runs: any holder of a
 * semaphore can end the wait, so all of them must be blocked.
 *
 * An interpreter that blocks runs the callbacks that others call meanwhile. So a wait for a callback that has not begun
 * (WAITING_FOR_CALLBACK) closes no circle: the interpreter that owes it can go on. Waits nest, because a callback may block in its turn:
 * S_WAITING_ON names the innermost (thread/waits.ts has all of them).
 *
 * While an interpreter runs a callback within a wait (`beginWithin`), it may release what it holds, and end the callback. Only those wait
 * with it whose work it has not begun: it takes no work before its own wait is over. A circle may close when the callback ends, and then
 * those that wait for a lock in it are rung, and walk again (`endWithin`).
 *
 * An interpreter takes nothing while S_WAITING_ON says that it waits for it: it takes that back before each try. So what was seen to wait, and
 * still waits after the walk, has waited all the time.
 *
 * Announcing happens under the registry lock, so of two interpreters that would close a circle at the same time the second sees the first. Waits
 * and holds may end while others are looked at, but only by an interpreter that runs. So a circle that was found is one: those in it
 * have been blocked since before the walk, and none of them can release what it was seen to hold. A circle can also close without an announcement: a blocked interpreter
 * is granted a lock for which a task on its event loop waits. It then rings those that wait for that lock (mutex.ts), and
 * they walk again.
 */
import { cas, ensureMapped, get, load, type SharedMemory, store } from "../memory/atomics.js";
import type { Pointer, Slot } from "../memory/brands.js";
import {
  CALLBACK_BEGUN,
  H_REGISTRY_LOCK,
  H_SLOTS_USED,
  MAX_SLOTS,
  MUTEX_OWNER,
  PAGE_WORDS,
  Q_KIND,
  S_WAITING_ON,
  slotPointer,
  SYNC_BOUNDED,
  WAITING_FOR_CALLBACK,
  WITHIN_RELEASE,
  WITHIN_REPLY,
  Y_STATE,
} from "../memory/layout.js";
import { ring } from "../memory/doorbell.js";
import { lock, unlock } from "../memory/lock.js";
import { isGrantedMutex } from "./mutex.js";
import { isAlive } from "./registry.js";
import { freePermits, isGrantedPermit, mayRelease } from "./semaphores.js";

/** What S_WAITING_ON says of an interpreter that waits for a reply of the one in `slot`. */
export function replyOf(slot: Slot): number {
  return slot + 1;
}

/** What S_WAITING_ON says of an interpreter that waits for the lock or bounded semaphore at `q`. */
export function releaseOf(q: Pointer): number {
  return 0 - q;
}

/**
 * This interpreter is about to block until what S_WAITING_ON will say. Returns undefined, or the circle that this would close, which is then
 * not announced: pairs of a slot and what it waits for, this interpreter first.
 */
export function beginWaitingOn(m: SharedMemory, on: number): number[] | undefined {
  lock(m, H_REGISTRY_LOCK);
  const circle = circleOf(m, on);
  if (circle === undefined) store(m, m.me + S_WAITING_ON, on);
  unlock(m, H_REGISTRY_LOCK);
  return circle;
}

/** The present wait of this interpreter, for `endWaitingOn`. */
export function waitingOn(m: SharedMemory): number {
  return load(m, m.me + S_WAITING_ON);
}

/** Ends a wait. `before` is what it waited for when this wait began: a callback may block within an operation that is blocked. */
export function endWaitingOn(m: SharedMemory, before = 0): void {
  store(m, m.me + S_WAITING_ON, before);
}

/** This interpreter is about to block until `slot` has run a callback. */
export function beginWaitingForCallback(m: SharedMemory, slot: Slot): void {
  store(m, m.me + S_WAITING_ON, replyOf(slot) | WAITING_FOR_CALLBACK);
}

/** This interpreter begins to run the callback that `slot` blocks for. */
export function beginCallbackOf(m: SharedMemory, slot: Slot): void {
  const p = slotPointer(slot) + S_WAITING_ON;
  const [waiting, begun] = [replyOf(m.slot) | WAITING_FOR_CALLBACK, replyOf(m.slot) | CALLBACK_BEGUN];
  // It may run a callback itself within that wait.
  if (cas(m, p, waiting, begun) !== waiting) cas(m, p, waiting | WITHIN_REPLY, begun | WITHIN_REPLY);
}

/**
 * This interpreter, which may be blocked, begins to run a callback. Returns whether it waits for something, and is not within that already:
 * then `endWithin` must follow.
 */
export function beginWithin(m: SharedMemory): boolean {
  return setWithin(m, true);
}

/** The callback has ended: this interpreter waits again, as if it began to. Rings those that may wait for it in a circle now. */
export function endWithin(m: SharedMemory): void {
  lock(m, H_REGISTRY_LOCK);
  const circle = setWithin(m, false) ? circleOf(m, load(m, m.me + S_WAITING_ON)) : undefined;
  unlock(m, H_REGISTRY_LOCK);
  if (circle === undefined) return;
  for (let i = 2; i < circle.length; i += 2) if (circle[i + 1] < 0) ring(m, circle[i] as Slot);
}

/** Marks what this interpreter waits for, if anything, as the wait within which it runs a callback, or no longer. Returns false if it is so. */
function setWithin(m: SharedMemory, within: boolean): boolean {
  const p = m.me + S_WAITING_ON;
  for (;;) {
    const word = load(m, p);
    if (word === 0 || isWithin(word) === within) return false;
    const marked = word > 0 ? word ^ WITHIN_REPLY : word ^ WITHIN_RELEASE;
    // The owner of a callback may be noting that it has begun.
    if (cas(m, p, word, marked) === word) return true;
  }
}

function isWithin(on: number): boolean {
  return (on & (on > 0 ? WITHIN_REPLY : WITHIN_RELEASE)) !== 0;
}

/** The interpreter that owes the reply for which another waits. */
function slotOwing(on: number): Slot {
  return ((on & (WAITING_FOR_CALLBACK - 1)) - 1) as Slot;
}

/**
 * The wait of the interpreter in `slot`, for which another waits by `on`, that must end before it can end that one; 0 if it can go on.
 */
function waitBefore(m: SharedMemory, slot: Slot, on: number): number {
  const its = load(m, slotPointer(slot) + S_WAITING_ON);
  if (!isWithin(its)) return its;
  const isForWork = on > 0 && (on & CALLBACK_BEGUN) === 0;
  return isForWork ? its ^ (its > 0 ? WITHIN_REPLY : WITHIN_RELEASE) : 0;
}

/** Whether what this interpreter waits for (`on`, as in S_WAITING_ON) cannot end before the interpreter in `to` goes on. */
export function leadsTo(m: SharedMemory, on: number, to: Slot): boolean {
  let [slot, its] = [m.slot, on];
  // At most as many steps as there can be interpreters: the walk may enter a circle that does not contain `to`.
  for (let steps = 0; its !== 0 && steps < MAX_SLOTS; steps++) {
    const next = waitedFor(m, slot, its);
    // Of several holders of a semaphore, any may release a permit.
    if (next.length !== 1) return false;
    if (next[0] === to) return true;
    its = waitBefore(m, next[0], its);
    slot = next[0];
  }
  return false;
}

/** Follows what this interpreter would wait for. Returns undefined as soon as it meets an interpreter that can go on. */
function circleOf(m: SharedMemory, on: number): number[] | undefined {
  // As a rule, the interpreter that owes a reply waits for nothing.
  if (on > 0 && slotOwing(on) !== m.slot && load(m, slotPointer(slotOwing(on)) + S_WAITING_ON) === 0)
    return undefined;
  // Those that were met, what each of them waits for, and the index of the one that waits for it.
  const slots: Slot[] = [m.slot];
  const waits: number[] = [on];
  const from: number[] = [-1];
  let last = -1;
  for (let i = 0; i < slots.length; i++) {
    const next = waitedFor(m, slots[i], waits[i]);
    if (next.length === 0) return undefined;
    for (const slot of next) {
      if (slot === m.slot) {
        last = i;
        continue;
      }
      const its = waitBefore(m, slot, waits[i]);
      if (its === 0 || !isAlive(m, slot)) return undefined;
      if (slots.includes(slot)) continue;
      slots.push(slot);
      waits.push(its);
      from.push(i);
    }
  }
  // Otherwise it leads into a circle of others, one of which is about to find that.
  if (last === -1) return undefined;
  const circle: number[] = [];
  for (let i = last; i !== -1; i = from[i]) {
    // A wait may have ended since it was read, and what it waited for may have passed to the next: then that interpreter runs. (None can have
    // begun: that takes the registry lock.)
    if (slots[i] !== m.slot && waitBefore(m, slots[i], waits[from[i]]) !== waits[i]) return undefined;
    circle.unshift(slots[i], waits[i]);
  }
  return circle;
}

/** The interpreters any of which can end the wait of the one in `slot`; none if it can go on. */
function waitedFor(m: SharedMemory, slot: Slot, on: number): Slot[] {
  if (on > 0) return (on & WAITING_FOR_CALLBACK) === 0 ? [slotOwing(on)] : [];
  const q = (0 - on) as Pointer;
  ensureMapped(m, q + PAGE_WORDS - 1);
  if (get(m, q + Q_KIND) !== SYNC_BOUNDED) {
    const owner = ((load(m, q + Y_STATE) & MUTEX_OWNER) - 1) as Slot;
    return owner === -1 || isGrantedMutex(m, q, slot) ? [] : [owner];
  }
  const holders: Slot[] = [];
  if (freePermits(m, q) > 0 || isGrantedPermit(m, q, slot)) return holders;
  const end = Math.min(load(m, H_SLOTS_USED), MAX_SLOTS);
  for (let other = 0 as Slot; other < end; other++) if (mayRelease(m, q, other)) holders.push(other);
  return holders;
}
