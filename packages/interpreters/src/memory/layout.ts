/**
 * The bytes of the shared memory, drawn once. All offsets are in words of 32 bits.
 *
 *     word 0      HEADER        one page: constants, counters, the two global locks, free-list heads
 *     SLOTS       SLOT × 1024   one per interpreter: state, doorbell, mailbox
 *     PAGE_TABLE  4 words × maximum number of pages: who owns what, see pages.ts
 *     DATA        pages of 4 KiB: queues, chunks of records, large payloads
 *
 * Everything that may be touched by somebody without a handle (locks of mailboxes, doorbells) lies in the
 * slots, which are never used for anything else. Pages are recycled, so a pointer into DATA may only be
 * followed by whoever holds what keeps that page alive.
 */
import copies from "../base/copies.cjs";

export const MAGIC = 0x50455037; // "7PEP"
/** Which meaning of these bytes this is. */
export const { PROTOCOL } = copies;

export const PAGE_WORDS = 1024;
export const PAGE_BYTES = PAGE_WORDS * 4;
export const WASM_PAGE_BYTES = 65536;

/* ---- HEADER ---- */
export const H_MAGIC = 0;
export const H_PROTOCOL = 1;
/** Pages the page table has room for. */
export const H_MAX_PAGES = 2;
/** Pages that exist and are described by the table. Written under the page lock. */
export const H_PAGES = 3;
/** First page that may be given out. */
export const H_FIRST_PAGE = 4;
/** Free pages among them: derived, recounted by the repair. */
export const H_FREE_PAGES = 5;
/** Next interpreter id, and next queue id. Ids are never used twice. */
export const H_NEXT_INTERPRETER = 6;
export const H_NEXT_QUEUE = 7;
/** Head of the list of all queues (pointer), linked through Q_NEXT under the registry lock. */
export const H_QUEUES = 8;
/** 0 not started, 1 starting, 2 running. Written by the main interpreter and the supervisor. */
export const H_SUPERVISOR = 10;
/** One above the highest slot ever used: the end of every walk over the slots. */
export const H_SLOTS_USED = 11;
/** Source of ids for functions that travel. */
export const H_NEXT_CODE = 12;
/** Source of ids for queues that are in no list: a pool's, and those that stand for something else. */
export const H_NEXT_HIDDEN = 13;
/** Pointer to the list of native addons (addons/block.ts), replaced under the registry lock; 0: none. */
export const H_ADDONS = 14;
/** How many processors this process may use: with one, spinning is for nothing. Never changes. */
export const H_PROCESSORS = 15;
/** Each lock has a cache line of its own: [word, kind]. */
export const H_PAGE_LOCK = 16;
export const H_REGISTRY_LOCK = 32;
/** Heads of the free lists by size class, and the mask of those that are not empty (2 words). */
export const H_BIN_MASK = 62;
export const H_BINS = 64;
export const BINS = 52;

/** The number of the last kind of spare threads, and the words in which they wait: interpreter/spare.ts. */
export const H_STANDBY_KIND = 127;
export const H_STANDBY = 128;
export const STANDBY_CELLS = 128;

/* ---- lock kinds: what the repair has to look at when the holder died ---- */
export const LOCK_PAGES = 1;
export const LOCK_REGISTRY = 2;
export const LOCK_CHANNEL = 3;
export const LOCK_QUEUE = 4;

/* ---- SLOTS ---- */
export const MAX_SLOTS = 1024;
export const SLOT_WORDS = 256;
export const SLOTS = PAGE_WORDS;
/** The main interpreter's slot, and the supervisor's (which is no interpreter and has no id). */
export const MAIN_SLOT = 0;
export const SUPERVISOR_SLOT = 1;
export const FIRST_FREE_SLOT = 2;

/** A STATE_…; claimed under the registry lock, later written by its owner and, from its death on, the supervisor. */
export const S_STATE = 0;
/** The interpreter's id, for ever the same while the slot is in use. */
export const S_ID = 1;
/** A WHENCE_…. */
export const S_WHENCE = 2;
/** Written by the owner before it blocks in a call without a time limit: slot + 1 of whom it waits for, else 0. */
export const S_WAITING_ON = 3;
/** Slot + 1 of who claimed it, until the supervisor knows of it; then 0. */
export const S_CREATOR = 4;
/** Locks held or about to be taken, outermost first; 0 ends the list. Written by the owner only. */
export const S_INTENTS = 8;
export const INTENTS = 4;

/** The doorbell, `{ counter: 31 bits, sleeping: 1 bit }`: everybody rings, only the owner waits. Own cache line. */
export const S_DOORBELL = 16;

/** The first of the runs of this interpreter: what it is executing. */
export const S_EXECUTION = 32;
/** Where the record being taken begins: tells the repair whether it had been taken already. */
export const S_CLAIM = 36;
/** Pointer to the run that the next piece is taken into. Written by the owner, while it claims none. */
export const S_TAKING = 37;
/** Pages of the owner's with further runs, for who executes several pieces at once; 0: none. */
export const S_FURTHER_EXECUTIONS = 38;
/** How many lie there. Written while S_RUNS is 0. */
export const S_FURTHER_COUNT = 39;
/** Pointer to the run that is about to end the interpreter (an exception that nobody catches); 0: none, or nobody knows. */
export const S_FAULT = 40;

