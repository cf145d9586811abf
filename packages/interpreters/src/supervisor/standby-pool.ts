/**
 * Threads that are started before they are needed (`prewarm`): booted, and waiting for the slot that they are to serve
 * (interpreter/spare.ts).
 */
import { type BootOptions, keyOf } from "../wire/boot.js";
import { stateOf } from "../kernel/registry.js";
import { changeKind, clearCell, giveTo, givenTo } from "../kernel/standby.js";
import type { SharedMemory } from "../memory/atomics.js";
import { STANDBY_CELLS, STATE_BOOTING } from "../memory/layout.js";

/** After one was taken, so that the next one's boot does not compete with the first calls of this one; milliseconds. */
const REFILL_DELAY = 20;

/** What a thread in reserve has: nobody else may wait in its cell before it has read there, or ended. */
interface Place {
  readonly cell: number;
  readonly options: BootOptions;
  kind: number;
  /** -1: none that is known of. */
  slot: number;
}

/** `T` is how the supervisor knows threads. */
export class StandbyPool<T> {
  readonly #m: SharedMemory;
  readonly #start: (options: BootOptions, cell: number) => T;
  readonly #stop: (thread: T) => void;
  /** Those that wait, the longest waiting first. */
  readonly #idle = new Map<T, Place>();
  /** Those that were given slots or are to end, and may not have read so. */
  readonly #leaving = new Map<T, Place>();
  #wanted = 0;
  #kind = 0;
  #options: BootOptions | undefined;
  /** What `#options` are compared by. */
  #key = "";
  #refilling = false;

  /** `start` starts a thread that waits for its slot in that cell; `stop` ends one that is not needed. */
  constructor(m: SharedMemory, start: (options: BootOptions, cell: number) => T, stop: (thread: T) => void) {
    this.#m = m;
    this.#start = start;
    this.#stop = stop;
  }

  /** From now on there are to be `count` of that kind, started with `options`; others are let go. */
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

  /** Gives the slot to one that was started with the very same options; undefined: there is none. */
  take(options: BootOptions, slot: number): T | undefined {
    if (this.#wanted === 0 || keyOf(options) !== this.#key) return undefined;
    // Also where it finds none: those that died unneeded are replaced when there is a need.
    this.#fillLater();
    for (const [thread, place] of this.#idle) {
      // Otherwise somebody was faster; see `given`.
      if (giveTo(this.#m, place.cell, place.kind, slot)) return this.#leaves(thread, place, slot);
    }
    return undefined;
  }

  /** Those that others have given slots, each told once, with what it was started with. */
  *given(): Generator<readonly [thread: T, slot: number, options: BootOptions]> {
    for (const [thread, place] of this.#idle) {
      const slot = givenTo(this.#m, place.cell);
      if (slot === -1) continue;
      this.#fillLater();
      yield [this.#leaves(thread, place, slot), slot, place.options];
    }
  }

  /** A thread has ended. False: it was a spare one, and somebody gave it a slot before; see `given`. */
  ended(thread: T): boolean {
    const place = this.#idle.get(thread);
    if (place !== undefined && !changeKind(this.#m, place.cell, place.kind, 0)) return false;
    this.#idle.delete(thread);
    this.#leaving.delete(thread);
    return true;
  }

  #leaves(thread: T, place: Place, slot: number): T {
    place.slot = slot;
    this.#idle.delete(thread);
    this.#leaving.set(thread, place);
    return thread;
  }

  #fillLater(): void {
    // Not once more from the beginning, or those who take one after another would keep it from ever happening.
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
        this.#idle.set(thread, { cell, options, kind: this.#kind, slot: -1 });
      } catch {
        // Whoever needs an interpreter is told why there can be none.
        return;
      }
      changeKind(this.#m, cell, 0, this.#kind);
    }
  }

  /** One that nobody waits in; -1: there will be one in a moment. */
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
      // Not one that was given a slot a moment ago.
      if (changeKind(this.#m, place.cell, place.kind, 0)) this.#stop(this.#leaves(thread, place, -1));
    }
  }
}
