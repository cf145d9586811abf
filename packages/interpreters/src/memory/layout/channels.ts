/** Channels, the segments that they consist of, and the records in these: what mailboxes and queues are made of. */

/* ---- channel: a FIFO of records, see kernel/channel.ts. Three cache lines: the takers', the putters', and what seldom changes. Words 15 and 31 are LOCK_WAITERS ---- */
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
