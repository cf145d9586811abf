/** Queues, and the synchronization objects, which are queues without records. */
import type { PAGE_WORDS } from "./regions.js";

/* ---- queue: one page ---- */
/* words 0 to 47: its channel, the three lines of which have room for these */
/** The slots where the search for the next waiter starts, so that every waiter has its turn. */
export const Q_GET_CURSOR = 8;
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
/** In the queue of an iteration: 1 while the generator waits at its `yield` for its consumer, and no code of it runs. Its thread alone writes it. */
export const Q_AT_YIELD = 53;
/**
 * A pool's lane of waiters, on a line that its putters read and nothing else changes often: slot + 1 of the worker that was woken last and has not
 * come to the lanes since, or 0. Under the takers' lock.
 */
export const Q_WOKEN = 56;
/**
 * Lookouts, each with slot + 1 of the worker that spins there, or 0: two, because one alone is busy when the next item comes. A worker takes and leaves its
 * lookout by a compare-and-swap.
 */
export const Q_SPINNERS = 57;
export const SPINNERS = 2;
/** Bit sets of the slots that hold a handle, that wait to get, and that wait to put. */
export const Q_HOLDERS = 64;
export const Q_GET_WAITERS = 96;
export const Q_PUT_WAITERS = 128;
export const Q_INLINE_SEGMENT = 160;

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
/** Barriers: 0; once broken, the id + 2 of the party that died, or 1. */
export const Y_BROKEN = 165;
/** Conditions: pointer to the lock, and its id. Never change. A record in the condition's channel keeps the lock alive. */
export const Y_LOCK = 166;
export const Y_LOCK_ID = 167;
/** Conditions: the segment of that channel, up to the end of the first page. */
export const Y_SEGMENT = 192;
/**
 * Semaphores, conditions and barriers have a second page, with one word for each slot. Semaphores: how many permits it holds. Conditions:
 * `{ notifications that it was granted: 16 bits, waits: 16 bits }`. The number is written out for the bundler (layout.ts).
 */
export const Y_SLOTS: typeof PAGE_WORDS = 1024;
/** Barriers, by slot: the number of the round in which it waited last, plus 1. */
export const Y_ROUNDS = Y_SLOTS;
/** Barriers have a third page, by slot: the number of the last broken round in which it waited, plus 1. */
export const Y_BROKEN_ROUNDS = 2 * Y_SLOTS;

/** The word of a lock: 0 if it is free, else its owner's slot + 1 and these bits. */
export const MUTEX_OWNER = 0xffff;
/** Other interpreters may be on the list of getters, so that releasing it takes the takers' lock. */
export const MUTEX_WAITED_FOR = 0x10000;
/** The owner was on that list, and has not taken the lock yet. */
export const MUTEX_GRANTED = 0x20000;
