/**
 * The fence around an interpreter that is condemned. Its thread may run on, wherever the runtime does not stop it at once: nothing that it does
 * after others were notified of its end has an effect. The check stands under the lock of what an operation changes:
 *
 *     the thread                                        the supervisor
 *     intent ← the lock                                 S_FENCED ← 1                                    (a full fence)
 *     takes the lock                  (a full fence)    does it hold a lock that it intends?
 *     S_FENCED = 0:  does what it came for                yes:  comes back in a millisecond
 *     S_FENCED > 0:  releases the lock, stands still      no:   notifies the others
 *
 * One of the two sees what the other wrote (Dekker, as in waiters.ts): if the thread found 0, it had the lock before S_FENCED was 1, so the
 * supervisor finds it holding the lock, or finds the lock released and the change made. Only the outermost lock is checked: what is
 * begun is finished, and the supervisor waits for that. A thread that dies in there is reaped instead of being withdrawn.
 *
 * A change by one compare-and-swap without a lock is made first and checked afterwards, and undone (mutex.ts).
 *
 * The thread stands still until the runtime ends it: no value that it could return would keep its caller from doing harm. Deno may lose the
 * request to end a thread, and sends no other. There the thread ends itself after a while (`wait` in memory/atomics.ts).
 */
import { acquire, ensureMapped, load, pause, type SharedMemory, store, wait } from "../memory/atomics.js";
import type { Pointer, Slot } from "../memory/brands.js";
import { ring } from "../memory/doorbell.js";
import { INTENTS, S_FENCED, S_INTENTS, slotPointer, SUPERVISOR_SLOT } from "../memory/layout.js";
import { heldBy, lock as takeLock, unlock } from "../memory/lock.js";

/** The values of S_FENCED. */
const FENCED = 1;
const STANDS_STILL = 2;

/** As `lock` of memory/lock.ts, for every lock that an operation may begin with. If this interpreter is condemned, it does not return. */
export function lock(m: SharedMemory, p: Pointer): void {
  takeLock(m, p);
  // A function of its own, so that V8 puts this one in the place of its calls.
  if (isFenced(m)) keepOut(m, p);
}

function keepOut(m: SharedMemory, p: Pointer): void {
  if (m.depth > 1) return;
  unlock(m, p);
  standStill(m);
}

/** Whether this interpreter is condemned. A plain read of a word in its own slot: a caller that must not miss it makes a full fence before. */
export function isFenced(m: SharedMemory): boolean {
  // In the fewest bytes of bytecode (README.md, "Changing something here").
  return !!acquire(m, m.me + S_FENCED);
}

/** Blocks this thread, which is condemned, until it is ended, and tells the supervisor so: it can be stopped here. */
export function standStill(m: SharedMemory): never {
  const p = m.me + S_FENCED;
  store(m, p, STANDS_STILL);
  ring(m, SUPERVISOR_SLOT);
  for (;;) wait(m, p, load(m, p), Infinity);
}

/** The interpreter in `slot` begins no further operation. Those that are under way go on: ask `isStill` before any other is notified. */
export function fence(m: SharedMemory, slot: Slot): void {
  store(m, slotPointer(slot) + S_FENCED, FENCED);
}

/** Whether the thread in `slot` stands behind the fence for good. */
export function standsStill(m: SharedMemory, slot: Slot): boolean {
  return load(m, slotPointer(slot) + S_FENCED) === STANDS_STILL;
}

/** Whether nothing that the interpreter in `slot`, which is fenced, does from here on has an effect. Looks for as long as an operation may take. */
export function isStill(m: SharedMemory, slot: Slot): boolean {
  for (let i = m.spins; holdsLock(m, slot); i--) {
    if (i <= 0) return false;
    pause(m);
  }
  return true;
}

/** Whether the interpreter in `slot` holds a lock of the kernel. */
function holdsLock(m: SharedMemory, slot: Slot): boolean {
  const p = slotPointer(slot);
  for (let i = 0; i < INTENTS; i++) {
    const intent = load(m, p + S_INTENTS + i) as Pointer;
    if (intent === 0) continue;
    ensureMapped(m, intent);
    if (heldBy(m, intent, slot)) return true;
  }
  return false;
}