/* ---- run: a piece of work that is being executed, see interpreter/runs.ts ---- */
/**
 * `{ number: 28 bits, closed: 1 bit, state: 2 bits }`. The number differs for every piece that this run is used for, so a
 * compare-and-swap on this word settles a race between the end of that piece and whoever wants to stop it.
 */
export const EXECUTION_WORD = 0;
/** The piece of work: who sent it and its number there. Valid while the run is not idle. Written before RUN_WORD. */
export const EXECUTION_CALLER = 1;
export const EXECUTION_SEQ = 2;
export const EXECUTION_WORDS = 4;

export const EXECUTION_IDLE = 0;
export const EXECUTION_RUNNING = 1;
/** Its result is being sent: too late to stop it. */
export const EXECUTION_FINISHING = 2;
/** The supervisor will terminate the thread for this piece of work: its result will not be sent any more. */
export const EXECUTION_CONDEMNED = 3;
export const EXECUTION_STATE = 3;
/** Its thread is about to end: nothing is begun here any more. */
export const EXECUTION_CLOSED = 4;
export const EXECUTION_NUMBER_SHIFT = 3;

/** The mailbox: work sent to the interpreter, and answers to what it asked itself. Two channels. */
export const S_WORK = 48;
export const S_REPLIES = 64;
/** How many records, anywhere, carry a reference to this interpreter. */
export const S_ITEM_REFERENCES = 80;
/** Moves with every change of S_ITEM_REFERENCES, as Q_TOUCHED does. */
export const S_REF_VERSION = 82;
/** Node's threadId, for who has to find the thread. */
export const S_THREAD = 81;
/** Of a thread that somebody else started: the operating system's id of it, 0 where that is not known. */
export const S_OS_THREAD = 85;
/** Of a thread that somebody else started: the threadId of the nearest thread above it that had joined by then. */
export const S_PARENT = 83;
/** Whether the owner has loaded native addons: an ADDONS_…. Written by it, and by the supervisor that ends it. */
export const S_ADDONS = 84;
/** The codec tag of the interpreter's guest language (guests/language.ts). Written when the slot is claimed. */
export const S_LANGUAGE = 86;
/** Which slots hold a handle to this interpreter: a bit set. */
export const S_HOLDERS = 96;

/** The name given by the creator: its length in bytes, then UTF-8. */
export const S_NAME = 128;
export const NAME_BYTES = 320;

export const ADDONS_NONE = 0;
export const ADDONS_LOADED = 1;
/** It is to leave by itself, as it may be inside an addon now. */
export const ADDONS_LEAVE = 2;

export const STATE_FREE = 0;
/** Known, but its thread does not run yet. Work may be sent already. */
export const STATE_BOOTING = 1;
export const STATE_READY = 2;
/** Closing: accepts no work, its thread is about to end. */
export const STATE_FINALIZING = 3;
/** Dead, being cleaned up by the supervisor. */
export const STATE_DEAD = 4;

export const WHENCE_UNKNOWN = 0;
export const WHENCE_RUNTIME = 1;
export const WHENCE_CREATED = 2;
export const WHENCE_WORKER_THREADS = 3;

/* ---- channel: an unbounded FIFO of records, see queue/channel.ts ---- */
export const C_LOCK = 0;
export const C_KIND = 1;
/** Whose channel it is: a queue's or interpreter's id. -1: nobody's, nothing may be sent. */
export const C_ID = 2;
/** CHANNEL_… bits. */
export const C_FLAGS = 3;
/** Next record to take, and the chunk it lies in. */
export const C_HEAD = 4;
export const C_HEAD_SEGMENT = 5;
/** Where the next record will be written. Moving it publishes a record. And its chunk. */
export const C_TAIL = 6;
export const C_TAIL_SEGMENT = 7;
/** Records that can still be taken: derived, recounted by the repair. */
export const C_COUNT = 8;
/** Bit `id % 32` is set for every interpreter that put one of the records (and maybe for others). */
export const C_SENDERS = 9;
/** Pages of the next chunk. */
export const C_GROWTH = 10;
/** A chunk that lies in the owner's own page and is never freed; 0: none. */
export const C_INLINE = 11;
/** Highest number of records, 0: unbounded. */
export const C_MAXSIZE = 12;
/** 1 when some record of this channel carried references, so that dropping its records must look for them. */
export const C_REFERENCES = 13;
export const CHANNEL_WORDS = 16;

/** No more records may be put. */
export const CHANNEL_SHUT = 1;
/** The channel is gone for everybody. */
export const CHANNEL_CLOSED = 2;

/* ---- chunk ---- */
export const SEGMENT_NEXT = 0;
/** Pointer to the first word behind the chunk. */
export const SEGMENT_END = 1;
export const SEGMENT_HEADER = 2;

