/**
 * The slices of one thread on their way to the file: a ring of records in shared memory. The thread that traces its operations only stores eight
 * words for each; the supervisor empties the ring, on its own thread: it makes text of the records, or, if there are many, writes them to the spill (spill.ts).
 * If the supervisor is behind, so that the ring is full, the thread empties it itself, which slows it down instead of taking more memory. If the
 * supervisor is just doing it, which may take as long as a disk takes, the thread writes its next slices past the ring. When main ends the trace, it
 * empties all rings.
 *
 *     header: next ring, owner, head, tail, lock, end of the labels │ labels: [length, UTF-8 …] │ records
 *
 * Records from tail to head wait to be written. Only the owner moves the head; the holder of the lock moves the tail. The lock is never taken from a
 * holder that may still run, however long it takes: with two holders, the tail would move back. Rings form a list under H_TRACE_RINGS that only grows. The ring of a thread that has ended is given to the next one that needs one.
 */
import {
  cas,
  ensureMapped,
  get,
  load,
  readBytes,
  set,
  type SharedMemory,
  store,
  writeBytes,
} from "../memory/atomics.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import { H_SLOTS_USED, H_TRACE_RINGS, OWNER_SHARED, PAGE_WORDS, STATE_FREE } from "../memory/layout.js";
import { allocatePages } from "../memory/page-allocator.js";
import { idOf, stateOf } from "../kernel/registry.js";
import { clock } from "../base/clock.js";
import {
  addText,
  LABEL,
  labelsFrom,
  MAIN,
  MICROS,
  RAN,
  RECORD_WORDS,
  SECOND,
  SEQUENCE,
  SUPERVISOR,
  THREAD,
  WAITED,
} from "./records.js";
import type { SliceText } from "./slice-text.js";
import type { Records, Spill } from "./spill.js";

const NEXT = 0;
/** Id + 1 of the interpreter that writes; 0 if the ring is free. */
const OWNER = 1;
const HEAD = 2;
const TAIL = 3;
/** The thread that empties the ring: the id of its interpreter + 1, SUPERVISOR, or 0 for none. */
const LOCK = 4;
/** Bytes of labels. */
const LABELS_END = 5;
const HEADER = 16;
const LABEL_PAGES = 4;
const LABEL_BYTES = LABEL_PAGES * PAGE_WORDS * 4 - HEADER * 4;
const RECORDS = LABEL_PAGES * PAGE_WORDS;
/** Records that fit: at the highest rate of tasks, the supervisor comes just in time. */
const COUNT = 1 << 15;
const PAGES = LABEL_PAGES + (COUNT * RECORD_WORDS) / PAGE_WORDS;
/** Milliseconds that main waits at the end for a thread that empties a ring. One that was terminated meanwhile never gives the lock back. */
const PATIENCE = 50;
/** Records from which on they are written to the spill: in the time between two looks of the supervisor, more than 100,000 tasks a second. */
const MANY = 2048;

/** Finds a ring for interpreter `id`. Returns 0 if memory is exhausted. */
export function openRing(m: SharedMemory, id: InterpreterId): Pointer {
  for (let p = load(m, H_TRACE_RINGS) as Pointer; p !== 0; p = load(m, p + NEXT) as Pointer) {
    ensureMapped(m, p + PAGES * PAGE_WORDS - 1);
    if (cas(m, p + OWNER, 0, id + 1) === 0) return p;
  }
  const p = allocatePages(m, PAGES, OWNER_SHARED);
  if (p === 0) return 0;
  for (let i = 0; i < HEADER; i++) set(m, p + i, 0);
  set(m, p + OWNER, id + 1);
  for (;;) {
    const first = load(m, H_TRACE_RINGS);
    set(m, p + NEXT, first);
    if (cas(m, H_TRACE_RINGS, first, p) === first) return p;
  }
}

/** The writing end. */
export class Ring {
  readonly #m: SharedMemory;
  readonly #p: Pointer;
  readonly #owner: number;
  readonly #text: SliceText;
  readonly #spill: Spill | undefined;
  #head: number;
  /** As far as the tail was seen. */
  #room: number;

  constructor(m: SharedMemory, p: Pointer, text: SliceText, spill?: Spill) {
    this.#m = m;
    this.#p = p;
    this.#owner = load(m, p + OWNER);
    this.#text = text;
    this.#spill = spill;
    this.#head = get(m, p + HEAD);
    this.#room = (load(m, p + TAIL) + COUNT) | 0;
  }

