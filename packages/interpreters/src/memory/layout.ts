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
 */
import copies from "../base/copies.cjs";
import type { Owner, Pointer, Slot } from "./brands.js";

export const MAGIC = 0x50455037; // "7PEP"
/** The version of these bytes and of their meaning. */
export const { PROTOCOL } = copies;

export const PAGE_WORDS = 1024;
export const PAGE_BYTES = PAGE_WORDS * 4;
export const WASM_PAGE_BYTES = 65536;

/* ---- HEADER ---- */
export const H_MAGIC = 0;
export const H_PROTOCOL = 1;
/** Number of pages that the page table has room for. */
export const H_MAX_PAGES = 2;
/** Number of pages that exist and that the table describes. Written under the page lock. */
export const H_PAGES = 3;
/** The first page that can be allocated. */
export const H_FIRST_PAGE = 4;
/** How many of them are free. Derived: the repair counts them again. */
export const H_FREE_PAGES = 5;
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
/** 1 if the supervisor must ask the main interpreter to look whether it holds a lock that it poisoned (memory/lock.ts). */
export const H_MAIN_SUSPECTED = 48;
export const H_REGISTRY_LOCK = 32 as Pointer;
/** OBSERVE_… bits: what observes this process. Set once, never taken away. While it is 0, no thread notes what it executes. */
export const H_OBSERVED = 49;
/** A file descriptor of the process plus 1, to which all threads append the events of a trace; 0 if there is none. */
export const H_TRACE_FILE = 50;
/** The second of `clock` from which a trace counts. Written before H_TRACE_FILE. */
export const H_TRACE_BASE = 51;
/** How many threads are writing to that file, and 1 once none may begin: main then ends the file. */
export const H_TRACE_WRITERS = 52;
export const H_TRACE_CLOSED = 53;
/** Pointer to the first ring with slices for that file (observe/ring.ts), or 0. */
export const H_TRACE_RINGS = 54;
/** Two words with a bit for every free list that is not empty, and the heads of these lists, by size class. */
export const H_BIN_MASK = 62;
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

/* ---- lock kinds: what the repair restores if the holder died ---- */
export const LOCK_PAGES = 1;
export const LOCK_REGISTRY = 2;
export const LOCK_CHANNEL = 3;
export const LOCK_QUEUE = 4;
/** The lock of a channel's putters; C_KIND is that of its takers' lock. */
export const LOCK_PUTTERS = 5;

/* ---- SLOTS ---- */
export const MAX_SLOTS = 1024;
export const SLOT_WORDS = 256;
export const SLOTS = PAGE_WORDS;
/** The slot of the main interpreter, and that of the supervisor, which is not an interpreter and has the id -2. */
export const MAIN_SLOT = 0 as Slot;
export const SUPERVISOR_SLOT = 1 as Slot;
export const FIRST_FREE_SLOT = 2 as Slot;

/** A STATE_…. Claimed under the registry lock, then written by its owner and, after the owner's death, by the supervisor. */
export const S_STATE = 0;
/** The interpreter's id; it does not change while the slot is in use. */
export const S_ID = 1;
/** A WHENCE_…. */
export const S_WHENCE = 2;
/**
 * What the owner waits for, else 0: slot + 1 of an interpreter that owes it a reply, or the negated pointer to a synchronization object
 * that others hold. The owner writes it, under the registry lock, before it blocks without a time limit (kernel/deadlock.ts). With
 * WAITING_FOR_CALLBACK it waits for a callback that has not begun: the other replaces the flag by CALLBACK_BEGUN when it begins to run it. With
 * WITHIN_REPLY or WITHIN_RELEASE (of a negated pointer, whose low bits are 0) it runs a callback while it waits.
 */
export const S_WAITING_ON = 3;
export const WAITING_FOR_CALLBACK = 1 << 16;
export const CALLBACK_BEGUN = 1 << 17;
export const WITHIN_REPLY = 1 << 18;
export const WITHIN_RELEASE = 1;
/** Slot + 1 of the interpreter that claimed this slot, until the supervisor has taken over; then 0. */
export const S_CREATOR = 4;
/** 1 while the owner stands still until the supervisor has repaired the locks that it poisoned (thread/poison.ts). */
export const S_POISONED = 5;
/**
 * 1 while the owner awaits nothing but records in its mailbox: no reply, no item, no task of a pool, no death. Deaths need not wake
 * it then. Written by the owner, which stores 0 before it does anything that awaits more.
 */
