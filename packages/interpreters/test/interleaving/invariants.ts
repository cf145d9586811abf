/**
 * The invariants of the whole memory, which hold whenever no thread is in the middle of an operation. They are written from the
 * drawings in the headers of page-allocator.ts, channel.ts and segments.ts, not from their code, and read plain words only.
 */
import assert from "node:assert/strict";
import type { Slot } from "../../src/memory/brands.js";
import * as L from "../../src/memory/layout.js";
import type { World } from "./world.js";

export interface Expectations {
  /** By slot, how many pages it still owns on purpose: those of taken blobs, or those that a test of pages allocated. */
  readonly owned?: ReadonlyMap<number, number>;
}

export function checkMemory(world: World, { owned = new Map() }: Expectations = {}): void {
  const { i32 } = world;
  assert.equal(i32[L.H_PAGE_LOCK], 0, "the page lock is free");
  assert.equal(i32[L.H_REGISTRY_LOCK], 0, "the registry lock is free");
  const runs = checkPages(world);
  const shared = new Set<number>();
  if (i32[L.H_ADDONS] !== 0) shared.add(i32[L.H_ADDONS]);
  const references = new Map<number, number>();
  const visit = (c: number): void => {
    assert.equal(i32[c + L.C_LOCK], 0, "the lock of a channel's takers is free");
    assert.equal(i32[c + L.C_PUT_LOCK], 0, "the lock of a channel's putters is free");
    assert.equal(i32[c + L.C_FRESH], 0, "no segment waits for its first record");
    assert.equal(i32[c + L.C_BLOB], 0, "no payload is being published");
    checkChannel(world, c, shared, references);
  };
  for (let slot = 0 as Slot; slot < i32[L.H_SLOTS_USED]; slot++) {
    const p = L.slotPointer(slot);
    for (let i = 0; i < L.INTENTS; i++)
      assert.equal(i32[p + L.S_INTENTS + i], 0, `slot ${slot} intends no lock`);
    if (i32[p + L.S_STATE] === L.STATE_FREE) continue;
    visit(p + L.S_WORK);
    visit(p + L.S_REPLIES);
  }
  for (const q of queuesOf(world)) {
    shared.add(q);
    visit(q);
    assert.equal(i32[q + L.Q_GETTERS], bits(world, q + L.Q_GET_WAITERS), "as many getters as bits");
    assert.equal(i32[q + L.Q_PUTTERS], bits(world, q + L.Q_PUT_WAITERS), "as many putters as bits");
    if (i32[q + L.Q_KIND] !== 0) checkSync(world, q);
    for (const word of [L.Q_WOKEN, ...Array.from({ length: L.SPINNERS }, (_, i) => L.Q_SPINNERS + i)]) {
      const slot = (i32[q + word] - 1) as Slot;
      const state = slot === -1 ? L.STATE_READY : i32[L.slotPointer(slot) + L.S_STATE];
      assert.ok(state !== L.STATE_DEAD && state !== L.STATE_FREE, "no dead worker spins or is on its way");
    }
  }
  for (const q of queuesOf(world)) {
    const carried = references.get(q) ?? 0;
    const counted = i32[q + L.Q_ITEM_REFERENCES];
    assert.equal(counted, carried, "as many references to a queue as records that carry it");
    references.delete(q);
  }
  assert.equal(references.size, 0, "no record refers to a queue that is no more");
  // Every page has a known owner: a channel uses it, or the scenario expects the slot to own it.
  const found = new Map<number, number>();
  for (const [p, { owner, pages }] of runs) {
    if (owner === L.OWNER_SHARED)
      assert.ok(shared.delete(p), `the shared pages at ${p} belong to no channel: leaked`);
    else found.set(owner - 1, (found.get(owner - 1) ?? 0) + pages);
  }
  assert.equal(shared.size, 0, "a channel uses pages that are not shared");
  const expected = new Map([...owned].filter(([, pages]) => pages > 0));
  assert.deepEqual(found, expected, "pages by owner slot");
}

