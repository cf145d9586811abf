/** Where the regions of the shared memory lie, and who owns its pages. */
import type { Owner, Pointer, Slot } from "../brands.js";

export const PAGE_WORDS = 1024;
export const PAGE_BYTES = PAGE_WORDS * 4;
export const WASM_PAGE_BYTES = 65536;

export const MAX_SLOTS = 1024;
export const SLOT_WORDS = 256;
export const SLOTS = PAGE_WORDS;
/** The slot of the main interpreter, and that of the supervisor, which is not an interpreter and has the id -2. */
export const MAIN_SLOT = 0 as Slot;
export const SUPERVISOR_SLOT = 1 as Slot;
export const FIRST_FREE_SLOT = 2 as Slot;

/** Words of a bit set over the slots. */
export const BITSET_WORDS = MAX_SLOTS / 32;

/* ---- page table: four words for each page ---- */
export const PT_WORDS = 4;
/** On the first page of a span: `{ owner: 12 bits, pages: 20 bits }`. One store publishes a change. */
export const PT_SPAN = 0;
/** On the last page of a span: its first page. Derived. */
export const PT_BACK = 1;
/** On the first page of a free span: its neighbours in the free list. Derived. */
export const PT_NEXT = 2;
export const PT_PREV = 3;
export const PT_PAGES_MASK = 0xfffff;
export const PT_OWNER_SHIFT = 20;

export const OWNER_FREE = 0 as Owner;
/** Owners 1 to 1024 are slots + 1, and their pages are freed when that interpreter dies. Pages of this owner outlive every one. */
export const OWNER_SHARED = 2000 as Owner;

/** Where the page table begins. */
export const PAGE_TABLE = SLOTS + MAX_SLOTS * SLOT_WORDS;

export function slotPointer(slot: Slot): Pointer {
  return (SLOTS + slot * SLOT_WORDS) as Pointer;
}
