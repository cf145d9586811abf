/**
 * All interpreters asleep: each waits for another one, so none ever goes on (Go: "all goroutines are asleep").
 *
 * deadlock.ts follows who waits for whom. A wait for an item, for room or for an event leads nowhere, because any interpreter may end it. So it lasts
 * for ever only if *every* interpreter sleeps, and the process has no thread that could still join. The last one that falls asleep finds that:
 *
 *     blocked:            S_WAITING_ON ← for what;  doorbell: sleeping ← 1;  does every interpreter sleep?  →  gives way, or sleeps
 *     on its event loop:  nothing there can wake it:  S_IDLE ← the doorbell's word;  doorbell: sleeping ← 1;  ring the one that asked
 *                         otherwise:                  doorbell: sleeping ← 1;  does every interpreter seem to sleep?  →  asks itself
 *
 * An interpreter sleeps if it is blocked without a time limit and was not rung since, as in deadlock.ts, or if it proved that only a ring can wake it on its
 * event loop. Such a proof costs something, so it is made when another interpreter asks for it (S_ASKED), because everyone else sleeps. The proof holds while
 * the doorbell is the same. The supervisor proves it in the same way: while it has timers, deaths or boots to see to, it is awake.
 *
 * A blocked one is asked, too: `vm` may have stopped it in its wait, which no `finally` sees, and then its words say that it sleeps while it runs other code. So it is
 * rung, and counts once it has fallen asleep again and was not rung since (S_CONFIRMED). One that runs other code seems awake after the ring.
 *
 * The walk takes two looks at all slots. If both show the same states and doorbells, there was a moment between the two at which all slept. Whatever
 * one of them did before that, each saw by its poll before it fell asleep, or was rung for. Afterwards no interpreter acts, except from outside: a signal, a
 * debugger, a limit of `vm`. Threads that are no interpreters are outside, too, and could join. H_STRANGERS tells whether there may be one.
 *
 * Giving way is as in deadlock.ts: S_VERDICT, decided under the registry lock.
 */
import { get, load, type SharedMemory, store } from "../memory/atomics.js";
import type { Pointer, Slot } from "../memory/brands.js";
import { isSleeping, ring, wordAfterRing } from "../memory/doorbell.js";
import {
  ANYONE,
  FIRST_FREE_SLOT,
  H_REGISTRY_LOCK,
  H_SLOTS_USED,
  H_STRANGERS,
  H_SUPERVISOR,
  MAIN_SLOT,
  S_ASKED,
  S_CONFIRMED,
  S_DOORBELL,
  S_IDLE,
  S_VERDICT,
  S_WAITING_ON,
  S_WHENCE,
  slotPointer,
  STATE_FREE,
  STATE_READY,
  STRANGERS_NONE,
  STRANGERS_UNKNOWN,
  SUPERVISOR_SLOT,
  VERDICT_BEGINS,
  VERDICT_DECIDES,
  WHENCE_WORKER_THREADS,
} from "../memory/layout.js";
import { unlock } from "../memory/lock.js";
import { isEnding } from "./executions.js";
import { lock } from "./fence.js";
import { stateOf } from "./registry.js";

/** What S_WAITING_ON says of a wait that any interpreter may end: an ANYONE_…, and the queue or synchronization object that it is for, if any. */
export function anyone(kind: number, q = 0 as Pointer): number {
  return ANYONE + q + kind;
}

/**
 * Whether all interpreters sleep and none would ever go on, now that this one has marked itself as sleeping: pairs of a slot and what it waits for,
 * 0 if it is idle, this interpreter first; or undefined. If they do, `giveWay` or `stay` must follow.
 */
export function findAsleep(m: SharedMemory): number[] | undefined {
  if (get(m, H_STRANGERS) !== STRANGERS_NONE || seemsAwake(m)) return undefined;
  const unproven: Slot[] = [];
  if (sleepers(m, unproven) === undefined) return undefined;
  if (unproven.length > 0) {
    for (const slot of unproven) ask(m, slot);
    return undefined;
  }
  lock(m, H_REGISTRY_LOCK);
  const asleep = sleepersNow(m);
  if (asleep !== undefined) store(m, m.me + S_VERDICT, VERDICT_DECIDES);
  unlock(m, H_REGISTRY_LOCK);
  return asleep;
}

/** Asks the one in `slot` to prove that it sleeps. */
function ask(m: SharedMemory, slot: Slot): void {
  const p = slotPointer(slot);
  if (load(m, p + S_WAITING_ON) === 0) store(m, p + S_ASKED, m.slot + 1);
  else store(m, p + S_CONFIRMED, wordAfterRing(load(m, p + S_DOORBELL)));
  ring(m, slot);
}

