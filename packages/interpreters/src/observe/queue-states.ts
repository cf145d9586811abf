/** How full the queues are, and how fast items pass through them. */
import { ensureMapped, get, load, type SharedMemory } from "../memory/atomics.js";
import type { Pointer } from "../memory/brands.js";
import {
  C_MAXSIZE,
  C_PUT,
  C_TAKEN,
  H_QUEUES,
  H_REGISTRY_LOCK,
  PAGE_WORDS,
  Q_GETTERS,
  Q_NEXT,
  Q_PUTTERS,
} from "../memory/layout.js";
import { lock, unlock } from "../memory/lock.js";
import { queueIdOf, sizeOf } from "../kernel/queue-state.js";

export interface QueueState {
  readonly id: number;
  readonly size: number;
  /** As given: unbounded if it is not positive. */
  readonly maxsize: number;
  /** How many interpreters wait to get, and to put. */
  readonly getters: number;
  readonly putters: number;
  /** How many items were ever put and taken, modulo 2^32. */
  readonly put: number;
  readonly taken: number;
}

export class QueueStates {
  readonly #m: SharedMemory;

  constructor(m: SharedMemory) {
    this.#m = m;
  }

  /** All queues that are not hidden. Throws LockBusy in the supervisor. */
  look(): QueueState[] {
    const m = this.#m;
    const states: QueueState[] = [];
    // The lock keeps the pages of queues from being freed.
    lock(m, H_REGISTRY_LOCK);
    for (let q = get(m, H_QUEUES) as Pointer; q !== 0; q = get(m, q + Q_NEXT) as Pointer) {
      ensureMapped(m, q + PAGE_WORDS - 1);
      const id = queueIdOf(m, q);
      if (id < 0) continue;
      states.push({
        id,
        size: sizeOf(m, q),
        maxsize: get(m, q + C_MAXSIZE),
        getters: load(m, q + Q_GETTERS),
        putters: load(m, q + Q_PUTTERS),
        put: load(m, q + C_PUT) >>> 0,
        taken: load(m, q + C_TAKEN) >>> 0,
      });
    }
    unlock(m, H_REGISTRY_LOCK);
    return states;
  }
}
