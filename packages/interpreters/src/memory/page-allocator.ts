/**
 * The page allocator: spans of 4 KiB pages, each with an owner.
 *
 * The page table tiles the memory with spans. The *truth* is one word on a span's first page, `{ owner, pages }`, which also says where
 * the next span begins. Every operation changes the tiling by single stores, so that at each instant a walk from the first page on
 * reads a legal tiling:
 *
 *     allocate 3 of a free span of 10:   write {free, 7} on its 4th page (no walk arrives there yet)
 *                                        store {me, 3} on its 1st page            ← published
 *     free:                              store {free, n} on its 1st page          ← published
 *     keep 3 of a span of 10:            write {me, 7} on its 4th page
 *                                        store {me, 3} on its 1st page            ← published, then free the 7
 *     join two free neighbours:          store {free, a + b} on the left one      ← published
 *
 * Free lists (segregated by size, good fit), back pointers and the count of free pages are *derived*: after a death
 * inside the lock the repair rebuilds them all from the tiling. Pages owned by the dead are swept.
 *
 * The last pages of a full memory are reserved for cleaning up after deaths: every thread leaves `reserve` pages free, the supervisor
 * none.
 */
import { byteLength, get, grow, load, ensureMapped, set, type SharedMemory, store } from "./atomics.js";
import type { Owner, Page, Pointer } from "./brands.js";
import {
  BINS,
  H_BIN_MASK,
  H_BINS,
  H_FIRST_PAGE,
  H_FREE_PAGES,
  H_MAX_PAGES,
  H_PAGE_LOCK,
  H_PAGES,
  OWNER_FREE,
  PAGE_BYTES,
  PAGE_TABLE,
  PAGE_WORDS,
  PT_BACK,
  PT_NEXT,
  PT_OWNER_SHIFT,
  PT_PAGES_MASK,
  PT_PREV,
  PT_SPAN,
  PT_WORDS,
  WASM_PAGE_BYTES,
} from "./layout.js";
import { lock, unlock } from "./lock.js";

/** Pages that only the supervisor may use: enough for a death notice to every interpreter. */
export const RESERVED_PAGES = 512;

const EXACT_BINS = 32;
const PAGES_PER_WASM_PAGE = WASM_PAGE_BYTES / PAGE_BYTES;

/** Gives `pages` contiguous pages to `owner`. Returns the pointer to them, or 0 if memory is exhausted. */
export function allocatePages(m: SharedMemory, pages: number, owner: Owner): Pointer {
  lock(m, H_PAGE_LOCK);
  let page = find(m, pages);
  if (page === 0 && extend(m, pages)) page = find(m, pages);
  if (page !== 0) take(m, page, pages, owner);
  unlock(m, H_PAGE_LOCK);
  const p = (page * PAGE_WORDS) as Pointer;
  ensureMapped(m, p + pages * PAGE_WORDS - 1);
  return p;
}

/** Frees the span at pointer `p`. */
export function freePages(m: SharedMemory, p: Pointer): void {
  lock(m, H_PAGE_LOCK);
  release(m, (p / PAGE_WORDS) as Page);
  unlock(m, H_PAGE_LOCK);
}

/**
 * Frees all but the first `pages` of the span at pointer `p`, which the caller owns. The rest becomes a span of its own before
 * the first one is cut off there.
 */
export function shrinkPages(m: SharedMemory, p: Pointer, pages: number): void {
  const page = p / PAGE_WORDS;
  const span = load(m, entry(page));
  const rest = (span & PT_PAGES_MASK) - pages;
  if (rest <= 0) return;
  const owner = span & ~PT_PAGES_MASK;
  lock(m, H_PAGE_LOCK);
  store(m, entry(page + pages), rest | owner);
  set(m, entry(page + pages - 1) + PT_BACK, page);
  store(m, entry(page), pages | owner);
  release(m, (page + pages) as Page);
  unlock(m, H_PAGE_LOCK);
}

