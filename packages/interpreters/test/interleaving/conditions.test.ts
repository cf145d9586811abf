/** Conditions and barriers under every schedule: no notification is lost, and no party waits for one that is dead. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { attachLock, NO_SENDER } from "../../src/kernel/conditions.js";
import { makeOutgoing } from "../../src/kernel/outgoing.js";
import { createSync, syncIdOf } from "../../src/kernel/sync-objects.js";
import type { InterpreterId, Pointer } from "../../src/memory/brands.js";
import {
  EXECUTION_RUNNING,
  EXECUTION_WORD,
  OK,
  S_EXECUTION,
  STATUS_BROKEN,
  STATUS_EMPTY,
  SUPERVISOR_SLOT,
  SYNC_BARRIER,
  SYNC_CONDITION,
  SYNC_LOCK,
  Y_BROKEN,
  Y_INITIAL,
  Y_STATE,
} from "../../src/memory/layout.js";
import { spaceOf } from "../../src/memory/space.js";
import * as atomics from "./atomics.js";
import type { Steps } from "./atomics.js";
import { explore } from "./explore.js";
import { checkMemory } from "./invariants.js";
import { reap, sync } from "./modules.js";
import type { Thread } from "./scheduler.js";
import { block } from "./sync.js";
import { type ModelMemory, slotPointer, World } from "./world.js";

function undertaker(victim: number): Thread {
  return { name: "supervisor", slot: SUPERVISOR_SLOT, body: (m) => reap(m, victim) };
}

interface Scene {
  readonly world: World;
  readonly lock: Pointer;
  readonly q: Pointer;
  readonly slots: readonly number[];
}

function scene(): Scene {
  const world = new World();
  const first = world.interpreters(3);
  const m = world.view(0);
  const lock = createSync(m, SYNC_LOCK, 0, 0);
  const q = createSync(m, SYNC_CONDITION, lock, syncIdOf(m, lock));
  const record = makeOutgoing(spaceOf(Buffer.alloc(4)));
  record.sender = NO_SENDER as InterpreterId;
  assert.equal(attachLock(m, q, record), OK);
  world.remember();
  return { world, lock, q, slots: [first, first + 1, first + 2] };
}

/** A number of tickets behind a lock and a condition, as `Condition` is used: a word of the lock's page that nothing else uses. */
class Tickets {
  readonly scene: Scene;
  taken = 0;
  gaveUp = 0;

  constructor(scene: Scene) {
    this.scene = scene;
  }

  *#acquire(m: ModelMemory): Steps<void> {
    yield* block(m, this.scene.lock, () => sync.lockMutex(m, this.scene.lock));
  }

  taker(name: string, slot: number, hasty = false): Thread {
    const { lock, q } = this.scene;
    const place = lock + Y_INITIAL;
    const take = function* (this: Tickets, m: ModelMemory): Steps<void> {
      yield* this.#acquire(m);
      let notified = true;
      while ((yield* atomics.get(m, place)) === 0 && notified) {
        assert.equal(yield* sync.beginWait(m, q), OK);
        assert.equal(yield* sync.unlockMutex(m, lock), OK);
        notified = yield* block(m, q, () => sync.takeNotification(m, q), hasty);
        if (!notified) yield* sync.cancelWait(m, q);
        yield* this.#acquire(m);
      }
      if (notified) {
        yield* atomics.set(m, place, (yield* atomics.get(m, place)) - 1);
        this.taken++;
      } else this.gaveUp++;
      assert.equal(yield* sync.unlockMutex(m, lock), OK);
    }.bind(this);
    return { name, slot, body: take };
  }

  giver(name: string, slot: number, tickets: number, at = 1): Thread {
    const { lock, q } = this.scene;
    const place = lock + Y_INITIAL;
    const give = function* (this: Tickets, m: ModelMemory): Steps<void> {
      for (let left = tickets; left > 0; left -= at) {
        yield* this.#acquire(m);
        yield* atomics.set(m, place, (yield* atomics.get(m, place)) + at);
        yield* sync.notifyWaits(m, q, at);
        assert.equal(yield* sync.unlockMutex(m, lock), OK);
      }
    }.bind(this);
    return { name, slot, body: give };
  }
}

for (const at of [1, 2]) {
  test(`two wait for tickets, and a third gives two, ${at} at a time`, (t) => {
    const here = scene();
    explore(t, {
      world: here.world,
      preemptions: 1,
      random: 3000,
      program: () => {
        const tickets = new Tickets(here);
        return {
          threads: [
            tickets.taker("A", here.slots[0]),
            tickets.taker("B", here.slots[1]),
            tickets.giver("C", here.slots[2], 2, at),
          ],
          check() {
            checkMemory(here.world);
            assert.equal(tickets.taken, 2);
          },
        };
      },
    });
  });
}

test("one gives up waiting for a ticket: a notification that comes too late for it goes on", (t) => {
  const here = scene();
  explore(t, {
    world: here.world,
    preemptions: 1,
    random: 3000,
    program: () => {
      const tickets = new Tickets(here);
      return {
        threads: [
          tickets.taker("hasty", here.slots[0], true),
          tickets.taker("B", here.slots[1]),
          tickets.giver("C", here.slots[2], 2),
        ],
        check() {
          checkMemory(here.world);
          assert.equal(tickets.taken + tickets.gaveUp, 2);
        },
      };
    },
  });
});

