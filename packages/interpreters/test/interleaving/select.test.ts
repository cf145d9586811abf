/** Selects under every schedule: a thread that waits for two queues takes one item, and keeps no other thread from the other queue's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createQueue } from "../../src/kernel/queue-lifetime.js";
import { put } from "../../src/kernel/queues.js";
import { makeReceived } from "../../src/kernel/receive.js";
import {
  OK,
  Q_GETTERS,
  Q_PUTTERS,
  RECORD_UNBOUND_SHIFT,
  S_ID,
  STATUS_EMPTY,
  STATUS_FULL,
  SUPERVISOR_SLOT,
  UNBOUND_ITEM,
  UNBOUND_ITEM_KEEP,
} from "../../src/memory/layout.js";
import type { Steps } from "./atomics.js";
import { explore } from "./explore.js";
import { checkMemory } from "./invariants.js";
import { Consumer, contentOf, type Item, Producer, remaining, settle } from "./items.js";
import { observe, park, queues, reap } from "./modules.js";
import { record } from "./pieces.js";
import type { Thread } from "./scheduler.js";
import { type ModelMemory, World } from "./world.js";

const item = (unbound: number = UNBOUND_ITEM): Item => ({ bytes: 20, unbound });
const undertaker = (victim: number): Thread => ({
  name: "supervisor",
  slot: SUPERVISOR_SLOT,
  body: (m) => reap(m, victim),
});

/** Two queues, which main holds, and four interpreters. */
function scene(maxsize: number, before: number) {
  const world = new World();
  const first = world.interpreters(4);
  const m = world.view(0);
  const [q1, q2] = [0, 1].map(() => createQueue(m, maxsize, UNBOUND_ITEM, false));
  for (const q of [q1, q2]) {
    for (let i = 0; i < before; i++) assert.equal(put(m, q, false, record(0, 0, contentOf(0, i, 20))), OK);
  }
  world.remember();
  return { world, q1, q2, slots: [first, first + 1, first + 2, first + 3] };
}

/** As `blockForFirst` (select/selection.ts): returns the index of the queue for which the attempt succeeded. */
function* first(
  m: ModelMemory,
  qs: readonly number[],
  list: typeof Q_GETTERS | typeof Q_PUTTERS,
  attempt: (q: number) => Steps<number>,
): Steps<number> {
  const enlisted = qs.map(() => false);
  const notYet = list === Q_GETTERS ? STATUS_EMPTY : STATUS_FULL;
  let chosen = -1;
  while (chosen === -1) {
    const seen = yield* observe(m);
    for (const [i, q] of qs.entries()) {
      if (enlisted[i] && (yield* queues.isWaiting(m, q, list))) continue;
      enlisted[i] = true;
      if ((yield* attempt(q)) === notYet) continue;
      chosen = i;
      break;
    }
    if (chosen === -1) yield* park(m, seen, Infinity);
  }
  for (const [i, q] of qs.entries()) if (enlisted[i]) yield* queues.stopWaiting(m, q, list);
  return chosen;
}

/** Takes one item from either queue. With `putsBack`, one from the second goes back, so that only a ring that is lost can keep another from it. */
class SelectingConsumer extends Consumer {
  readonly #putsBack: boolean;

  constructor(slot: number, putsBack: boolean) {
    super(slot);
    this.#putsBack = putsBack;
  }

  selecting(name: string, qs: readonly number[]): Thread {
    return { name, slot: this.slot, body: (m) => this.#select(m, qs) };
  }

  *#select(m: ModelMemory, qs: readonly number[]): Steps<void> {
    const into = makeReceived();
    const chosen = yield* first(m, qs, Q_GETTERS, (q) => queues.take(m, q, true, into));
    const content = into.bytes.subarray(into.start, into.start + into.length);
    if (chosen === 1 && this.#putsBack)
      yield* queues.put(m, qs[1], false, record(UNBOUND_ITEM << RECORD_UNBOUND_SHIFT, into.sender, content));
    else this.got.push({ state: into.state, value: content.readInt32LE(0) });
  }
}

/** Puts one item into either queue. With `takesBack`, it takes one back from the second, so that only a ring that is lost can keep another from its room. */
class SelectingProducer {
  readonly slot: number;
  readonly #takesBack: boolean;
  chosen = -1;