/** Hands the span at pointer `p` over to `owner`. One store; it needs no lock, because only the current owner may do it. */
export function setPageOwner(m: SharedMemory, p: Pointer, owner: Owner): void {
  const at = entry(p / PAGE_WORDS);
  store(m, at, (load(m, at) & PT_PAGES_MASK) | (owner << PT_OWNER_SHIFT));
}

/** How many pages the span at pointer `p` has. */
export function pagesOf(m: SharedMemory, p: Pointer): number {
  return load(m, entry(p / PAGE_WORDS)) & PT_PAGES_MASK;
}

/** Frees every span of `owner`, which is dead; returns the number of pages. */
export function sweepPages(m: SharedMemory, owner: Owner): number {
  lock(m, H_PAGE_LOCK);
  let swept = 0;
  let page = get(m, H_FIRST_PAGE) as Page;
  while (page < get(m, H_PAGES)) {
    const span = load(m, entry(page));
    if (span >>> PT_OWNER_SHIFT === owner) {
      swept += span & PT_PAGES_MASK;
      page = release(m, page);
    }
    (page as number) += load(m, entry(page)) & PT_PAGES_MASK;
  }
  unlock(m, H_PAGE_LOCK);
  return swept;
}

/** Rebuilds everything that is derived from the tiling. The lock is held in the name of the dead. */
export function repairPages(m: SharedMemory): void {
  for (let bin = 0; bin < BINS; bin++) set(m, H_BINS + bin, 0);
  set(m, H_BIN_MASK, 0);
  set(m, H_BIN_MASK + 1, 0);
  set(m, H_FREE_PAGES, 0);
  const end = get(m, H_PAGES);
  let page = get(m, H_FIRST_PAGE) as Page;
  while (page < end) {
    let span = load(m, entry(page));
    if (span >>> PT_OWNER_SHIFT === OWNER_FREE) {
      let pages = span;
      while (page + pages < end) {
        span = load(m, entry(page + pages));
        if (span >>> PT_OWNER_SHIFT !== OWNER_FREE) break;
        pages += span;
      }
      insert(m, page, pages);
      (page as number) += pages;
    } else {
      const pages = span & PT_PAGES_MASK;
      set(m, entry(page + pages - 1) + PT_BACK, page);
      (page as number) += pages;
    }
  }
}

function entry(page: number): number {
  return PAGE_TABLE + page * PT_WORDS;
}

function binOf(pages: number): number {
  return pages < EXACT_BINS ? pages : EXACT_BINS + 26 - Math.clz32(pages);
}

/** Returns the first page of a free span of at least `pages`, or 0. */
function find(m: SharedMemory, pages: number): Page {
  // The reserve matters only once the memory cannot grow any more; until then `extend` makes room for it.
  if (get(m, H_FREE_PAGES) - pages < m.reserve) return 0;
  const exact = binOf(pages);
  // The spans of one large bin differ in length: try up to 16 of them before splitting a larger one.
  let page = get(m, H_BINS + exact) as Page;
  for (let tries = 0; page !== 0 && tries < 16; tries++) {
    if (load(m, entry(page)) >= pages) return page;
    page = get(m, entry(page) + PT_NEXT) as Page;
  }
  const bin = firstBin(m, exact + 1);
  if (bin !== -1) return get(m, H_BINS + bin) as Page;
  // No larger span is free: the rest of this bin is the last chance.
  while (page !== 0) {
    if (load(m, entry(page)) >= pages) return page;
    page = get(m, entry(page) + PT_NEXT) as Page;
  }
  return 0;
}

function firstBin(m: SharedMemory, from: number): number {
  for (let word = from >> 5; word < 2; word++) {
    let mask = get(m, H_BIN_MASK + word);
    if (word === from >> 5) mask &= -1 << (from & 31);
    if (mask !== 0) return word * 32 + 31 - Math.clz32(mask & -mask);
  }
  return -1;
}