export const S_DORMANT = 6;
/** 1 while the interpreter has no thread: a thread that sends it work must have the supervisor start one, which clears this. */
export const S_LAZY = 7;
/** Pointers to the locks that the owner holds or is about to take, outermost first; 0 ends the list. Written by the owner only. */
export const S_INTENTS = 8;
export const INTENTS = 4;
/** Bytes of the name that the creator gave (S_NAME). */
export const S_NAME_LENGTH = 12;

/** A word of the guest language's own, such as the configuration that its `create` was given. Written before the interpreter boots. */
export const S_GUEST = 13;
/** Its lowest byte is a signal that the guest must act on, or 0 (Pyodide's interrupt buffer). Written by the supervisor, cleared by the owner. */
export const S_INTERRUPT = 14;
/** 1 while the work that the owner executes can be interrupted: the guest polls S_INTERRUPT. Written by the owner. */
export const S_INTERRUPTIBLE = 15;

/** The doorbell, `{ counter: 31 bits, sleeping: 1 bit }`: any thread rings, only the owner waits. On a cache line of its own. */
export const S_DOORBELL = 16;

/** The first execution of this interpreter: the work item that it executes. */
export const S_EXECUTION = 32;
/** Pointer to the record that the owner is claiming, else 0: the repair compares it with C_HEAD to see whether it was taken. */
export const S_CLAIM = 36;
/** Pointer to the execution that the next work item is claimed into. Written by the owner, between claims. */
export const S_TAKING = 37;
/** Pointer to the owner's pages with further executions, if it executes several work items at once; else 0. */
export const S_FURTHER_EXECUTIONS = 38;
/** How many executions lie there. Written while S_FURTHER_EXECUTIONS is 0. */
export const S_FURTHER_COUNT = 39;
/** Pointer to the execution that is about to end the interpreter by an uncaught exception; 0 if none is or it is unknown. */
export const S_FAULT = 40;
/** How many records, anywhere, carry a reference to this interpreter. */
export const S_ITEM_REFERENCES = 41;
/** Incremented after every change of S_ITEM_REFERENCES, as Q_REF_VERSION is. */
export const S_REF_VERSION = 42;
/** Node's threadId, by which the supervisor finds the thread. */
export const S_THREAD = 43;
/** The operating system's id of an attached thread, which this package did not start; 0 if unknown. */
export const S_OS_THREAD = 44;
/** For an attached thread: the threadId of its nearest ancestor that had joined by then. */
export const S_PARENT = 45;
/** Whether the owner has loaded native addons: an ADDONS_…. Written by the owner, and by the supervisor when it ends the owner. */
export const S_ADDONS = 46;
/** The codec tag of the interpreter's guest language (guests/language.ts). Written when the slot is claimed. */
export const S_LANGUAGE = 47;

/* ---- execution: a work item that is being executed, see kernel/executions.ts ---- */
/**
 * `{ number: 29 bits, closed: 1 bit, state: 2 bits }`. The number differs for every work item that this execution is used for, so a
 * compare-and-swap of this word settles the race between the end of that item and a thread that wants to stop it.
 */
export const EXECUTION_WORD = 0;
/** The id of the interpreter that sent the work item, and the item's number there. Written before EXECUTION_WORD; valid unless idle. */
export const EXECUTION_CALLER = 1;
export const EXECUTION_SEQ = 2;
/** Why the item must be interrupted: `{ number, as in EXECUTION_WORD: 29 bits, reason: 3 bits }`. Void with another number. Written by the supervisor. */
export const EXECUTION_INTERRUPT = 3;
export const EXECUTION_WORDS = 4;
/** What S_INTERRUPT gets: SIGINT. */
export const INTERRUPT_SIGNAL = 2;

export const EXECUTION_IDLE = 0;
export const EXECUTION_RUNNING = 1;
/** The result is being sent: too late to stop it. */
export const EXECUTION_FINISHING = 2;
/** The supervisor will terminate the thread because of this work item: its result will not be sent. */
export const EXECUTION_CONDEMNED = 3;
export const EXECUTION_STATE = 3;
/** The thread is about to end: no further work item can be claimed into this execution. */
export const EXECUTION_CLOSED = 4;
export const EXECUTION_NUMBER_SHIFT = 3;