test("one dies at any step of waiting for a ticket: others get theirs", (t) => {
  const here = scene();
  explore(t, {
    world: here.world,
    preemptions: 0,
    random: 3000,
    program: () => {
      const tickets = new Tickets(here);
      const victim = tickets.taker("victim", here.slots[0]);
      return {
        // One ticket for each: the one of the dead may be gone.
        threads: [victim, tickets.taker("B", here.slots[1]), tickets.giver("C", here.slots[2], 2)],
        victims: [victim],
        supervisor: undertaker(here.slots[0]),
        check() {
          checkMemory(here.world);
          assert.ok(tickets.taken >= 1);
        },
      };
    },
  });
});

test("one dies at any step of notifying: its waiters are notified, or can be by another", (t) => {
  const here = scene();
  explore(t, {
    world: here.world,
    preemptions: 0,
    random: 3000,
    program: () => {
      const tickets = new Tickets(here);
      const victim = tickets.giver("victim", here.slots[2], 2, 2);
      const after: Thread = tickets.giver("after", SUPERVISOR_SLOT, 2, 2);
      return {
        threads: [tickets.taker("A", here.slots[0]), tickets.taker("B", here.slots[1]), victim],
        victims: [victim],
        supervisor: {
          name: "supervisor",
          slot: SUPERVISOR_SLOT,
          *body(m) {
            yield* reap(m, here.slots[2]);
            yield* after.body(m);
          },
        },
        check() {
          checkMemory(here.world);
          assert.equal(tickets.taken, 2);
        },
      };
    },
  });
});

/** Parties that come to a barrier, round after round. */
class Parties {
  readonly q: number;
  readonly indices: number[] = [];
  passed = 0;
  broken = 0;

  constructor(q: number) {
    this.q = q;
  }

  thread(name: string, slot: number, rounds: number, hasty = false): Thread {
    return { name, slot, body: (m) => this.#come(m, rounds, hasty) };
  }

  *#come(m: ModelMemory, rounds: number, hasty: boolean): Steps<void> {
    for (let i = 0; i < rounds; i++) {
      const arrival = { round: 0, index: 0 };
      let status = yield* sync.arriveAtBarrier(m, this.q, arrival);
      if (status === STATUS_EMPTY) {
        let last = STATUS_EMPTY;
        const look = function* (q: number): Steps<number> {
          last = yield* sync.awaitRound(m, q, arrival.round);
          return last === STATUS_EMPTY ? last : OK;
        };
        const over = yield* block(m, this.q, () => look(this.q), hasty);
        status = over ? last : yield* sync.giveUpRound(m, this.q, arrival.round);
        if (status === STATUS_EMPTY) status = STATUS_BROKEN;
      }
      if (status === OK) {
        this.passed++;
        this.indices.push(arrival.index);
      } else {
        assert.equal(status, STATUS_BROKEN);
        this.broken++;
        return;
      }
    }
  }
}

function barrier(parties: number): { world: World; q: Pointer; slots: readonly number[] } {
  const world = new World();
  const first = world.interpreters(3);
  const q = createSync(world.view(0), SYNC_BARRIER, 0, parties);
  // All of them are in the middle of a call.
  for (let i = 0; i < 3; i++)
    world.i32[slotPointer(first + i) + S_EXECUTION + EXECUTION_WORD] |= EXECUTION_RUNNING;
  world.remember();
  return { world, q, slots: [first, first + 1, first + 2] };
}

test("three parties meet twice", (t) => {
  const { world, q, slots } = barrier(3);
  explore(t, {
    world,
    preemptions: 1,
    random: 3000,
    program: () => {
      const parties = new Parties(q);
      return {
        threads: slots.map((slot, i) => parties.thread("ABC"[i], slot, 2)),
        check() {
          checkMemory(world);
          assert.equal(parties.passed, 6);
          assert.equal(world.i32[q + Y_STATE], 2);
          assert.deepEqual(parties.indices.toSorted(), [0, 0, 1, 1, 2, 2]);
        },
      };
    },
  });
});

test("one party gives up: all go on, and the barrier is broken unless they were all there", (t) => {
  const { world, q, slots } = barrier(3);
  explore(t, {
    world,
    preemptions: 1,
    random: 3000,
    program: () => {
      const parties = new Parties(q);
      return {
        threads: [
          parties.thread("hasty", slots[0], 1, true),
          parties.thread("B", slots[1], 1),
          parties.thread("C", slots[2], 1),
        ],
        check() {
          checkMemory(world);
          assert.ok(parties.passed === 3 ? parties.broken === 0 : parties.broken === 3);
          assert.equal(world.i32[q + Y_BROKEN] !== 0, parties.broken > 0);
        },
      };
    },
  });
});

test("one party dies at any step after its first round: no other waits for it", (t) => {
  const { world, q, slots } = barrier(2);
  explore(t, {
    world,
    preemptions: 0,
    random: 3000,
    program: () => {
      const parties = new Parties(q);
      let met = false;
      const victim = parties.thread("victim", slots[0], 2);
      const other = parties.thread("B", slots[1], 2);
      return {
        threads: [victim, other],
        victims: [victim],
        supervisor: {
          name: "supervisor",
          slot: SUPERVISOR_SLOT,
          *body(m) {
            // One that has not come yet cannot be told from one that comes later.
            met = parties.passed > 0;
            yield* reap(m, slots[0]);
            if (!met) yield* sync.abortBarrier(m, q);
          },
        },
        check() {
          checkMemory(world);
          assert.ok(parties.passed + parties.broken > 0);
        },
      };
    },
  });
});
