/**
 * The bytes of the shared memory, drawn once. All offsets are in words of 32 bits.
 *
 *     word 0      HEADER        one page: constants, counters, the two global locks, free-list heads
 *     SLOTS       SLOT × 1024   one per interpreter: state, doorbell, mailbox
 *     PAGE_TABLE  4 words × maximum number of pages: who owns what, see page-allocator.ts
 *     DATA        pages of 4 KiB: queues, segments of channels, large payloads
 *
 * All words that a thread without a handle may touch (locks of mailboxes, doorbells) lie in the slots, which are never used for
 * anything else. Pages are recycled: only a thread that holds what keeps a page alive may follow a pointer to it. kernel/README.md
 * says who may do what, and when.
 *
 * The files in layout/ draw one region each. Other files import the words from here. The bundler puts a constant's value in the place of
 * its name only if its file imports no values, and if only literals precede it. Computed ones therefore come last.
 */
export * from "./layout/channels.js";
export * from "./layout/executions.js";
export * from "./layout/header.js";
export * from "./layout/queues.js";
export * from "./layout/references.js";
export * from "./layout/regions.js";
export * from "./layout/slots.js";
export * from "./layout/statuses.js";
export * from "./layout/version.js";
