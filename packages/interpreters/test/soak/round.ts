/**
 * One round of a soak: producers and consumers work on one queue. Most of them are killed at some point, some are replaced.
 * When only survivors are left, the queue is emptied, and the ledger must account for each item.
 */
import assert from "node:assert/strict";
import { setImmediate as turn, setTimeout } from "node:timers/promises";
import {
  create,
  createQueue,
  fromModule,
  type Interpreter,
  UNBOUND,
  UNBOUND_ERROR,
  UNBOUND_KEEP,
  UNBOUND_REMOVE,
  type UnboundItems,
} from "interpreters";
import { kill, limitsOfVictims, turns, victim, type Victim } from "../faults/harness.js";
import type { Fuse } from "../faults/victims.js";
import { limitsMemory } from "../support/memory.js";
import { type Chance, getters, putters } from "../support/queues.js";
import { behaviourOf, BEHAVIOURS, type Item, type Items } from "./items.js";
import { CONSUMERS, ITEMS, type Ledger } from "./ledger.js";
import { checkLocks, makeLocks } from "./locks.js";
import { type Place, Taker } from "./workers.js";

const { consume, produce } = fromModule<typeof import("./workers.js")>(
  new URL("workers.js", import.meta.url),
);
const NEVER: Fuse = { way: "none", steps: 0 };
/** The main interpreter takes part as this consumer. It is never killed; neither are consumer 0 and producer 0. */
const MAIN = CONSUMERS - 1;
/** Longer than any round takes, even on a loaded machine: a hang becomes a failure. Milliseconds. */
const PATIENCE = 120_000;

/** Rounds of different lanes run side by side. A lane has two interpreters that stay, and ledgers, the first of which is the next round's. */
export interface Lane {
  readonly ledgers: Ledger[];
  readonly producer: Interpreter;
  readonly consumer: Interpreter;
  /** The interpreters that join next: they boot while others work. */
  readonly spares: Interpreter[];
}

export function openLane(ledgers: Ledger[]): Lane {
  const spares = [create(limitsOfVictims), create(limitsOfVictims)];
  return { ledgers, producer: create(), consumer: create(), spares };
}

export async function closeLane({ producer, consumer, spares }: Lane): Promise<void> {
  await Promise.all([producer, consumer, ...spares].map((interp) => interp.close()));
}

/** How many items met which fate. */
export interface Tally {
  put: number;
  delivered: number;
  replaced: number;
  removed: number;
  /** Died with a consumer that had taken it. */
  lost: number;
}

export function noTally(): Tally {
  return { put: 0, delivered: 0, replaced: 0, removed: 0, lost: 0 };
}

/** Decides how a victim ends by itself, if it does, and after how many steps. */
function fuseFrom(chance: Chance): Fuse {
  const way = chance.pick(["exit", "throw", "memory", "return", "return", "none", "none", "none"] as const);
  // Running out of memory takes by far the longest.
  return {
    way: way === "memory" && (!limitsMemory || chance.next() < 0.5) ? "exit" : way,
    steps: 1 + chance.below(chance.pick([5, 50, 150])),
  };
}

interface Member extends Victim {
  readonly role: "producer" | "consumer";
  /** Its number among the producers, or among the consumers. */
  readonly number: number;
  ended: boolean;
}

class Round {
  readonly #chance: Chance;
  readonly #lane: Lane;
  readonly #ledger: Ledger;
  readonly #place: Place;
  readonly #items: Items;
  readonly #taker: Taker;
  readonly #members: Member[] = [];
  /** The most items of each dead producer that may have come out unchanged. */
  readonly #mayCome = new Map<number, number>();
  /** Consumers 0 and MAIN survive, so the items in their hands are not lost. */
  #producers = 1;
  #consumers = 1;

