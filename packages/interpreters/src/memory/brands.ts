/**
 * The numbers that name something in the shared memory, as types of their own: an id where a slot belongs does not compile.
 *
 * They are plain numbers at run time, and a `number` for every reader; arithmetic with them gives one, too. Making one takes a cast,
 * which stands where the meaning is decided: where a structure begins at an offset from another, at a word that layout.ts or
 * protocol.ts says holds one, and at the public classes, whose ids are of type `number`. The addresses that atomics.ts and bitset.ts
 * take are plain numbers.
 */
declare const brand: unique symbol;
type Branded<B extends string> = number & { readonly [brand]: B };

/** The number of a slot; -1 for none. */
export type Slot = Branded<"Slot">;

/** The id of an interpreter; -1 for none. */
export type InterpreterId = Branded<"InterpreterId">;

/** The id of a queue; below -1 if it is hidden, -1 once it is closed. */
export type QueueId = Branded<"QueueId">;

/** Where a structure begins: a slot, lock, channel, queue, segment, record, payload, execution or span. 0 points nowhere. */
export type Pointer = 0 | Branded<"Pointer">;

/** The number of a page; 0 for none. */
export type Page = 0 | Branded<"Page">;

/** The owner of a span in the page table: an OWNER_…, or slot + 1. */
export type Owner = Branded<"Owner">;