/** Checks a synchronization object. */
function checkSync(world: World, q: number): void {
  const { i32 } = world;
  const alive = (slot: number): boolean => {
    const state = i32[L.slotPointer(slot as Slot) + L.S_STATE];
    return state !== L.STATE_DEAD && state !== L.STATE_FREE;
  };
  const state = i32[q + L.Y_STATE];
  const waiters = i32[q + L.Q_GETTERS];
  switch (i32[q + L.Q_KIND]) {
    case L.SYNC_LOCK:
    case L.SYNC_RLOCK:
      assert.ok(
        waiters === 0 || (state & L.MUTEX_WAITED_FOR) !== 0,
        "a lock that is waited for is held, and says so",
      );
      assert.ok(state === 0 || alive((state & L.MUTEX_OWNER) - 1), "its owner lives");
      break;
    case L.SYNC_SEMAPHORE:
    case L.SYNC_BOUNDED: {
      assert.ok(state === 0 || waiters === 0, "nobody waits while a permit is free");
      let all = state + i32[q + L.Q_PUTTERS];
      for (let slot = 0; slot < L.MAX_SLOTS; slot++) {
        const held = i32[q + L.Y_SLOTS + slot];
        assert.ok(held === 0 || alive(slot), "the dead hold no permit");
        all += held;
      }
      if (i32[q + L.Q_KIND] === L.SYNC_BOUNDED) assert.equal(all, i32[q + L.Y_INITIAL], "no permit is lost");
      break;
    }
    case L.SYNC_EVENT:
      assert.ok((state & 1) === 0 || waiters === 0, "nobody waits for an event that is set");
      break;
    case L.SYNC_CONDITION:
      for (let slot = 0; slot < L.MAX_SLOTS; slot++) {
        const word = i32[q + L.Y_SLOTS + slot];
        assert.ok(word === 0 || alive(slot), "the dead wait for no notification");
        const listed = (i32[q + L.Q_PUT_WAITERS + (slot >> 5)] >>> (slot & 31)) & 1;
        if ((word & 0xffff) > 0) assert.equal(listed, 1, "an interpreter that waits can be chosen");
        const unrung = (i32[q + L.Q_GET_WAITERS + (slot >> 5)] >>> (slot & 31)) & 1;
        if (word >>> 16 > 0) assert.equal(unrung, 0, "an interpreter that was notified was rung");
      }
      break;
    case L.SYNC_BARRIER: {
      const arrived = i32[q + L.Y_ARRIVED];
      assert.ok(arrived >= 0 && arrived < i32[q + L.Y_INITIAL], "a round that is full is over");
      assert.ok(arrived > 0 || waiters === 0, "nobody is left of a round that is over");
      if (i32[q + L.Y_BROKEN] !== 0) assert.equal(arrived, 0, "nobody waits at a broken barrier");
      break;
    }
    default:
  }
}

export function queuesOf({ i32 }: World): number[] {
  const all: number[] = [];
  for (let q = i32[L.H_QUEUES]; q !== 0; q = i32[q + L.Q_NEXT]) all.push(q);
  return all;
}

function bits({ i32 }: World, set: number): number {
  let count = 0;
  for (let i = 0; i < L.BITSET_WORDS; i++) for (let w = i32[set + i]; w !== 0; w &= w - 1) count++;
  return count;
}

interface Run {
  readonly owner: number;
  readonly pages: number;
}

/** Checks that the tiling is legal and everything derived from it right. Returns the spans in use by pointer. */
export function checkPages({ i32 }: World): Map<number, Run> {
  const entry = (page: number): number => L.PAGE_TABLE + page * L.PT_WORDS;
  const used = new Map<number, Run>();
  const free = new Map<number, number>();
  const end = i32[L.H_PAGES];
  let page = i32[L.H_FIRST_PAGE];
  let previousFree = false;
  while (page < end) {
    const run = i32[entry(page)];
    const owner = run >>> L.PT_OWNER_SHIFT;
    const pages = run & L.PT_PAGES_MASK;
    assert.ok(pages > 0 && page + pages <= end, `run of ${pages} pages at page ${page} of ${end}`);
    assert.equal(
      i32[entry(page + pages - 1) + L.PT_BACK],
      page,
      `page ${page + pages - 1} leads back to its run`,
    );
    if (owner === L.OWNER_FREE) {
      assert.ok(!previousFree, `two free neighbours, the second at page ${page}`);
      free.set(page, pages);
    } else used.set(page * L.PAGE_WORDS, { owner, pages });
    previousFree = owner === L.OWNER_FREE;
    page += pages;
  }
  assert.equal(page, end, "the runs fill the memory");
  let total = 0;
  for (let bin = 0; bin < L.BINS; bin++) {
    const head = i32[L.H_BINS + bin];
    const bit = (i32[L.H_BIN_MASK + (bin >> 5)] >>> (bin & 31)) & 1;
    assert.equal(bit === 1, head !== 0, `the mask tells whether list ${bin} is empty`);
    let previous = 0;
    for (let at = head; at !== 0; at = i32[entry(at) + L.PT_NEXT]) {
      const pages = free.get(at);
      assert.ok(pages !== undefined, `page ${at} is in free list ${bin} once, and free`);
      assert.ok(
        bin < 32 ? pages === bin : pages >= 2 ** (bin - 27) && pages < 2 ** (bin - 26),
        `${pages} pages in list ${bin}`,
      );
      assert.equal(i32[entry(at) + L.PT_PREV], previous, "the list is linked both ways");
      free.delete(at);
      total += pages;
      previous = at;
    }
  }
  assert.equal(free.size, 0, "every free run is in a list");
  assert.equal(i32[L.H_FREE_PAGES], total, "free pages");
  return used;
}

