/** A thread that is condemned at any time, for scenarios, and what it may still write once others know. */
import assert from "node:assert/strict";
import * as L from "../../src/memory/layout.js";
import type { Steps } from "./atomics.js";
import { queuesOf } from "./invariants.js";
import { fence, isStill, reap, repairLocks, withdraw } from "./modules.js";
import type { Program, Thread } from "./scheduler.js";
import { supervise } from "./supervisor.js";
import { type ModelMemory, slotPointer, type World } from "./world.js";

/** The locks of a channel, and the words of a queue's page that a ring moves: a thread may still owe one for what it did before. */
const LOCKS = [L.C_LOCK, L.C_PUT_LOCK].flatMap((lock) => [lock, lock + L.LOCK_WAITERS]);
const OF_RINGS = [
  L.Q_GETTERS,
  L.Q_PUTTERS,
  L.Q_GET_CURSOR,
  L.Q_PUT_CURSOR,
  L.Q_WOKEN,
  ...Array.from({ length: L.SPINNERS }, (_, i) => L.Q_SPINNERS + i),
  ...Array.from({ length: 2 * L.BITSET_WORDS }, (_, i) => L.Q_GET_WAITERS + i),
];
/** Words of the header that others see; the rest is the allocator's. */
const SHARED: readonly number[] = [
  L.H_QUEUES,
  L.H_NEXT_INTERPRETER,
  L.H_NEXT_QUEUE,
  L.H_NEXT_HIDDEN,
  L.H_SLOTS_USED,
  L.H_ADDONS,
];
const BOXES = [L.S_WORK, L.S_REPLIES].flatMap((box) => LOCKS.map((lock) => box + lock));

/** Whether a thread that stands behind the fence may change the word at `p`. */
function mayWrite({ i32 }: World, slot: number, p: number): boolean {
  const own = slotPointer(slot);
  if (p >= own && p < own + L.SLOT_WORDS) return true;
  if (p < L.SLOTS) return !SHARED.includes(p);
  const first = i32[L.H_FIRST_PAGE];
  if (p >= L.PAGE_TABLE && p < first * L.PAGE_WORDS) return true;
  if (p < L.PAGE_TABLE) {
    const word = (p - L.SLOTS) % L.SLOT_WORDS;
    return word === L.S_DOORBELL || BOXES.includes(word);
  }
  // Pages that no other thread sees: those that it owns, and free ones of which it takes some.
  for (let page = first, pages = 1; pages > 0 && page * L.PAGE_WORDS <= p; page += pages) {
    const span = i32[L.PAGE_TABLE + page * L.PT_WORDS];
    pages = span & L.PT_PAGES_MASK;
    const owner = span >>> L.PT_OWNER_SHIFT;
    const mine = owner === slot + 1 || owner === L.OWNER_FREE;
    if (mine && p < (page + pages) * L.PAGE_WORDS) return true;
  }
  return queuesOf({ i32 } as World).some((q) => LOCKS.includes(p - q) || OF_RINGS.includes(p - q));
}

/** A thread that is condemned at any time, withdrawn when it is still, and reaped when it has ended. */
export class Condemned {
  readonly #world: World;
  readonly #slot: number;
  /** The supervisor may have notified others. */
  told = false;
  withdrawn = false;
  ended = false;

  constructor(world: World, slot: number) {
    this.#world = world;
    this.#slot = slot;
  }

  /** `told` is called when others may be notified. */
  supervisor(told?: () => void): Thread {
    const pass = function* (this: Condemned, m: ModelMemory): Steps<boolean> {
      if (this.ended) yield* reap(m, this.#slot);
      else if (!this.withdrawn) {
        if (!this.told) {
          yield* fence(m, this.#slot);
          if (!(yield* isStill(m, this.#slot))) return false;
          this.told = true;
          told?.();
        }
        yield* withdraw(m, this.#slot);
        this.withdrawn = true;
      }
      return this.ended;
    }.bind(this);
    const repair = function* (this: Condemned, m: ModelMemory): Steps<void> {
      this.ended = this.#world.over.has(this.#slot);
      if (this.ended) yield* repairLocks(m, this.#slot);
    }.bind(this);
    return supervise({ repair, work: pass });
  }

  /** `exempt` is a word that has rules of its own. */
  wrote(exempt = 0): NonNullable<Program["wrote"]> {
    return ({ slot }, p) => {
      if (!this.told || slot !== this.#slot || p === exempt) return;
      assert.ok(mayWrite(this.#world, slot, p), `the condemned thread changes word ${p}`);
    };
  }

  /** Once the interpreter is withdrawn, no other waits for the end of its thread. */
  readonly stuck: NonNullable<Program["stuck"]> = (waiting) => {
    const names = waiting.map(({ name }) => name).filter((name) => name !== "supervisor");
    if (this.withdrawn) assert.deepEqual(names, [], "no other thread waits for the end of the condemned one");
  };
}
