/**
 * Threads that are started before they are needed (`prewarm`): booted, and waiting for the slot that they will serve
 * (kernel/standby.ts).
 *
 * Invariants: a cell has at most one thread from the moment at which that is started until it has read its cell for the last
 * time: it serves a slot, or has ended. A thread is either idle or leaving, and every change from idle to leaving is decided by
 * one compare-and-swap in the cell, which competes with the creators that give slots away.
 */
import { type BootOptions, keyOf } from "../wire/boot.js";
import { stateOf } from "../kernel/registry.js";
import { changeKind, clearCell, giveTo, givenTo } from "../kernel/standby.js";
import type { SharedMemory } from "../memory/atomics.js";
import type { Slot } from "../memory/brands.js";
import { STANDBY_CELLS, STATE_BOOTING } from "../memory/layout.js";

/** How long to wait before replacing a thread, so that the boot does not compete with the first calls to it; milliseconds. */
const REFILL_DELAY = 20;

interface Place {
  /** No other thread may wait in this cell before the thread has read the cell for the last time, or ended. */
  readonly cell: number;
  readonly options: BootOptions;
  kind: number;
  /** -1 while none is known. */
  slot: Slot;
}

/** `T` is the supervisor's representation of a thread. */
export class StandbyPool<T> {
  readonly #m: SharedMemory;
  readonly #start: (options: BootOptions, cell: number) => T;
  readonly #stop: (thread: T) => void;
  /** Those that wait, the longest waiting first. */
  readonly #idle = new Map<T, Place>();
  /** Those that were given slots or are being stopped, and may not have read that yet. */
  readonly #leaving = new Map<T, Place>();
  #wanted = 0;
  #kind = 0;
  #options: BootOptions | undefined;
  /** The key of `#options`, by which options are compared. */
  #key = "";
  #refilling = false;

  /** `start` starts a thread that waits for its slot in that cell. `stop` ends one that is not needed. */
  constructor(m: SharedMemory, start: (options: BootOptions, cell: number) => T, stop: (thread: T) => void) {
    this.#m = m;
    this.#start = start;
    this.#stop = stop;
  }

  /** How many threads wait. */
  get size(): number {
    return this.#idle.size;
  }

  /** Keeps `count` threads of that kind from now on, started with `options`, and stops all others. */
  keep(count: number, kind: number, options: BootOptions): void {
    const key = keyOf(options);
    if (key !== this.#key) this.#drop(0);
    for (const place of this.#idle.values()) {
      if (changeKind(this.#m, place.cell, place.kind, kind)) place.kind = kind;
    }
    this.#wanted = count;
    this.#kind = kind;
    this.#options = options;
    this.#key = key;
    this.#drop(count);
    this.#fill();
  }

  /** Gives the slot to a thread that was started with the very same options. Returns undefined if none waits. */
  take(options: BootOptions, slot: Slot): T | undefined {
    if (this.#wanted === 0 || keyOf(options) !== this.#key) return undefined;
    // Even if none is found: threads that ended on standby are replaced only when one is needed.
    this.#fillLater();
    for (const [thread, place] of this.#idle) {
      // Otherwise a creator was faster; see `given`.
      if (giveTo(this.#m, place.cell, place.kind, slot)) return this.#leaves(thread, place, slot);
    }
    return undefined;
  }

  /** The threads to which creators have given slots, each reported once, with the options that it was started with. */
  *given(): Generator<readonly [thread: T, slot: Slot, options: BootOptions]> {
    for (const [thread, place] of this.#idle) {
      const slot = givenTo(this.#m, place.cell);
      if (slot === -1) continue;
      this.#fillLater();
      yield [this.#leaves(thread, place, slot), slot, place.options];
    }
  }

  /** A thread has ended. Returns false if it was idle and a creator has given it a slot before; see `given`. */
  ended(thread: T): boolean {
    const place = this.#idle.get(thread);
    if (place !== undefined && !changeKind(this.#m, place.cell, place.kind, 0)) return false;
    this.#idle.delete(thread);
    this.#leaving.delete(thread);
    return true;
  }

  #leaves(thread: T, place: Place, slot: Slot): T {
    place.slot = slot;
    this.#idle.delete(thread);
    this.#leaving.set(thread, place);
    return thread;
  }

  #fillLater(): void {
    // A running delay does not start again: callers that take one thread after another would put off the refill for ever.
    if (this.#refilling) return;
    this.#refilling = true;
    setTimeout(() => {
      this.#refilling = false;
      this.#fill();
    }, REFILL_DELAY);
  }

  #fill(): void {
    const options = this.#options;
    while (options !== undefined && this.#idle.size < this.#wanted) {
      const cell = this.#freeCell();
      if (cell === -1) return this.#fillLater();
      clearCell(this.#m, cell);
      try {
        const thread = this.#start(options, cell);
        this.#idle.set(thread, { cell, options, kind: this.#kind, slot: -1 as Slot });
      } catch {
        // A creator that needs an interpreter gets the error.
        return;
      }
      changeKind(this.#m, cell, 0, this.#kind);
    }
  }

  /** A cell in which no thread waits, or -1 if there will soon be one. */
  #freeCell(): number {
    for (const [thread, { slot }] of this.#leaving) {
      if (slot !== -1 && stateOf(this.#m, slot) !== STATE_BOOTING) this.#leaving.delete(thread);
    }
    const places = [...this.#idle.values(), ...this.#leaving.values()];
    const used = new Set(places.map(({ cell }) => cell));
    for (let cell = 0; cell < STANDBY_CELLS; cell++) if (!used.has(cell)) return cell;
    return -1;
  }

  #drop(count: number): void {
    for (const [thread, place] of this.#idle) {
      if (this.#idle.size <= count) return;
      // Fails if the thread was given a slot a moment ago.
      if (changeKind(this.#m, place.cell, place.kind, 0)) this.#stop(this.#leaves(thread, place, -1 as Slot));
    }
  }
}