/* ---- observation: what an execution does, for those who watch (kernel/observations.ts). Void unless it names the execution's work item ---- */
export const OBSERVED_CALLER = 0;
export const OBSERVED_SEQ = 1;
/** A WORK_…, and the id of the function's code and the pointer to it, or 0. */
export const OBSERVED_KIND = 2;
export const OBSERVED_CODE = 3;
export const OBSERVED_POINTER = 4;
/** When it began: seconds of `clock`, and microseconds. */
export const OBSERVED_SECOND = 5;
export const OBSERVED_MICROS = 6;
export const OBSERVED_WORDS = 8;

/** What observes: a trace (thread/observing.ts), `interpreters top`. */
export const OBSERVE_TRACE = 1;
export const OBSERVE_INSPECT = 2;

/** The mailbox, two channels: work sent to the interpreter, and replies to its own requests. */
export const S_WORK = 48;
/** The observation of the first execution, in words that the channel leaves free. */
export const S_OBSERVED = 88;
export const S_REPLIES = 96;
/** Bit set of the slots that hold a handle to this interpreter. */
export const S_HOLDERS = 144;
/** The name that the creator gave, in UTF-8. */
export const S_NAME = 176;
export const NAME_BYTES = 320;

export const ADDONS_NONE = 0;
export const ADDONS_LOADED = 1;
/** The owner must end its thread by itself: it may be inside an addon, where terminating it is unsafe. */
export const ADDONS_LEAVE = 2;

export const STATE_FREE = 0;
/** Registered, but its thread does not run yet. Work may be sent already. */
export const STATE_BOOTING = 1;
export const STATE_READY = 2;
/** Closing: it accepts no work, and its thread is about to end. */
export const STATE_FINALIZING = 3;
/** Dead; the supervisor is cleaning up after it. */
export const STATE_DEAD = 4;
/**
 * Withdrawn: it has ended for all other interpreters, but its thread may still run (inside a native call, for minutes) and hold
 * whatever it holds. No other interpreter gets the slot before it was reaped.
 */
export const STATE_LEAVING = 5;

export const WHENCE_UNKNOWN = 0;
export const WHENCE_RUNTIME = 1;
export const WHENCE_CREATED = 2;
export const WHENCE_WORKER_THREADS = 3;

/* ---- channel: a FIFO of records, see kernel/channel.ts. Three cache lines: the takers', the putters', and what seldom changes ---- */
/** Under the takers' lock. */
export const C_LOCK = 0;
export const C_KIND = 1;
/** Pointers to the next record to take and to its segment. */
export const C_HEAD = 2;
export const C_HEAD_SEGMENT = 3;
/** Number of records that were taken or removed, modulo 2^32. */
export const C_TAKEN = 4;
/** What C_HEAD and C_TAKEN are about to become: the repair sees by C_HEAD whether C_TAKEN must follow. */
export const C_NEXT_HEAD = 5;
export const C_NEXT_TAKEN = 6;
/** C_TAIL as the takers read it last: up to here there are records, so they need not fetch the putters' cache line for each. */
export const C_KNOWN_TAIL = 7;

/** Under the putters' lock. */
export const C_PUT_LOCK = 16;
export const C_PUT_KIND = 17;
/** Pointers to the place of the next record to put and to its segment. Moving C_TAIL publishes a record. 0 before the first segment. */
export const C_TAIL = 18;
export const C_TAIL_SEGMENT = 19;
/** Number of records that were put, modulo 2^32. */
export const C_PUT = 20;
/** What C_TAIL and C_PUT are about to become, as for C_HEAD. */
export const C_NEXT_TAIL = 21;
export const C_NEXT_PUT = 22;
/** Bit `id % 32` is set for every interpreter that put one of the records; others may be set, too. */
export const C_SENDERS = 23;
/** Number of pages of the next segment. */
export const C_GROWTH = 24;
/** 1 once a record of this channel carried references: only then do walks look for them. */
export const C_REFERENCES = 25;
/** Pointer to a segment that is linked behind C_TAIL_SEGMENT and has no published record yet; else 0. */
export const C_FRESH = 26;
/** Pointer to the pages of a large payload that belong to OWNER_SHARED while their record is being published; else 0. */
export const C_BLOB = 27;
/** C_TAKEN as the putters read it last: so much room there is at least. */
export const C_KNOWN_TAKEN = 29;

/** Under both locks. */
/** Id of the queue or interpreter that the channel belongs to; -1 once it is closed, when nothing may be sent. */
export const C_ID = 32;
/** CHANNEL_… bits. */
export const C_FLAGS = 33;
/** Pointer to a segment that lies in the queue's own page and is never freed; 0 for a mailbox. */
export const C_INLINE = 34;
/** Maximum number of records; unbounded if it is not positive. */
export const C_MAXSIZE = 35;
export const CHANNEL_WORDS = 48;