/** Whether main is blocked and asleep. Most programs have it serve its event loop. */
function mainSleeps(m: SharedMemory): boolean {
  const main = slotPointer(MAIN_SLOT);
  return isSleeping(load(m, main + S_DOORBELL)) && load(m, main + S_WAITING_ON) !== 0;
}

/** Whether one of those that are looked at first is awake: main, and the one whose reply this interpreter awaits. */
function seemsAwake(m: SharedMemory): boolean {
  if (!mainSleeps(m)) return true;
  const on = get(m, m.me + S_WAITING_ON);
  return on > 0 && on < ANYONE && !isSleeping(load(m, slotPointer((on - 1) as Slot) + S_DOORBELL));
}

/** Two looks. @returns as `findAsleep` */
function sleepersNow(m: SharedMemory): number[] | undefined {
  const first = sleepers(m);
  const second = first && sleepers(m);
  if (first === undefined || second?.length !== first.length || get(m, H_STRANGERS) !== STRANGERS_NONE)
    return undefined;
  const asleep = [m.slot, get(m, m.me + S_WAITING_ON)];
  for (let i = 0; i < first.length; i += 3) {
    const slot = first[i] as Slot;
    if (second[i] !== slot || second[i + 1] !== first[i + 1] || second[i + 2] !== first[i + 2])
      return undefined;
    if (slot !== m.slot && slot !== SUPERVISOR_SLOT) asleep.push(slot, first[i + 2]);
  }
  return asleep;
}

/**
 * For each slot in use, that slot, its doorbell and what it waits for; or undefined as soon as one of them is awake. One that has not proved
 * that it sleeps is added to `unproven`, unless it is on its event loop and was asked before.
 */
function sleepers(m: SharedMemory, unproven?: Slot[]): number[] | undefined {
  const found: number[] = [];
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0 as Slot; slot < end; slot++) {
    const p = slotPointer(slot);
    const state = slot === SUPERVISOR_SLOT ? STATE_READY : stateOf(m, slot);
    if (state === STATE_FREE) continue;
    const bell = load(m, p + S_DOORBELL);
    if (state !== STATE_READY || !isSleeping(bell) || isEnding(m, slot)) return undefined;
    // Only the thread that started it notices its end.
    if (get(m, p + S_WHENCE) === WHENCE_WORKER_THREADS) return undefined;
    const on = load(m, p + S_WAITING_ON);
    if (on === 0) {
      if (load(m, p + S_IDLE) !== bell) {
        if (unproven === undefined || load(m, p + S_ASKED) !== 0) return undefined;
        unproven.push(slot);
      }
    } else {
      const verdict = load(m, p + S_VERDICT);
      // It is about to give way, or looks for a moment.
      if (verdict === VERDICT_DECIDES || verdict === VERDICT_BEGINS) return undefined;
      if (slot !== m.slot && load(m, p + S_CONFIRMED) !== bell) {
        if (unproven === undefined) return undefined;
        unproven.push(slot);
      }
    }
    found.push(slot, bell, on);
  }
  return found;
}

/** Whether this interpreter, main, may be all alone and does not know it: there is no supervisor, whose start shows whether there are strangers. */
export function seemsAlone(m: SharedMemory): boolean {
  return (
    m.slot === MAIN_SLOT &&
    get(m, H_STRANGERS) === STRANGERS_UNKNOWN &&
    load(m, H_SUPERVISOR) === 0 &&
    load(m, H_SLOTS_USED) <= FIRST_FREE_SLOT
  );
}

/** Whether another interpreter asks whether nothing but a ring can wake this one, which is about to fall asleep on its event loop. */
export function isAsked(m: SharedMemory): boolean {
  return load(m, m.me + S_ASKED) !== 0;
}

/**
 * Nothing but a ring can wake this interpreter if it falls asleep now, with the doorbell at `seen`. The returned slot must be rung when it is marked as
 * sleeping.
 */
export function proveIdle(m: SharedMemory, seen: number): Slot {
  const asker = (load(m, m.me + S_ASKED) - 1) as Slot;
  store(m, m.me + S_IDLE, seen | 1);
  store(m, m.me + S_ASKED, 0);
  return asker;
}

/**
 * This interpreter has marked itself as sleeping on its event loop. If it seems to be the last one, and has proved nothing, it asks itself in the name of main, and
 * its doorbell rings.
 */
export function askIfLast(m: SharedMemory): void {
  if (get(m, H_STRANGERS) !== STRANGERS_NONE || !mainSleeps(m) || isAsked(m)) return;
  if (sleepers(m, []) === undefined) return;
  store(m, m.me + S_ASKED, MAIN_SLOT + 1);
  ring(m, m.slot);
}

/** This interpreter is awake, though no ring woke it. */
export function forgetIdle(m: SharedMemory): void {
  if (get(m, m.me + S_IDLE) !== 0) store(m, m.me + S_IDLE, 0);
}
