/**
 * Threads that somebody else started and that have joined. Who started one tells of its end from its event loop, which
 * may be blocked: by a lock that the dead held, or by anything else. So where the operating system can tell
 * (interpreter/os-threads.ts), the supervisor looks now and then, while there are any.
 */
import { get, load, type SharedMemory } from "../memory/atomics.js";
import { H_SLOTS_USED, S_OS_THREAD, S_WHENCE, slotPointer, WHENCE_WORKER_THREADS } from "../memory/layout.js";
import { isOsThread, ownOsThread } from "../thread/os-threads.js";
import { idOf, isAlive } from "../kernel/registry.js";

/** Milliseconds. */
const EVERY = 100;

/** Whether somebody lives in the slot whose thread the supervisor did not start. */
export function isAttached(m: SharedMemory, slot: number): boolean {
  return isAlive(m, slot) && get(m, slotPointer(slot) + S_WHENCE) === WHENCE_WORKER_THREADS;
}

export class AttachedThreads {
  readonly #m: SharedMemory;
  readonly #gone: (slot: number) => void;
  /** Of the supervisor's thread. One that it could not see would prove that it sees nothing. */
  readonly #own = ownOsThread();
  /** The ids of those that were not there when it looked last. */
  #missing = new Set<number>();
  #timer: NodeJS.Timeout | undefined;

  /** Calls `gone` for each that has ended, until it is no longer there. */
  constructor(m: SharedMemory, gone: (slot: number) => void) {
    this.#m = m;
    this.#gone = gone;
  }

  /** Somebody may have joined. */
  start(): void {
    if (this.#timer !== undefined || this.#own === 0 || this.#slots().length === 0) return;
    this.#timer = setInterval(() => this.#poll(), EVERY);
  }

  #slots(): number[] {
    const slots: number[] = [];
    const end = load(this.#m, H_SLOTS_USED);
    for (let slot = 0; slot < end; slot++) {
      if (isAttached(this.#m, slot) && get(this.#m, slotPointer(slot) + S_OS_THREAD) !== 0) slots.push(slot);
    }
    return slots;
  }

  #poll(): void {
    const slots = this.#slots();
    if (slots.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    const missing = new Set<number>();
    for (const slot of slots) {
      if (isOsThread(get(this.#m, slotPointer(slot) + S_OS_THREAD)) || !isOsThread(this.#own)) continue;
      const id = idOf(this.#m, slot);
      // Who started it may be about to tell, with its exit code.
      if (this.#missing.has(id)) this.#gone(slot);
      else missing.add(id);
    }
    this.#missing = missing;
  }
}