/** No more records may be put. */
export const CHANNEL_SHUT = 1;
/** The channel is closed for every interpreter. */
export const CHANNEL_CLOSED = 2;

/* ---- segment ---- */
export const SEGMENT_NEXT = 0;
/** Pointer to the first word after the segment. */
export const SEGMENT_END = 1;
export const SEGMENT_HEADER = 2;

/* ---- record ---- */
/** Words of the record, including this header; even. 0 where no record follows: the next one is in the next segment. */
export const R_SIZE = 0;
export const R_FLAGS = 1;
/** Id of the interpreter that put it. */
export const R_SENDER = 2;
/** Bytes of the payload: `references` triples of words, then the encoded value. */
export const R_LENGTH = 3;
export const RECORD_HEADER = 4;

export const RECORD_STATE = 3;
export const RECORD_LIVE = 0;
/** The interpreter that put it was destroyed: its content is gone, but it keeps its place and is taken like any other. */
export const RECORD_UNBOUND = 1;
export const RECORD_ERROR = 2;
/** Removed; skipped. */
export const RECORD_REMOVED = 3;
/** Its fate when the interpreter that put it is destroyed: one of the UNBOUND_… numbers. */
export const RECORD_UNBOUND_SHIFT = 2;
/** The payload lies in pages of its own; the record holds only the pointer to them. */
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
/* words 0 to 47: its channel, the three lines of which have room for these */
/** The slots where the search for the next waiter starts, so that every waiter has its turn. */
export const Q_GET_CURSOR = 8;
/** Slot + 1 of the worker that was woken last and has not come to a pool's lanes since, or 0. Under the takers' lock. */
export const Q_WOKEN = 9;
/**
 * Places, each with slot + 1 of a worker that spins before it parks, or 0. A worker takes a place under the takers' lock and leaves it
 * by a compare-and-swap.
 */
export const Q_SPINNERS = 10;
export const SPINNERS = 4;
export const Q_PUT_CURSOR = 28;
/** How many interpreters wait to get (under the takers' lock), and to put (under the putters'): the number of bits that are set below. Derived. */
export const Q_GETTERS = 36;
export const Q_PUTTERS = 37;
/** The unbound behaviour of items that are put without one. */
export const Q_UNBOUND = 38;
/**
 * In the placeholder of an ArrayBuffer that is moved: id + 1 of the interpreter that sends it. In the page of a callback: id + 1 of its
 * owner. Else 0.
 */
export const Q_SENDER = 39;
/** How many records, anywhere, carry a reference to this queue. Never too low. */
export const Q_ITEM_REFERENCES = 48;
export const Q_NEXT = 49;
/** Incremented after every change of Q_ITEM_REFERENCES: unmoved, it proves that a reader saw the count and the holders in one state. */
export const Q_REF_VERSION = 50;
/** The kind of page: a SYNC_…, or 0 for a queue. Never changes. */
export const Q_KIND = 51;
/** In the page of a report (REF_REPORT): how many reports are on their way. The task adds, the submitter subtracts. */
export const Q_REPORTS = 52;
/** Bit sets of the slots that hold a handle, that wait to get, and that wait to put. */
export const Q_HOLDERS = 64;
export const Q_GET_WAITERS = 96;
export const Q_PUT_WAITERS = 128;
export const Q_INLINE_SEGMENT = 160;
export const BITSET_WORDS = MAX_SLOTS / 32;

/* ---- synchronization object: a hidden queue's page, without records, see kernel/README.md ---- */
/**
 * The values of Q_KIND. Holders, references, lifetime, the takers' lock and the list of getters are a queue's. Where a thread is *granted*
 * what it waits for, the list of putters holds those that were granted something and have not taken it.
 */
export const SYNC_LOCK = 1;
export const SYNC_RLOCK = 2;
export const SYNC_SEMAPHORE = 3;
/** A semaphore whose permits belong to the interpreters that acquired them. */
export const SYNC_BOUNDED = 4;
export const SYNC_EVENT = 5;
export const SYNC_CONDITION = 6;
export const SYNC_BARRIER = 7;
/**
 * The word that the object is about, on a cache line of its own. Locks: 0 or MUTEX_… bits. Semaphores: how many permits are free. Events:
 * `{ number of times that it was set: 31 bits, whether it is set: 1 bit }`. Barriers: the number of times that it was tripped or broken.
 */
