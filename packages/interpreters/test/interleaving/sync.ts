/**
 * Threads that use synchronization objects, for scenarios: the blocking loops of the public classes over the transformed modules, and the
 * accounts that must balance in the end.
 */
import assert from "node:assert/strict";
import { OK, Q_GETTERS, STATUS_EMPTY, Y_INITIAL } from "../../src/memory/layout.js";
import * as atomics from "./atomics.js";
import type { Steps } from "./atomics.js";
import { observe, park, queues, sync } from "./modules.js";
import type { Thread } from "./scheduler.js";
import type { ModelMemory } from "./world.js";

/** Tries until it succeeds, sleeping while this interpreter is on the list. Returns false if it gave up after one sleep (`hasty`). */
export function* block(
  m: ModelMemory,
  q: number,
  attempt: () => Steps<number>,
  hasty = false,
): Steps<boolean> {
  for (let tries = 0; ; tries++) {
    const seen = yield* observe(m);
    if (tries === 0 || !(yield* queues.isWaiting(m, q, Q_GETTERS))) {
      const status = yield* attempt();
      assert.ok(status === OK || status === STATUS_EMPTY);
      if (status === OK) {
        yield* sync.stopWaitingForSync(m, q);
        return true;
      }
    }
    if (hasty && tries > 0) {
      yield* sync.stopWaitingForSync(m, q);
      return false;
    }
    yield* park(m, seen, hasty ? 1 : Infinity);
  }
}

/** What a lock protects, in a scenario: who is inside, and a number that is not raised by one step. */
export class Protected {
  readonly lock: number;
  readonly place: number;
  inside = -1;
  entered = 0;
  /** Threads that gave up, and the ids of the dead that owners were told of. */
  gaveUp = 0;
  readonly abandoned: number[] = [];

  /** The lock at `lock` protects a word of its page that nothing else uses. */
  constructor(lock: number) {
    this.lock = lock;
    this.place = lock + Y_INITIAL;
  }

  *critical(m: ModelMemory): Steps<void> {
    assert.ok(this.inside === -1 || m.world.over.has(this.inside), "one at a time");
    this.inside = m.slot;
    const id = yield* sync.takeAbandoned(m, this.lock);
    if (id !== -1) this.abandoned.push(id);
    const before = yield* atomics.get(m, this.place);
    yield* atomics.set(m, this.place, before + 1);
    this.entered++;
    assert.equal(this.inside, m.slot, "one at a time");
    this.inside = -1;
  }

  /** Acquires and releases the lock several times. */
  thread(name: string, slot: number, times: number, hasty = false): Thread {
    return { name, slot, body: (m) => this.#enter(m, times, hasty) };
  }

  *#enter(m: ModelMemory, times: number, hasty: boolean): Steps<void> {
    for (let i = 0; i < times; i++) {
      if (yield* block(m, this.lock, () => sync.lockMutex(m, this.lock), hasty)) {
        yield* this.critical(m);
        assert.equal(yield* sync.unlockMutex(m, this.lock), OK);
      } else this.gaveUp++;
    }
  }
}

/** Permits of a semaphore that threads take and give back. */
export class Permits {
  readonly semaphore: number;
  readonly count: number;
  /** By slot, how many it has. */
  readonly held = new Map<number, number>();
  gaveUp = 0;

  constructor(semaphore: number, count: number) {
    this.semaphore = semaphore;
    this.count = count;
  }

  /** Takes a permit several times, and gives it back unless `keep`. */
  thread(name: string, slot: number, times: number, { hasty = false, keep = false } = {}): Thread {
    return { name, slot, body: (m) => this.#use(m, times, hasty, keep) };
  }

  *#use(m: ModelMemory, times: number, hasty: boolean, keep: boolean): Steps<void> {
    for (let i = 0; i < times; i++) {
      if (!(yield* block(m, this.semaphore, () => sync.acquirePermit(m, this.semaphore, true), hasty))) {
        this.gaveUp++;
        continue;
      }
      this.#add(m.slot, 1);
      let held = 0;
      for (const [slot, permits] of this.held) if (!m.world.over.has(slot)) held += permits;
      assert.ok(held <= this.count, "no more are held than there are");
      if (keep) continue;
      this.#add(m.slot, -1);
      assert.equal(yield* sync.releasePermits(m, this.semaphore, 1), OK);
    }
  }

  #add(slot: number, by: number): void {
    this.held.set(slot, (this.held.get(slot) ?? 0) + by);
  }
}
