/** Helpers for the tests of queues and of fault injection: inspection of the shared memory, and seeded random numbers. */
import assert from "node:assert/strict";
import { type Interpreter, listAll, type Queue } from "interpreters";
import { runtime } from "../../src/thread/current.js";
import { idOf, isAlive } from "../../src/kernel/registry.js";
import { get, load, refresh } from "../../src/memory/atomics.js";
import type { Pointer, QueueId, Slot } from "../../src/memory/brands.js";
import * as L from "../../src/memory/layout.js";
import { lock, unlock } from "../../src/memory/lock.js";
import { hasBit } from "../../src/memory/bitset.js";
import { lockChannel, unlockChannel } from "../../src/kernel/channel-locks.js";
import { findQueue } from "../../src/kernel/queue-lifetime.js";
import { gc } from "./garbage.js";
import { until } from "./processes.js";

export { gc };

/** The queue's pointer into shared memory. Looked up by id: the queue's class is the bundle's, and tests import another one. */
export function pointerOf<T, M>({ id }: Queue<T, M>): Pointer {
  return findQueue(runtime().m, id as QueueId);
}

/** How many interpreters are on the queue's list of getters. */
export function getters<T, M>(queue: Queue<T, M>): number {
  return load(runtime().m, pointerOf(queue) + L.Q_GETTERS);
}

/** How many interpreters wait for a synchronization object. */
export function waitersOf({ id }: { readonly id: number }): number {
  const { m } = runtime();
  return load(m, findQueue(m, (-2 - id) as QueueId) + L.Q_GETTERS);
}

export function putters<T, M>(queue: Queue<T, M>): number {
  return load(runtime().m, pointerOf(queue) + L.Q_PUTTERS);
}

/** The interpreters that `create` made. */
export function created(): Interpreter[] {
  return listAll().filter((interp) => interp.whence === "interpreters module");
}

/** Their ids, without making handles to them. */
export function createdIds(): number[] {
  const { m } = runtime();
  const ids: number[] = [];
  for (let slot = 0 as Slot; slot < get(m, L.H_SLOTS_USED); slot++) {
    if (isAlive(m, slot) && get(m, L.slotPointer(slot) + L.S_WHENCE) === L.WHENCE_CREATED)
      ids.push(idOf(m, slot));
  }
  return ids;
}