function take(m: SharedMemory, page: Page, pages: number, owner: Owner): void {
  const length = load(m, entry(page));
  remove(m, page, length);
  if (length > pages) insert(m, (page + pages) as Page, length - pages);
  set(m, entry(page + pages - 1) + PT_BACK, page);
  store(m, entry(page), pages | (owner << PT_OWNER_SHIFT));
}

/** Frees the span at `page` and joins it with free neighbours; returns the first page of the joined span. */
function release(m: SharedMemory, page: Page): Page {
  let pages = load(m, entry(page)) & PT_PAGES_MASK;
  store(m, entry(page), pages);
  const next = (page + pages) as Page;
  if (next < get(m, H_PAGES)) {
    const span = load(m, entry(next));
    if (span >>> PT_OWNER_SHIFT === OWNER_FREE) {
      remove(m, next, span);
      pages += span;
      store(m, entry(page), pages);
    }
  }
  if (page > get(m, H_FIRST_PAGE)) {
    const previous = get(m, entry(page - 1) + PT_BACK) as Page;
    const span = load(m, entry(previous));
    if (span >>> PT_OWNER_SHIFT === OWNER_FREE) {
      remove(m, previous, span);
      pages += span;
      page = previous;
    }
  }
  insert(m, page, pages);
  return page;
}

/** Writes a free span and puts it into its list. The store of its length publishes it (or repeats it). */
function insert(m: SharedMemory, page: Page, pages: number): void {
  const at = entry(page);
  const bin = binOf(pages);
  const head = get(m, H_BINS + bin);
  set(m, entry(page + pages - 1) + PT_BACK, page);
  set(m, at + PT_NEXT, head);
  set(m, at + PT_PREV, 0);
  store(m, at + PT_SPAN, pages);
  if (head !== 0) set(m, entry(head) + PT_PREV, page);
  set(m, H_BINS + bin, page);
  const word = H_BIN_MASK + (bin >> 5);
  set(m, word, get(m, word) | (1 << (bin & 31)));
  set(m, H_FREE_PAGES, get(m, H_FREE_PAGES) + pages);
}

function remove(m: SharedMemory, page: Page, pages: number): void {
  const bin = binOf(pages);
  const next = get(m, entry(page) + PT_NEXT);
  const previous = get(m, entry(page) + PT_PREV);
  if (next !== 0) set(m, entry(next) + PT_PREV, previous);
  if (previous !== 0) set(m, entry(previous) + PT_NEXT, next);
  else {
    set(m, H_BINS + bin, next);
    const word = H_BIN_MASK + (bin >> 5);
    if (next === 0) set(m, word, get(m, word) & ~(1 << (bin & 31)));
  }
  set(m, H_FREE_PAGES, get(m, H_FREE_PAGES) - pages);
}

/** Grows the memory so that a free span of `pages` exists besides the reserve. Returns false if it cannot grow. */
function extend(m: SharedMemory, pages: number): boolean {
  const had = get(m, H_PAGES) as Page;
  // An eighth more at a time keeps the number of growths logarithmic; between 1 MiB and 64 MiB.
  const generous = Math.min(Math.max(had >> 3, 256), 16384);
  const needed = pages + m.reserve;
  const most = get(m, H_MAX_PAGES) - byteLength(m) / PAGE_BYTES;
  const tryGrow = (wanted: number): boolean => {
    const delta = Math.ceil(Math.min(wanted, most) / PAGES_PER_WASM_PAGE);
    return delta > 0 && grow(m, delta);
  };
  if (!tryGrow(Math.max(generous, needed)) && !tryGrow(needed) && byteLength(m) / PAGE_BYTES <= had)
    return false;
  // A thread that died right after growing left pages that no table entry describes: they are added here.
  const now = byteLength(m) / PAGE_BYTES;
  insertNew(m, had, now - had);
  return true;
}

/** New pages first become a span of their own, then part of the tiling, then join their neighbour. */
function insertNew(m: SharedMemory, page: Page, pages: number): void {
  store(m, entry(page), pages);
  store(m, H_PAGES, page + pages);
  release(m, page);
}
