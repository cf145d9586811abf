/** Queues inside items under every schedule: never freed while held or carried, freed as soon as neither. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pointer, Slot } from "../../src/memory/brands.js";
import {
  H_NEXT_QUEUE,
  H_QUEUES,
  OK,
  RECORD_UNBOUND_SHIFT,
  Q_HOLDERS,
  Q_ITEM_REFERENCES,
  REF_QUEUE,
  REF_WORDS,
  S_ID,
  STATUS_EMPTY,
  SUPERVISOR_SLOT,
  UNBOUND_ITEM,
  UNBOUND_ITEM_KEEP,
  UNBOUND_ITEM_REMOVE,
} from "../../src/memory/layout.js";
import { hasBit } from "../../src/memory/bitset.js";
import {
  collectQueues as collectAtOnce,
  createQueue,
  releaseQueue as releaseAtOnce,
} from "../../src/kernel/queue-lifetime.js";
import { queueIdOf, sizeOf } from "../../src/kernel/queue-state.js";
import { put } from "../../src/kernel/queues.js";
import { makeReceived, wordAt } from "../../src/kernel/receive.js";
import type { Steps } from "./atomics.js";
import { explore } from "./explore.js";
import { checkMemory, queuesOf } from "./invariants.js";
import { observe, reap, queues, reconcileReferences, park } from "./modules.js";
import { record } from "./pieces.js";
import type { Program, Thread } from "./scheduler.js";
import { type ModelMemory, slotPointer, World } from "./world.js";

class Scene {
  readonly world = new World();
  /** Main holds this queue, and it carries the others. */
  readonly carrier: Pointer;
  /** The giver made this queue and is its only holder. */
  readonly gift: Pointer;
  readonly giftId: number;
  readonly giver: Slot;
  readonly taker: Slot;

  constructor() {
    this.giver = this.world.interpreters(2);
    this.taker = (this.giver + 1) as Slot;
    this.carrier = createQueue(this.world.view(0), 0, UNBOUND_ITEM, false);
    this.gift = createQueue(this.world.view(this.giver), 0, UNBOUND_ITEM, false);
    this.giftId = queueIdOf(this.world.view(0), this.gift);
    // Items in it, so that freeing it frees pages of segments, too.
    const bytes = Buffer.alloc(2000);
    for (let i = 0; i < 2; i++) put(this.world.view(0), this.gift, false, record(0, 0, bytes));
    this.world.remember();
  }

  /** Puts the gift into the carrier and releases it, as a collected handle does. */
  *give(m: ModelMemory, unbound: number): Steps<void> {
    const sender = m.i32[m.me + S_ID];
    const references = [REF_QUEUE, this.gift, this.giftId];
    const gift = record(unbound << RECORD_UNBOUND_SHIFT, sender, Buffer.alloc(8), references);
    yield* queues.put(m, this.carrier, false, gift);
    yield* this.release(m, this.gift);
  }

  *release(m: ModelMemory, q: number): Steps<void> {
    if (yield* queues.releaseQueue(m, q, m.slot)) yield* queues.collectQueues(m);
  }

  /** Takes the gift, uses it, releases it. */
  *receive(m: ModelMemory, waits: boolean): Steps<boolean> {
    const into = makeReceived();
    for (;;) {
      const seen = yield* observe(m);
      const status = yield* queues.take(m, this.carrier, waits, into);
      if (status === OK) break;
      assert.equal(status, STATUS_EMPTY);
      if (!waits) return false;
      yield* park(m, seen, Infinity);
    }
    if (into.state !== 0) return false;
    assert.equal(into.references * REF_WORDS, 3);
    assert.deepEqual(
      [wordAt(into, 0), wordAt(into, 1), wordAt(into, 2)],
      [REF_QUEUE, this.gift, this.giftId],
    );
    assert.equal(yield* queues.queueIdOf(m, this.gift), this.giftId, "the queue is there for whoever got it");
    assert.equal(yield* queues.sizeOf(m, this.gift), 2);
    yield* this.release(m, this.gift);
    return true;
  }

  /** No interpreter holds the gift and no record carries it: it must have been freed. */
  checkGone(): void {
    assert.deepEqual(queuesOf(this.world), [this.carrier], "the gift is freed");
    checkMemory(this.world);
  }
}

test("a queue goes from hand to hand inside an item, and is freed by the last", (t) => {
  const scene = new Scene();
  explore(t, {
    world: scene.world,
    preemptions: 2,
    random: 2000,
    program: () => ({
      threads: [
        { name: "giver", slot: scene.giver, body: (m) => scene.give(m, UNBOUND_ITEM) },
        {
          name: "taker",
          slot: scene.taker,
          *body(m) {
            assert.ok(yield* scene.receive(m, true));
          },
        },
      ],
      check: () => scene.checkGone(),
    }),
  });
});

