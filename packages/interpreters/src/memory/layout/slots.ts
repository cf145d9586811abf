/** The words of a slot, by offset: the state, the doorbell and the mailbox of one interpreter. */

/** A STATE_…. Claimed under the registry lock, then written by its owner and, after the owner's death, by the supervisor. */
export const S_STATE = 0;
/** The interpreter's id; it does not change while the slot is in use. */
export const S_ID = 1;
/** A WHENCE_…. */
export const S_WHENCE = 2;
/**
 * The object of the owner's wait without a time limit, if it sleeps: slot + 1 of an interpreter that owes it a reply; the negated pointer to a
 * synchronization object that others hold; ANYONE or above if any interpreter may end the wait; 0 if it waits for nothing of the kind. Written by
 * the owner (kernel/deadlock.ts, kernel/asleep.ts).
 */
export const S_WAITING_ON = 3;
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

/**
 * The word of the doorbell with which the owner fell asleep on its event loop when nothing there could wake it: it sleeps so while the doorbell is the
 * same. Written by the owner, which `S_ASKED` asks for it (kernel/asleep.ts).
 */
export const S_IDLE = 17;
/** Slot + 1 of an interpreter that wants to know whether nothing but a ring can wake the owner, and waits for that; else 0. */
export const S_ASKED = 18;
/**
 * The word of the doorbell with which the owner, if it is blocked, falls asleep again after the ring of one that found it asleep. Then it is indeed in its
 * wait, which an exception may have unwound. Written by others (kernel/asleep.ts).
 */
export const S_CONFIRMED = 19;

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

/** The mailbox, two channels: work sent to the interpreter, and replies to its own requests. */
export const S_WORK = 48;
/** The observation of the first execution, in words that the channel leaves free. */
export const S_OBSERVED = 88;
export const S_REPLIES = 96;
/** A VERDICT_…: what the owner makes of a circle of waits that it found. Written by the owner, in a word that the channel leaves free. */
export const S_VERDICT = 136;
export const VERDICT_NONE = 0;
/** It finds out whether it can give up its wait. */
export const VERDICT_DECIDES = 1;
/** It cannot. */
export const VERDICT_STAYS = 2;
/** It has not begun its wait: it looks whether it would close a circle. */
export const VERDICT_BEGINS = 3;
/**
 * 1 once the interpreter is condemned: its thread does nothing more that others could see; 2 once it stands still (kernel/fence.ts). In a word that
 * the channel leaves free, on a line that seldom changes.
 */
export const S_FENCED = 137;
/** Bit set of the slots that hold a handle to this interpreter. */
export const S_HOLDERS = 144;
/** The name that the creator gave, in UTF-8. */
export const S_NAME = 176;
export const NAME_BYTES = 320;

/** S_WAITING_ON of a wait that any interpreter may end: this, plus the pointer to the page that it is for, if any, plus an ANYONE_… for the kind. */
export const ANYONE = 0x40000000;
/** For an item of the queue, for room in it, or for the synchronization object. */
export const ANYONE_GETS = 0;
export const ANYONE_PUTS = 1;
export const ANYONE_SYNC = 2;
/** For the first of several. */
export const ANYONE_SELECT = 3;
/** For tasks of a pool. */
export const ANYONE_TASKS = 4;

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