export const Y_STATE = 160;
/** Locks and semaphores: id + 1 of an interpreter that died with them, until the next owner has seen it; else 0. */
export const Y_ABANDONED = 161;
/** Reentrant locks: how often the owner has acquired it again. Semaphores: how many permits the dead left, and no next owner has seen. */
export const Y_DEPTH = 162;
/** Semaphores: how many permits there were at first. Barriers: how many parties it waits for. Never changes. */
export const Y_INITIAL = 163;
/** Barriers: how many have arrived. */
export const Y_ARRIVED = 164;
/** Barriers: 0, or why it is broken: id + 2 of a party that died, or 1. */
export const Y_BROKEN = 165;
/** Conditions: pointer to the lock, and its id. Never change. A record in the condition's channel keeps the lock alive. */
export const Y_LOCK = 166;
export const Y_LOCK_ID = 167;
/** Conditions: the segment of that channel, up to the end of the first page. */
export const Y_SEGMENT = 192;
/**
 * Semaphores, conditions and barriers have a second page, with one word for each slot. Semaphores: how many permits it holds. Conditions:
 * `{ notifications that it was granted: 16 bits, waits: 16 bits }`.
 */
export const Y_SLOTS = PAGE_WORDS;
/** Barriers, by slot: the number of the round in which it waited last, plus 1. */
export const Y_ROUNDS = Y_SLOTS;
/** Barriers have a third page, by slot: the number of the last broken round in which it waited, plus 1. */
export const Y_BROKEN_ROUNDS = 2 * PAGE_WORDS;

/** The word of a lock: 0 if it is free, else its owner's slot + 1 and these bits. */
export const MUTEX_OWNER = 0xffff;
/** Other interpreters may be on the list of getters, so that releasing it takes the takers' lock. */
export const MUTEX_WAITED_FOR = 0x10000;
/** The owner was on that list, and has not taken the lock yet. */
export const MUTEX_GRANTED = 0x20000;

/* ---- page table ---- */
export const PAGE_TABLE = SLOTS + MAX_SLOTS * SLOT_WORDS;
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

export function slotPointer(slot: Slot): Pointer {
  return (SLOTS + slot * SLOT_WORDS) as Pointer;
}

/* ---- references in records: triples { kind, a, b } ---- */
/** a: pointer to the queue, b: its id. */
export const REF_QUEUE = 1;
/** a: slot, b: the interpreter's id. */
export const REF_INTERPRETER = 2;
/** The UNBOUND singleton; a and b are 0. */
export const REF_UNBOUND = 3;
/** A SharedArrayBuffer. a, b: its placeholder, a hidden queue that lives as long as the buffer is in use; see transfer/supervisor-port.ts. */
export const REF_BUFFER = 4;
/** An ArrayBuffer that is moved. a, b: its placeholder, a hidden queue that lives until the buffer is taken; see transfer/handover.ts. */
export const REF_MOVED = 5;
/** An ArrayBuffer that is moved with a result. a: its index among the buffers on the call's channel, b: 0; see transfer/handover.ts. */
export const REF_RETURNED = 6;
/**
 * A callback. a, b: its page, a hidden queue that takes no items: its holders and the count of its references say whether any interpreter can
 * call it, and Q_SENDER names its owner; see callbacks/README.md.
 */
export const REF_CALLBACK = 9;
/** The function by which a task reports its progress. a, b: as for REF_CALLBACK. */
export const REF_REPORT = 10;
/** The proxy of an object in another interpreter. It is refused, so no record has it. */
export const REF_OBJECT = 11;
/** A synchronization object. a: pointer to its page, b: its id. */
export const REF_SYNC = 7;
export const REF_WORDS = 3;

/* ---- statuses of the operations on integers; negative means not done ---- */
export const OK = 0;
export const STATUS_EMPTY = -1;
export const STATUS_FULL = -2;
/** The id is unknown or no longer in use. */
export const STATUS_NOT_FOUND = -3;
export const STATUS_SHUT = -4;
export const STATUS_NO_MEMORY = -5;
/** The interpreter is executing a work item, or one waits for it. */
export const STATUS_BUSY = -6;
/** Another thread was faster: read again and retry. */
export const STATUS_CHANGED = -7;
/** This interpreter does not hold what it would release. */
export const STATUS_NOT_HELD = -8;
/** The barrier is broken. */
export const STATUS_BROKEN = -9;