/** A generator of numbers in [0, 1), the same for the same seed (mulberry32). */
export class Chance {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  /** 0 … n - 1. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)];
  }
}

/** Bytes of the shared memory: its current size, and how much of that has an owner. */
export function sharedMemory(): { size: number; inUse: number } {
  const { m } = runtime();
  const [pages, free] = [load(m, L.H_PAGES), load(m, L.H_FREE_PAGES)];
  const first = load(m, L.H_FIRST_PAGE);
  return { size: pages * L.PAGE_BYTES, inUse: (pages - first - free) * L.PAGE_BYTES };
}

export interface Pages {
  /** Spans that all interpreters own and no channel uses. */
  readonly leaked: string[];
  /** Pages owned by each slot that owns any. */
  readonly bySlot: Map<number, number>;
}

/** Calls `look` with each queue, while none is made or freed. */
function eachQueue(look: (q: Pointer) => void): void {
  const { m } = runtime();
  lock(m, L.H_REGISTRY_LOCK);
  try {
    refresh(m);
    for (let q = get(m, L.H_QUEUES) as Pointer; q !== 0; q = get(m, q + L.Q_NEXT) as Pointer) look(q);
  } finally {
    unlock(m, L.H_REGISTRY_LOCK);
  }
}

/** The pages that hold what is in channel `c`, while nothing is put or taken there. */
function pagesIn(c: Pointer): [page: number, what: string][] {
  const { m } = runtime();
  const found: [number, string][] = [];
  lockChannel(m, c);
  try {
    refresh(m);
    let chunk = get(m, c + L.C_HEAD_SEGMENT);
    if (chunk === 0) return found;
    const inline = get(m, c + L.C_INLINE);
    const end = get(m, c + L.C_TAIL);
    if (chunk !== inline) found.push([chunk, "a chunk"]);
    for (let p = get(m, c + L.C_HEAD); p !== end;) {
      if (p === get(m, chunk + L.SEGMENT_END) || get(m, p + L.R_SIZE) === 0) {
        chunk = get(m, chunk + L.SEGMENT_NEXT);
        found.push([chunk, "a chunk"]);
        p = chunk + L.SEGMENT_HEADER;
        continue;
      }
      if ((get(m, p + L.R_FLAGS) & L.RECORD_BLOB) !== 0)
        found.push([get(m, p + L.RECORD_HEADER), "a payload"]);
      p += get(m, p + L.R_SIZE);
    }
    return found;
  } finally {
    unlockChannel(m, c);
  }
}

/** The spans of the page table, which is locked meanwhile: { owner, pages } by the first page. Throws if the table contradicts itself. */
function spans(): Map<number, { owner: number; pages: number }> {
  const { m } = runtime();
  const found = new Map<number, { owner: number; pages: number }>();
  lock(m, L.H_PAGE_LOCK);
  try {
    refresh(m);
    let free = 0;
    let page = get(m, L.H_FIRST_PAGE);
    while (page < get(m, L.H_PAGES)) {
      const span = load(m, L.PAGE_TABLE + page * L.PT_WORDS);
      const owner = span >>> L.PT_OWNER_SHIFT;
      const pages = span & L.PT_PAGES_MASK;
      assert.ok(pages > 0, `a span of no pages at page ${page}`);
      if (owner === L.OWNER_FREE) free += pages;
      found.set(page * L.PAGE_WORDS, { owner, pages });
      page += pages;
    }
    assert.equal(page, get(m, L.H_PAGES), "the spans fill the memory");
    assert.equal(free, get(m, L.H_FREE_PAGES), "free pages by the table and by the counter");
    return found;
  } finally {
    unlock(m, L.H_PAGE_LOCK);
  }
}

/**
 * Accounts for every page of the shared memory. Other threads may work meanwhile, for instance the supervisor, which reaps an interpreter some time after
 * `terminate` has resolved: what they have in hand at this moment counts as leaked. Throws if the page table contradicts itself.
 */
export function accountPages(): Pages {
  const { m } = runtime();
  const used: [page: number, what: string][] = [];
  eachQueue((q) => used.push([q, "a queue"], ...pagesIn(q)));
  const end = load(m, L.H_SLOTS_USED);
  for (let slot = 0 as Slot; slot < end; slot++) {
    if (!isAlive(m, slot)) continue;
    for (const box of [L.S_WORK, L.S_REPLIES]) used.push(...pagesIn((L.slotPointer(slot) + box) as Pointer));
  }
  const shared = new Map<number, number>();
  const bySlot = new Map<number, number>();
  for (const [p, { owner, pages }] of spans()) {
    if (owner === L.OWNER_SHARED) shared.set(p, pages);
    else if (owner !== L.OWNER_FREE) bySlot.set(owner - 1, (bySlot.get(owner - 1) ?? 0) + pages);
  }
  const leaked: string[] = [];
  for (const [p, what] of used) if (!shared.delete(p)) leaked.push(`${what} at ${p} is not shared`);
  for (const [slot, pages] of bySlot) {
    if (!isAlive(m, slot as Slot))
      leaked.push(`${pages} pages of the dead in slot ${slot} (${idOf(m, slot as Slot)})`);
  }
  for (const [p, pages] of shared)
    leaked.push(`${pages} pages at ${p}, first words ${[0, 1, 2, 3].map((i) => get(m, p + i))}`);
  return { leaked, bySlot };
}

/** Describes all queues, including the hidden ones of pools, and what keeps each alive. */
export function describeQueues(): string[] {
  const { m } = runtime();
  const found: string[] = [];
  eachQueue((q) => {
    const holders: number[] = [];
    for (let slot = 0 as Slot; slot < L.MAX_SLOTS; slot++)
      if (hasBit(m, q + L.Q_HOLDERS, slot)) holders.push(slot);
    found.push(
      `queue ${get(m, q + L.C_ID)} held by slots [${holders.join()}] and ${get(m, q + L.Q_ITEM_REFERENCES)} items`,
    );
  });
  return found;
}

export function countQueues(): number {
  let count = 0;
  eachQueue(() => count++);
  return count;
}

/** Ten seconds, and a hundred looks: this process may have stood still, or have had no processor, for as long. */
function patience(): () => boolean {
  const deadline = performance.now() + 10_000;
  let looks = 0;
  return () => ++looks > 100 && performance.now() > deadline;
}

export interface Baseline {
  readonly queues: number;
  readonly mine: number;
}

/** Waits until only the main interpreter is left and the memory is at rest; resolves to what is in use then. */
export async function baseline(): Promise<Baseline> {
  let last: Pages | undefined;
  let mine = Infinity;
  let calm = 0;
  const isOver = patience();
  await until(() => {
    gc();
    assert.ok(
      !isOver(),
      `the memory does not come to rest: ${createdIds().length} interpreters, ${JSON.stringify(last?.leaked)}`,
    );
    if (createdIds().length > 0) return false;
    last = accountPages();
    const now = last.bySlot.get(L.MAIN_SLOT) ?? 0;
    calm = now === mine && last.leaked.length === 0 ? calm + 1 : 0;
    mine = now;
    return calm > 5;
  }, "the memory comes to rest");
  return { queues: countQueues(), mine };
}

/** Asserts that everything made since is gone, to the last page. */
export async function backTo(before: Baseline): Promise<void> {
  let problem = "";
  const settled = (): boolean => {
    gc();
    const alive = createdIds();
    const queues = describeQueues();
    if (alive.length > 0) problem = `interpreters ${alive.join()} live`;
    else if (queues.length > before.queues)
      problem = `before ${before.queues} queues, now ${queues.join("; ")}`;
    else {
      const pages = accountPages();
      const mine = pages.bySlot.get(L.MAIN_SLOT) ?? 0;
      const supervisor = pages.bySlot.get(L.SUPERVISOR_SLOT) ?? 0;
      if (pages.leaked.length > 0) problem = `leaked: ${pages.leaked.join("; ")}`;
      else if (mine > before.mine)
        problem = `${mine} pages are the main interpreter's, before ${before.mine}`;
      else if (supervisor > 0) problem = `${supervisor} pages are the supervisor's`;
      else return true;
    }
    return false;
  };
  const isOver = patience();
  // The one look that finds all gone counts: the next one may find the supervisor at work.
  let gone = false;
  await until(() => (gone = settled()) || isOver());
  assert.ok(gone, problem);
}
