/** The HEADER: constants, counters, the two global locks, the heads of the free lists. */
import type { Pointer } from "../brands.js";

/** The word by which a memory is known to be one of this package. */
export const MAGIC = 0x50455037; // "7PEP"

export const H_MAGIC = 0;
export const H_PROTOCOL = 1;
/** Number of pages that the page table has room for. */
export const H_MAX_PAGES = 2;
/** Number of pages that exist and that the table describes. Written under the page lock. */
export const H_PAGES = 3;
/** The first page that can be allocated. */
export const H_FIRST_PAGE = 4;
/** The next interpreter id, and the next queue id. Ids are never used twice. */
export const H_NEXT_INTERPRETER = 6;
export const H_NEXT_QUEUE = 7;
/** Pointer to the first of all queues, which are linked through Q_NEXT. Under the registry lock. */
export const H_QUEUES = 8;
/** 1 if the supervisor must look for slots whose S_POISONED is set. */
export const H_POISONED = 9;
/** The supervisor is not started (0), starting (1) or running (2). Written by the main interpreter and the supervisor. */
export const H_SUPERVISOR = 10;
/** One more than the highest slot ever used: every walk over the slots ends here. */
export const H_SLOTS_USED = 11;
/** The next id of a function's code (wire/code.ts). */
export const H_NEXT_CODE = 12;
/** The next number of a hidden queue, which `listQueues` omits: a pool's lane, or a placeholder. */
export const H_NEXT_HIDDEN = 13;
/** Pointer to the table of native addons (kernel/addon-table.ts), or 0. Replaced under the registry lock. */
export const H_ADDONS = 14;
/** How many processors this process may use: with one, spinning is useless. Never changes. */
export const H_PROCESSORS = 15;
/** The two global locks, [word, kind], each on a cache line of its own. */
export const H_PAGE_LOCK = 16 as Pointer;
/** How many pages are free, beside that lock, because it changes with each allocation. Derived: the repair counts them again. */
export const H_FREE_PAGES = 18;
/** Two words with a bit for every free list that is not empty. The heads of these lists are H_BINS. */
export const H_BIN_MASK = 20;
/** 1 if the supervisor must ask the main interpreter to look whether it holds a lock that it poisoned (memory/lock.ts). */
export const H_MAIN_SUSPECTED = 48;
export const H_REGISTRY_LOCK = 32 as Pointer;
/** OBSERVE_… bits: what observes this process. Set once, never taken away. While it is 0, no thread notes what it executes. */
export const H_OBSERVED = 49;
/** A file descriptor of the process plus 1, to which all threads append the events of a trace; 0 without one. */
export const H_TRACE_FILE = 50;
/** The second of `clock` from which a trace counts. Written before H_TRACE_FILE. */
export const H_TRACE_BASE = 51;
/** How many threads are writing to that file, and 1 once none may begin: main then ends the file. */
export const H_TRACE_WRITERS = 52;
export const H_TRACE_CLOSED = 53;
/** Pointer to the first ring with slices for that file (observe/ring.ts), or 0. */
export const H_TRACE_RINGS = 54;
/**
 * The spill of the trace (observe/spill.ts): a file descriptor plus 1, or 0; how many chunks were begun in it; how many of them are text in the
 * trace, and how many records of the next one; and the thread that makes text of them: SUPERVISOR, MAIN (observe/records.ts), or 0.
 */
export const H_TRACE_SPILL = 55;
export const H_SPILL_CHUNKS = 56;
export const H_SPILL_DONE = 57;
export const H_SPILL_DONE_RECORDS = 58;
export const H_SPILL_LOCK = 59;
/** A STRANGERS_…: whether the process may have threads that are no interpreters and could join (kernel/asleep.ts). */
export const H_STRANGERS = 60;
export const STRANGERS_UNKNOWN = 0;
/** There were none when the supervisor started, and each thread that could start one tells before it goes on. */
export const STRANGERS_NONE = 1;
/** For ever: a thread may join at any time. */
export const STRANGERS_POSSIBLE = 2;
/** The heads of the lists of free spans, by size class. */
export const H_BINS = 64;
export const BINS = 52;

/** The number of the newest kind of standby threads, and the words on which standby threads wait: kernel/standby.ts. */
export const H_STANDBY_KIND = 127;
export const H_STANDBY = 128;
export const STANDBY_CELLS = 128;

/**
 * The latest deaths, three words for each: id + 1, or 0 while the supervisor writes it; the reason's number (wire/protocol.ts); the exit code, or
 * -1. That of an interpreter is at its id modulo their number: kernel/death-records.ts.
 */
export const H_DEATHS = 256;
export const DEATH_RECORDS = 256;
export const DEATH_WORDS = 3;

/** Beside each lock, by offset from its word and in its cache line: whether a release must wake a thread (memory/lock.ts). */
export const LOCK_WAITERS = 15;

/* ---- lock kinds: what the repair restores if the holder died ---- */
export const LOCK_PAGES = 1;
export const LOCK_REGISTRY = 2;
export const LOCK_CHANNEL = 3;
export const LOCK_QUEUE = 4;
/** The lock of a channel's putters; C_KIND is that of its takers' lock. */
export const LOCK_PUTTERS = 5;