test("somebody looks for abandoned queues all the while: the one under way is not among them", (t) => {
  const scene = new Scene();
  explore(t, {
    world: scene.world,
    preemptions: 1,
    random: 2000,
    program: () => ({
      threads: [
        { name: "giver", slot: scene.giver, body: (m) => scene.give(m, UNBOUND_ITEM) },
        {
          name: "taker",
          slot: scene.taker,
          *body(m) {
            assert.ok(yield* scene.receive(m, true));
          },
        },
        { name: "collector", slot: SUPERVISOR_SLOT, body: (m) => queues.collectQueues(m) },
      ],
      check: () => scene.checkGone(),
    }),
  });
});

for (const [what, unbound, who] of [
  ["who gives it (its item stays)", UNBOUND_ITEM_KEEP, "giver"],
  ["who gives it (its item goes)", UNBOUND_ITEM_REMOVE, "giver"],
  ["who takes it", UNBOUND_ITEM_KEEP, "taker"],
] as const) {
  test(`a queue is inside an item, and ${what} dies at any step: it is never freed under anybody`, (t) => {
    const scene = new Scene();
    const { world } = scene;
    explore(t, {
      world,
      preemptions: 0,
      atAtomics: 1,
      random: 1500,
      program: (): Program => {
        const giver: Thread = { name: "giver", slot: scene.giver, body: (m) => scene.give(m, unbound) };
        const taker: Thread = {
          name: "taker",
          slot: scene.taker,
          *body(m) {
            yield* scene.receive(m, false);
          },
        };
        const victim = who === "giver" ? giver : taker;
        return {
          threads: [giver, taker],
          victims: [victim],
          supervisor: {
            name: "supervisor",
            slot: SUPERVISOR_SLOT,
            *body(m) {
              if (yield* reap(m, victim.slot)) return;
              while (!(yield* reconcileReferences(m)));
              yield* queues.collectQueues(m);
            },
          },
          check() {
            checkMemory(world);
            const left = queuesOf(world).includes(scene.gift);
            const carried = world.i32[scene.gift + Q_ITEM_REFERENCES] > 0;
            const survivor = victim === giver ? scene.taker : scene.giver;
            const held = left && hasBit(world.view(0), scene.gift + Q_HOLDERS, survivor);
            assert.equal(left, left && (carried || held), "what nobody holds or carries is freed");
            if (left)
              assert.equal(
                queueIdOf(world.view(0), scene.gift),
                scene.giftId,
                "what is carried is not closed",
              );
          },
        };
      },
    });
  });
}

test("who makes a queue dies at any step: whoever found it by its id keeps it, else it is gone", (t) => {
  const world = new World();
  const maker = world.interpreters(2);
  const id = world.i32[H_NEXT_QUEUE];
  explore(t, {
    world,
    preemptions: 0,
    atAtomics: 1,
    random: 2000,
    program: (): Program => {
      let found: Pointer = 0;
      const victim: Thread = {
        name: "maker",
        slot: maker,
        *body(m) {
          yield* queues.createQueue(m, 0, UNBOUND_ITEM, false);
        },
      };
      const finder: Thread = {
        name: "finder",
        slot: maker + 1,
        *body(m) {
          found = yield* queues.findQueue(m, id);
          if (found === 0) return;
          const sender = m.i32[m.me + S_ID];
          assert.equal(yield* queues.put(m, found, false, record(0, sender, Buffer.alloc(8))), OK);
        },
      };
      return {
        threads: [victim, finder],
        victims: [victim],
        supervisor: { name: "supervisor", slot: SUPERVISOR_SLOT, body: (m) => reap(m, maker) },
        check() {
          checkMemory(world);
          assert.deepEqual(queuesOf(world), found === 0 ? [] : [found]);
          if (found !== 0) assert.equal(sizeOf(world.view(0), found), 1);
        },
      };
    },
  });
});

test("queues that carry each other go one after the other, all in one collection", () => {
  const scene = new Scene();
  const { world } = scene;
  const m = world.view(scene.giver);
  const inner = createQueue(m, 0, UNBOUND_ITEM, false);
  const id = world.i32[slotPointer(scene.giver) + S_ID];
  const references = [REF_QUEUE, inner, queueIdOf(m, inner)];
  assert.equal(put(m, scene.gift, false, record(0, id, Buffer.alloc(8), references)), OK);
  assert.equal(releaseAtOnce(m, inner, scene.giver), false, "the gift carries it");
  assert.equal(releaseAtOnce(m, scene.gift, scene.giver), true);
  collectAtOnce(m);
  assert.equal(world.i32[H_QUEUES], scene.carrier);
  scene.checkGone();
});