  /** Writes down a label. Returns what to name it by, or -1 if there is no room. */
  label(quoted: string): number {
    const m = this.#m;
    const bytes = Buffer.from(quoted);
    const at = get(m, this.#p + LABELS_END);
    const length = (4 + bytes.length + 3) & ~3;
    if (at + length > LABEL_BYTES) return -1;
    set(m, this.#p + HEADER + at / 4, bytes.length);
    writeBytes(m, this.#p, HEADER * 4 + at + 4, bytes, 0, bytes.length);
    set(m, this.#p + LABELS_END, at + length);
    return at;
  }

  /**
   * A slice: `submitted` is in microseconds of the trace, `waited` and `ran` are microseconds, of 31 bits. Returns false if the ring is full and
   * another thread is emptying it.
   */
  push(
    sequence: number,
    label: number,
    tid: number,
    submitted: number,
    waited: number,
    ran: number,
  ): boolean {
    if (this.#head === this.#room && !this.#makeRoom()) return false;
    const { i32 } = this.#m;
    const p = this.#p + RECORDS + (this.#head & (COUNT - 1)) * RECORD_WORDS;
    const second = Math.floor(submitted / 1e6);
    i32[p + SEQUENCE] = sequence;
    i32[p + LABEL] = label;
    i32[p + THREAD] = tid;
    i32[p + SECOND] = second;
    i32[p + MICROS] = submitted - second * 1e6;
    i32[p + WAITED] = waited;
    i32[p + RAN] = ran;
    this.#head = (this.#head + 1) | 0;
    store(this.#m, this.#p + HEAD, this.#head);
    return true;
  }

  #makeRoom(): boolean {
    const [m, p] = [this.#m, this.#p];
    const look = (): boolean => (this.#room = (load(m, p + TAIL) + COUNT) | 0) !== this.#head;
    if (look()) return true;
    // An exception that unwound this thread (a time limit of `vm`) has left the lock to it.
    const holder = cas(m, p + LOCK, 0, this.#owner);
    if (holder === 0 || holder === this.#owner) empty(m, p, this.#text, this.#spill);
    return look();
  }
}

/** Empties all rings but those that another thread is emptying. Only the supervisor may do so. Returns how many records they had. */
export function emptyRings(m: SharedMemory, text: SliceText, spill?: Spill): number {
  let records = 0;
  forEachRing(m, (p) => {
    if (cas(m, p + LOCK, 0, SUPERVISOR) === 0) records += empty(m, p, text, spill);
  });
  return records;
}

/** Empties all rings at the end of the trace, in main. It waits a little for other threads that do so. From then on no thread writes. */
export function emptyRingsAtEnd(m: SharedMemory, text: SliceText): void {
  forEachRing(m, (p) => {
    const until = clock() + PATIENCE;
    while (cas(m, p + LOCK, 0, MAIN) !== 0 && clock() < until);
    empty(m, p, text);
  });
}

function forEachRing(m: SharedMemory, each: (p: Pointer, owner: number) => void): void {
  for (let p = load(m, H_TRACE_RINGS) as Pointer; p !== 0; p = load(m, p + NEXT) as Pointer) {
    ensureMapped(m, p + PAGES * PAGE_WORDS - 1);
    const owner = load(m, p + OWNER);
    if (owner !== 0) each(p, owner);
  }
}

/** Empties the rings of interpreters that have ended, and whose threads have, and gives them to the next ones. Only the supervisor may do so. */
export function freeRings(m: SharedMemory, text: SliceText): void {
  forEachRing(m, (p, owner) => {
    if (hasSlot(m, (owner - 1) as InterpreterId)) return;
    // The owner may have been emptying it when it was terminated. Otherwise main is, at the end.
    const holder = load(m, p + LOCK);
    if ((holder !== 0 && holder !== owner) || cas(m, p + LOCK, holder, SUPERVISOR) !== holder) return;
    empty(m, p, text);
    set(m, p + LABELS_END, 0);
    store(m, p + OWNER, 0);
  });
}

/** Whether the thread of an interpreter may still run, whatever the others see of it. */
function hasSlot(m: SharedMemory, id: InterpreterId): boolean {
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0 as Slot; slot < end; slot++)
    if (idOf(m, slot) === id && stateOf(m, slot) !== STATE_FREE) return true;
  return false;
}

/** The caller holds the lock, which this releases. Returns how many records the ring had. */
function empty(m: SharedMemory, p: Pointer, text: SliceText, spill?: Spill): number {
  try {
    return write(m, p, text, spill);
  } finally {
    store(m, p + LOCK, 0);
  }
}

function write(m: SharedMemory, p: Pointer, text: SliceText, spill?: Spill): number {
  const caller = load(m, p + OWNER) - 1;
  // In this order: the head is never behind a tail that was read before it.
  let tail = load(m, p + TAIL);
  const head = load(m, p + HEAD);
  const records = (head - tail) | 0;
  if (records >= MANY && spill?.write(recordsOf(m, p, caller, tail, records)) === true) {
    store(m, p + TAIL, head);
    return records;
  }
  const label = labelsFrom(
    (at, to) => readBytes(m, p, HEADER * 4 + at, to, 0, to.length),
    (at) => get(m, p + HEADER + at / 4),
  );
  while (tail !== head) {
    addText(text, caller, m.i32, p + RECORDS + (tail & (COUNT - 1)) * RECORD_WORDS, label);
    tail = (tail + 1) | 0;
    // So that the owner can go on. Only what is in the file is done: this thread may be terminated.
    if ((tail & 0xfff) !== 0) continue;
    text.flush();
    store(m, p + TAIL, tail);
  }
  text.flush();
  store(m, p + TAIL, tail);
  return records;
}

function recordsOf(m: SharedMemory, p: Pointer, caller: number, tail: number, count: number): Records {
  const begin = tail & (COUNT - 1);
  const first = Math.min(count, COUNT - begin);
  return {
    caller,
    start: (p + RECORDS + begin * RECORD_WORDS) as Pointer,
    first,
    wrapped: (p + RECORDS) as Pointer,
    rest: count - first,
    labels: (p + HEADER) as Pointer,
    labelBytes: load(m, p + LABELS_END),
  };
}