/* ---- record ---- */
/** Words including this header, even; 0: the next record is in the next chunk. */
export const R_SIZE = 0;
export const R_FLAGS = 1;
/** Id of the interpreter that put it. */
export const R_SENDER = 2;
/** Bytes of the payload: `references` triples of words, then the encoded value. */
export const R_LENGTH = 3;
export const RECORD_HEADER = 4;

export const RECORD_STATE = 3;
export const RECORD_LIVE = 0;
/** Its interpreter was destroyed: there is nothing in it, but it still takes its place. */
export const RECORD_UNBOUND = 1;
export const RECORD_ERROR = 2;
/** Not there any more; skipped. */
export const RECORD_REMOVED = 3;
/** What becomes of it when its interpreter is destroyed: one of the UNBOUND_… numbers. */
export const RECORD_UNBOUND_SHIFT = 2;
/** The payload is in pages of its own; here is only the pointer to them. */
export const RECORD_BLOB = 1 << 4;
/** Codec tag (8 bits) and number of reference triples (12 bits). */
export const RECORD_CODEC_SHIFT = 8;
export const RECORD_REFERENCES_SHIFT = 16;
export const MAX_REFERENCES = 0xfff;

export const UNBOUND_ITEM = 0;
export const UNBOUND_ITEM_ERROR = 1;
export const UNBOUND_ITEM_REMOVE = 2;
export const UNBOUND_ITEM_KEEP = 3;

/** A payload larger than this gets pages of its own, filled and emptied outside the lock. */
export const INLINE_BYTES = 2048;

/* ---- queue: one page ---- */
/* words 0 to 15: its channel */
/** Default for the items' unbound behaviour. */
export const Q_UNBOUND = 16;
/** How many records, anywhere, carry a reference to this queue. Never too low. */
export const Q_ITEM_REFERENCES = 17;
export const Q_NEXT = 18;
/** Moves with every change of Q_ITEM_REFERENCES: an unmoved one proves that a look at it and at the holders was one. */
export const Q_REF_VERSION = 19;
/** How many interpreters wait to get or to put: so many bits are set below. Under the queue's lock. */
export const Q_GETTERS = 20;
export const Q_PUTTERS = 21;
/** Slots to start looking from, so that everybody has a turn. */
export const Q_GET_CURSOR = 22;
export const Q_PUT_CURSOR = 23;
/** In one that stands for an ArrayBuffer which is moved: id of the interpreter that sends it, plus one; else 0. */
export const Q_SENDER = 24;
/** Bit sets over slots: who holds a handle, who waits to get, who waits to put. */
export const Q_HOLDERS = 32;
export const Q_GET_WAITERS = 64;
export const Q_PUT_WAITERS = 96;
export const Q_INLINE_SEGMENT = 128;
export const BITSET_WORDS = MAX_SLOTS / 32;

/* ---- page table ---- */
export const PAGE_TABLE = SLOTS + MAX_SLOTS * SLOT_WORDS;
export const PT_WORDS = 4;
/** `{ owner: 12 bits, pages: 20 bits }` on the first page of a run. One store publishes a change. */
export const PT_SPAN = 0;
/** On the last page of a run: its first page. Derived. */
export const PT_BACK = 1;
/** On the first page of a free run: neighbours in its free list. Derived. */
export const PT_NEXT = 2;
export const PT_PREV = 3;
export const PT_PAGES_MASK = 0xfffff;
export const PT_OWNER_SHIFT = 20;

export const OWNER_FREE = 0;
/** Owners 1…1024 are slots + 1: their pages go when that interpreter dies. This one outlives everybody. */
export const OWNER_SHARED = 2000;

export function slotPointer(slot: number): number {
  return SLOTS + slot * SLOT_WORDS;
}

/* ---- references in records: triples { kind, a, b } ---- */
/** a: pointer to the queue, b: its id. */
export const REF_QUEUE = 1;
/** a: slot, b: the interpreter's id. */
export const REF_INTERPRETER = 2;
/** The UNBOUND singleton; a and b are 0. */
export const REF_UNBOUND = 3;
/** A SharedArrayBuffer. a, b: the hidden queue that lives as long as somebody has it; see interpreter/line.ts. */
export const REF_BUFFER = 4;
/** An ArrayBuffer that is moved: the hidden queue that stands for it until it is taken; see interpreter/moves.ts. */
export const REF_MOVED = 5;
/** An ArrayBuffer that is moved with a result. a: the how manieth on the channel of the call; see interpreter/moves.ts. b: 0. */
export const REF_RETURNED = 6;
export const REF_WORDS = 3;

/* ---- statuses of the operations on integers; negative means not done ---- */
export const OK = 0;
export const STATUS_EMPTY = -1;
export const STATUS_FULL = -2;
/** The id is unknown, or no longer in use. */
export const STATUS_NOT_FOUND = -3;
export const STATUS_SHUT = -4;
export const STATUS_NO_MEMORY = -5;
/** The interpreter is executing something, or work waits for it. */
export const STATUS_BUSY = -6;
/** Another thread was quicker: look again. */
export const STATUS_CHANGED = -7;
