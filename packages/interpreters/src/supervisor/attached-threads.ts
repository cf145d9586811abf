/**
 * Threads that user code started (`new Worker`) and that have joined. The thread that started one reports its end from its
 * event loop, which may be blocked: by a lock that the dead thread held, or by anything else. So where the operating system
 * can tell (thread/os-threads.ts), the supervisor polls while there are any.
 */
import { get, load, type SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Slot } from "../memory/brands.js";
import { H_SLOTS_USED, S_OS_THREAD, S_WHENCE, slotPointer, WHENCE_WORKER_THREADS } from "../memory/layout.js";
import { isOsThread, ownOsThread } from "../thread/os-threads.js";
import { idOf, isAlive } from "../kernel/registry.js";

/** Milliseconds between two polls. */
const EVERY = 100;

/** The slots of living threads that the supervisor did not start. */
export function* attachedSlots(m: SharedMemory): Generator<Slot> {
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0 as Slot; slot < end; slot++) {
    if (isAlive(m, slot) && get(m, slotPointer(slot) + S_WHENCE) === WHENCE_WORKER_THREADS) yield slot;
  }
}

/** Invariants: there is a timer while any attached thread can be polled. A thread is reported only if two polls missed it. */
export class AttachedThreads {
  readonly #m: SharedMemory;
  readonly #onEnd: (slot: Slot) => void;
  /** The supervisor's own thread. A poll that missed this one would prove that it sees nothing. */
  readonly #own = ownOsThread();
  /** The ids of those that the last poll missed. */
  #missing = new Set<InterpreterId>();
  #timer: NodeJS.Timeout | undefined;

  /** `onEnd` is called for each thread that has ended, at every poll until its slot is free. */
  constructor(m: SharedMemory, onEnd: (slot: Slot) => void) {
    this.#m = m;
    this.#onEnd = onEnd;
  }

  /** Begins to poll if a thread has joined. */
  start(): void {
    if (this.#timer !== undefined || this.#own === 0 || this.#slots().length === 0) return;
    this.#timer = setInterval(() => this.#poll(), EVERY);
  }

  #slots(): Slot[] {
    return [...attachedSlots(this.#m)].filter((slot) => this.#osThreadOf(slot) !== 0);
  }

  #osThreadOf(slot: Slot): number {
    return get(this.#m, slotPointer(slot) + S_OS_THREAD);
  }

  #poll(): void {
    const slots = this.#slots();
    if (slots.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    const missing = new Set<InterpreterId>();
    for (const slot of slots) {
      if (isOsThread(this.#osThreadOf(slot)) || !isOsThread(this.#own)) continue;
      const id = idOf(this.#m, slot);
      // The thread that started it may be about to report its end, with its exit code.
      if (this.#missing.has(id)) this.#onEnd(slot);
      else missing.add(id);
    }
    this.#missing = missing;
  }
}