/** Checks one channel. Adds the pages that it uses to `shared`, and the referents of its records to `references`. */
export function checkChannel(
  world: World,
  c: number,
  shared: Set<number>,
  references: Map<number, number>,
): void {
  const { i32 } = world;
  const tail = i32[c + L.C_TAIL];
  let p = i32[c + L.C_HEAD];
  let chunk = i32[c + L.C_HEAD_SEGMENT];
  const addChunk = (): void => {
    if (chunk !== i32[c + L.C_INLINE] && chunk !== 0) shared.add(chunk);
  };
  addChunk();
  const records = recordsOf(world, c);
  for (const r of records) {
    const flags = i32[r + L.R_FLAGS];
    const state = flags & L.RECORD_STATE;
    assert.ok(
      state === L.RECORD_LIVE || (flags & L.RECORD_BLOB) === 0,
      "a record without content has no blob",
    );
    let payload = r + L.RECORD_HEADER;
    if ((flags & L.RECORD_BLOB) !== 0) shared.add((payload = i32[payload]));
    const count = state === L.RECORD_LIVE ? (flags >>> L.RECORD_REFERENCES_SHIFT) & L.MAX_REFERENCES : 0;
    for (let i = 0; i < count; i++) {
      const at = payload + i * L.REF_WORDS;
      if (i32[at] !== L.REF_QUEUE && i32[at] !== L.REF_SYNC) continue;
      references.set(i32[at + 1], (references.get(i32[at + 1]) ?? 0) + 1);
    }
    const sender = i32[r + L.R_SENDER];
    assert.ok(
      state !== L.RECORD_LIVE || (i32[c + L.C_SENDERS] & (1 << (sender & 31))) !== 0,
      "the channel knows all senders",
    );
  }
  assert.equal(
    (i32[c + L.C_PUT] - i32[c + L.C_TAKEN]) | 0,
    records.filter((r) => stateOf(world, r) !== L.RECORD_REMOVED).length,
    "C_PUT less C_TAKEN",
  );
  while (p !== tail) {
    if (p === i32[chunk + L.SEGMENT_END] || i32[p] === 0) {
      chunk = i32[chunk + L.SEGMENT_NEXT];
      addChunk();
      p = chunk + L.SEGMENT_HEADER;
    } else p += i32[p + L.R_SIZE];
  }
  if (chunk !== 0) {
    assert.equal(i32[c + L.C_TAIL_SEGMENT], chunk, "C_TAIL_SEGMENT is where C_TAIL is");
    assert.ok(
      tail >= chunk + L.SEGMENT_HEADER && tail <= i32[chunk + L.SEGMENT_END],
      "C_TAIL is in its chunk",
    );
    assert.equal(i32[chunk + L.SEGMENT_NEXT], 0, "the last chunk has no next one");
  }
}

/** Pointers to all records between C_HEAD and C_TAIL, including removed ones. */
export function recordsOf({ i32 }: World, c: number): number[] {
  const tail = i32[c + L.C_TAIL];
  let chunk = i32[c + L.C_HEAD_SEGMENT];
  const records: number[] = [];
  for (let p = i32[c + L.C_HEAD], limit = 10_000; p !== tail;) {
    assert.ok(limit-- > 0, "the chain of records leads from C_HEAD to C_TAIL");
    if (p === i32[chunk + L.SEGMENT_END] || i32[p] === 0) {
      chunk = i32[chunk + L.SEGMENT_NEXT];
      assert.ok(chunk !== 0, "the chain of chunks leads to C_TAIL");
      p = chunk + L.SEGMENT_HEADER;
      continue;
    }
    assert.ok(p >= chunk + L.SEGMENT_HEADER && p < i32[chunk + L.SEGMENT_END], "a record lies in its chunk");
    records.push(p);
    p += i32[p + L.R_SIZE];
  }
  return records;
}

export function stateOf({ i32 }: World, r: number): number {
  return i32[r + L.R_FLAGS] & L.RECORD_STATE;
}