  constructor(chance: Chance, lane: Lane) {
    this.#chance = chance;
    this.#lane = lane;
    this.#ledger = lane.ledgers.shift()!;
    lane.ledgers.push(this.#ledger);
    this.#place = { ledger: this.#ledger.number, seed: chance.below(2 ** 31), locks: makeLocks() };
    this.#items = createQueue<Item>(chance.pick([0, 0, 1, 2, 10, 100]), {
      unboundItems: chance.pick(BEHAVIOURS) as typeof UNBOUND_KEEP,
    }) as Items;
    this.#taker = new Taker(this.#place, this.#items, MAIN);
    this.#ledger.clear();
  }

  async run(): Promise<Tally> {
    const [lane, items, chance] = [this.#lane, this.#items, this.#chance];
    const survivor = chance.below(400);
    let produced = false;
    const producing = lane.producer
      .call(produce, this.#place, items, 0, survivor, NEVER)
      .finally(() => (produced = true));
    const consuming =
      chance.next() < 0.5 ? lane.consumer.call(consume, this.#place, items, 0, NEVER) : undefined;
    // Awaited below; until then they must not count as unhandled rejections.
    producing.catch(() => {});
    consuming?.catch(() => {});
    for (let toCome = 2 + chance.below(8); toCome > 0 || this.#members.length > 0;) {
      while (toCome > 0 && (this.#members.length < 2 || chance.next() < 0.4)) {
        await this.#join();
        toCome--;
      }
      await this.#live();
      if (chance.next() < 0.5) await this.#moves(consuming !== undefined);
      const [next] = this.#members.splice(chance.below(this.#members.length), 1);
      await kill(chance, next);
      if (next.role === "producer") this.#bury(next.number);
    }
    while (!produced) {
      await this.#taker.drain();
      await turn();
    }
    await producing;
    if (consuming === undefined) {
      const size = items.qsize();
      assert.equal(await this.#taker.drain(), size, "as many items came out as qsize() said");
    }
    items.shutdown();
    await consuming;
    assert.deepEqual([items.qsize(), getters(items), putters(items)], [0, 0, 0], "items, getters, putters");
    const tally = this.#reckon();
    await checkLocks(this.#place.locks);
    items.close();
    return tally;
  }

  /** Lets the others work, and takes part. */
  async #live(): Promise<void> {
    const chance = this.#chance;
    // The delay waits for no condition: it picks a random moment.
    if (chance.next() < 0.7) await setTimeout(chance.below(15));
    else await turns(chance.below(30));
    if (chance.next() < 0.5) for (let n = chance.below(20); n > 0; n--) await this.#taker.takeSome(n, false);
  }

  async #join(): Promise<void> {
    const [items, place, chance] = [this.#items, this.#place, this.#chance];
    const role = chance.next() < 0.5 ? "producer" : "consumer";
    const fuse = fuseFrom(chance);
    const number = role === "producer" ? this.#producers++ : this.#consumers++;
    const interp = this.#lane.spares.shift()!;
    this.#lane.spares.push(create(limitsOfVictims));
    // Most have booted before they begin; otherwise a kill would end them before they did anything.
    if (chance.next() < 0.9) await interp.call(Math.max, 0);
    const joined = victim(chance, interp, fuse, (view) =>
      role === "producer"
        ? view.call(produce, place, items, number, ITEMS, fuse)
        : view.call(consume, place, items, number, fuse),
    );
    const member: Member = { ...joined, role, number, ended: false };
    member.end.then(
      () => (member.ended = true),
      () => (member.ended = true),
    );
    this.#members.push(member);
  }

  /** Waits until an item moves, if a consumer could take one, or if a putter waits although there is room. */
  async #moves(consuming: boolean): Promise<void> {
    const ledger = this.#ledger;
    const items = this.#items;
    const moved = (): number => ledger.sum("put") + ledger.sum("taken");
    const before = moved();
    const able = (): boolean =>
      consuming || this.#members.some(({ role, ended }) => role === "consumer" && !ended);
    const patience = performance.now() + PATIENCE / 2;
    while (moved() === before && ((!items.empty() && able()) || (!items.full() && putters(items) > 0))) {
      assert.ok(
        performance.now() < patience,
        `nothing moves: ${items.qsize()} of ${items.maxsize} items, ${getters(items)} wait to get, ${putters(items)} to put`,
      );
      await turn();
    }
  }

  /** A producer is gone: from now on its items no longer come out, except for those that a consumer has in hand. */
  #bury(producer: number): void {
    const ledger = this.#ledger;
    let inHands = 0;
    for (let consumer = 0; consumer < CONSUMERS; consumer++) inHands += ledger.inHandOf(consumer);
    this.#mayCome.set(producer, this.#delivered(producer) + inHands);
  }

  /** How many of a producer's items came out, not counting those that are delivered even after its death. */
  #delivered(producer: number): number {
    let count = 0;
    for (let n = 0; n < this.#ledger.begunBy(producer); n++)
      if (this.#fateOf(producer, n) !== UNBOUND_KEEP) count += this.#ledger.wasDelivered(producer, n);
    return count;
  }

  #fateOf(producer: number, n: number): UnboundItems {
    // A survivor's items are never replaced or removed.
    if (producer === 0) return UNBOUND_KEEP;
    return behaviourOf(this.#place.seed, producer, n) ?? this.#items.unboundItems;
  }

  /** Asserts that each item came out once, was replaced once, was removed, or was in the hand of a killed consumer. */
  #reckon(): Tally {
    const ledger = this.#ledger;
    assert.ok(!ledger.wrong, "a consumer saw what must not be");
    // First: the thread of a dead consumer may run on, note what it has in hand, and empty its hand, between these lines and those below.
    let inHands = 0;
    for (let consumer = 1; consumer < this.#consumers; consumer++) inHands += ledger.inHandOf(consumer);
    const tally = noTally();
    /** By behaviour: items that were certainly put and did not come out, and items that a dying producer may have put. */
    const missing = new Map(BEHAVIOURS.map((each) => [each, 0]));
    const maybe = new Map(BEHAVIOURS.map((each) => [each, 0]));
    for (let producer = 0; producer < this.#producers; producer++) {
      const [put, begun] = [ledger.putBy(producer), ledger.begunBy(producer)];
      assert.ok(producer !== 0 || put === begun, "the producer that nobody killed put what it began");
      tally.put += put;
      const most = this.#mayCome.get(producer) ?? Infinity;
      const came = this.#delivered(producer);
      assert.ok(
        came <= most,
        `${came} items of dead producer ${producer} came as themselves, at most ${most} should`,
      );
      for (let n = 0; n < ITEMS; n++) {
        const times = ledger.wasDelivered(producer, n);
        assert.ok(times <= 1, `item ${n} of producer ${producer} came ${times} times`);
        assert.ok(times === 0 || n < begun, `item ${n} of producer ${producer} came and was never put`);
        tally.delivered += times;
        if (times > 0 || n >= begun) continue;
        const behaviour = this.#fateOf(producer, n);
        const list = n < put ? missing : maybe;
        list.set(behaviour, list.get(behaviour)! + 1);
      }
    }
    tally.lost = missing.get(UNBOUND_KEEP)!;
    for (const [behaviour, count] of [
      [UNBOUND, ledger.sum("replaced")],
      [UNBOUND_ERROR, ledger.sum("destroyed")],
    ] as const) {
      const [gone, more] = [missing.get(behaviour)!, maybe.get(behaviour)!];
      assert.ok(
        count <= gone + more,
        `${count} items were replaced (${String(behaviour)}), at most ${gone + more} should`,
      );
      tally.replaced += count;
      tally.lost += Math.max(0, gone - count);
    }
    tally.removed = missing.get(UNBOUND_REMOVE)!;
    assert.ok(
      tally.lost <= inHands,
      `${tally.lost} items are missing, at most ${inHands} were in the hands of consumers that were killed`,
    );
    return tally;
  }
}

/** Runs a round; fails if the round hangs. */
export async function round(chance: Chance, lane: Lane): Promise<Tally> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = globalThis.setTimeout(() => reject(new Error("the round hangs")), PATIENCE);
  });
  try {
    return await Promise.race([new Round(chance, lane).run(), patience]);
  } finally {
    clearTimeout(timer);
  }
}
