/**
 * Threads that live and stand still, because an exception has unwound one of their operations: the supervisor repairs what that left, as
 * if they had died in it, and lets them go on (thread/poison.ts has their side).
 */
import { exchange, load, notify, type SharedMemory, store } from "../memory/atomics.js";
import type { Slot } from "../memory/brands.js";
import { H_MAIN_SUSPECTED, H_POISONED, H_SLOTS_USED, S_POISONED, slotPointer } from "../memory/layout.js";
import { repairLocks, unpoison } from "../kernel/reap.js";
import { isAlive } from "../kernel/registry.js";
import type { Collector } from "./collector.js";

export class Poison {
  readonly #m: SharedMemory;
  readonly #collector: Collector;
  readonly #askMain: () => void;
  /** They stand still until `lift`. */
  #slots: Slot[] = [];

  /** `askMain` has the main interpreter look whether it holds a lock that it poisoned. */
  constructor(m: SharedMemory, collector: Collector, askMain: () => void) {
    this.#m = m;
    this.#collector = collector;
    this.#askMain = askMain;
  }

  /** Repairs and releases the locks of all threads that stand still. */
  repairLocks(): void {
    const m = this.#m;
    if (exchange(m, H_MAIN_SUSPECTED, 0) === 1) this.#askMain();
    if (exchange(m, H_POISONED, 0) === 1) {
      const end = load(m, H_SLOTS_USED);
      for (let slot = 0 as Slot; slot < end; slot++) {
        if (isPoisoned(m, slot) && !this.#slots.includes(slot)) this.#slots.push(slot);
      }
    }
    for (const slot of this.#slots) if (isPoisoned(m, slot)) repairLocks(m, slot);
  }

  /** Lets them go on. If it throws, call it again in the next pass. */
  lift(): void {
    const m = this.#m;
    for (; this.#slots.length > 0; this.#slots.shift()) {
      const [slot] = this.#slots;
      // It may have been terminated meanwhile, and is reaped then.
      if (!isPoisoned(m, slot)) continue;
      unpoison(m, slot);
      this.#collector.mustReconcile = true;
      const p = slotPointer(slot) + S_POISONED;
      store(m, p, 0);
      notify(m, p, 1);
    }
  }
}

function isPoisoned(m: SharedMemory, slot: Slot): boolean {
  return isAlive(m, slot) && load(m, slotPointer(slot) + S_POISONED) === 1;
}