  constructor(slot: number, takesBack: boolean) {
    this.slot = slot;
    this.#takesBack = takesBack;
  }

  selecting(name: string, qs: readonly number[]): Thread {
    return { name, slot: this.slot, body: (m) => this.#select(m, qs) };
  }

  *#select(m: ModelMemory, qs: readonly number[]): Steps<void> {
    const sender = m.i32[m.me + S_ID];
    const mine = record(UNBOUND_ITEM_KEEP << RECORD_UNBOUND_SHIFT, sender, contentOf(this.slot, 0, 20));
    this.chosen = yield* first(m, qs, Q_PUTTERS, (q) => queues.put(m, q, true, mine));
    if (this.chosen !== 1 || !this.#takesBack) return;
    const into = makeReceived();
    assert.equal(yield* queues.take(m, qs[1], false, into), OK);
    assert.equal(into.sender, sender, "the item before it has been taken, or there was no room");
    this.chosen = -2;
  }
}

for (const dies of [false, true]) {
  const title = dies ? ", who dies at any step," : "";
  test(`one who selects between two queues${title} leaves the other's item to the one who waits there`, (t) => {
    const { world, q1, q2, slots } = scene(0, 0);
    explore(t, {
      world,
      preemptions: dies ? 0 : 1,
      random: 2000,
      program: () => {
        const producers = [
          new Producer(slots[0], [item()]),
          new Producer(slots[1], dies ? [item(), item()] : [item()]),
        ];
        const selecting = new SelectingConsumer(slots[2], !dies);
        const consumer = new Consumer(slots[3]);
        const victim = selecting.selecting("S", [q1, q2]);
        return {
          threads: [
            producers[0].thread("P1", q1),
            producers[1].thread("P2", q2),
            victim,
            consumer.thread("C", q2, 1),
          ],
          ...(dies && { victims: [victim], supervisor: undertaker(slots[2]) }),
          check(dead: readonly unknown[]) {
            checkMemory(world);
            const mayBeLost = dead.length > 0 && selecting.got.length === 0 ? 1 : 0;
            const lost = [q1, q2].map((q, i) => {
              const put = producers[i].done;
              const taken = [...selecting.got, ...consumer.got].filter(
                ({ value }) => Math.floor(value / 1000) === slots[i],
              );
              return put - taken.length - remaining(world, q).length;
            });
            assert.ok(lost[0] + lost[1] <= mayBeLost, `${lost.join()} items are lost`);
            for (const [i, q] of [q1, q2].entries()) {
              settle(world, {
                q,
                producers: [producers[i]],
                consumers: [selecting, consumer],
                mayBeLost: lost[i],
              });
              assert.equal(world.i32[q + Q_GETTERS], 0, "nobody waits");
            }
          },
        };
      },
    });
  });

  test(`one who selects between putting into two queues${title} leaves the other's room to the one who waits there`, (t) => {
    const { world, q1, q2, slots } = scene(1, 1);
    explore(t, {
      world,
      preemptions: 0,
      atAtomics: dies ? 0 : 1,
      random: 2000,
      program: () => {
        const selecting = new SelectingProducer(slots[0], !dies);
        const producer = new Producer(slots[1], [item()]);
        const consumers = [new Consumer(slots[2]), new Consumer(slots[3])];
        const victim = selecting.selecting("S", [q1, q2]);
        return {
          threads: [
            victim,
            producer.thread("P", q2),
            consumers[0].thread("C1", q1, 1),
            consumers[1].thread("C2", q2, dies ? 2 : 1),
          ],
          ...(dies && { victims: [victim], supervisor: undertaker(slots[0]) }),
          check(dead: readonly unknown[]) {
            checkMemory(world);
            const all = [
              ...remaining(world, q1),
              ...remaining(world, q2),
              ...consumers.flatMap(({ got }) => got),
            ];
            const mine = all.filter(({ value }) => Math.floor(value / 1000) === slots[0]);
            assert.ok(mine.length <= 1, "it is put once");
            if (dead.length === 0) assert.equal(mine.length, selecting.chosen === -2 ? 0 : 1);
            for (const q of [q1, q2]) assert.equal(world.i32[q + Q_PUTTERS], 0, "nobody waits");
          },
        };
      },
    });
  });
}
