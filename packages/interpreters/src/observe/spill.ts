/**
 * The spill of a trace: a file without a name that takes the records of tasks, 32 bytes each, while there are too many of them to make text at once. The
 * text of a task takes as long as an empty task does, so making it meanwhile would slow down what the trace shows. The supervisor makes it when it finds
 * the process less busy, a little at a time, and main the rest at the end.
 *
 *     chunk: [caller + 1, records, bytes of labels, …] │ records │ labels: [length, UTF-8 …]
 *
 * A thread that has a full ring takes the next number, which says where its chunk lies, so that no writer waits for another. It writes the first words last:
 * a chunk without them is not complete. If its writer was terminated meanwhile, it stays so, but then its records are still in the ring.
 */
import { ftruncateSync, readSync, writeSync } from "../platform/files.js";
import { clock } from "../base/clock.js";
import { add, cas, get, load, readBytes, set, type SharedMemory, store } from "../memory/atomics.js";
import type { Pointer } from "../memory/brands.js";
import {
  H_SPILL_CHUNKS,
  H_SPILL_DONE,
  H_SPILL_DONE_RECORDS,
  H_SPILL_LOCK,
  H_TRACE_SPILL,
} from "../memory/layout.js";
import { addText, labelsFrom, MAIN, RECORD_BYTES, RECORD_WORDS, SUPERVISOR } from "./records.js";
import type { SliceText } from "./slice-text.js";
import type { TraceFile } from "./trace-file.js";

const HEAD_BYTES = 64;
/** Records, and bytes of labels, that a chunk has room for: those of a ring. */
const MOST_RECORDS = 1 << 15;
const MOST_LABELS = 1 << 14;
const CHUNK_BYTES = HEAD_BYTES + MOST_RECORDS * RECORD_BYTES + MOST_LABELS;
/** Records that are made text of at a time. */
const PIECE = 4096;
/** Milliseconds that main waits at the end for the supervisor, which makes text for a few at a time, and for a writer of a chunk. */
const SUPERVISOR_PATIENCE = 1000;
const WRITER_PATIENCE = 50;

/** Records that lie in a ring: from `start` on `first`, and the rest at the beginning of the ring, `wrapped`. Pointers. */
export interface Records {
  readonly caller: number;
  readonly start: Pointer;
  readonly first: number;
  readonly wrapped: Pointer;
  readonly rest: number;
  readonly labels: Pointer;
  readonly labelBytes: number;
}

export class Spill {
  readonly #m: SharedMemory;
  readonly #file: TraceFile;
  #bytes: Buffer | undefined;
  #read: Buffer | undefined;

  constructor(m: SharedMemory, file: TraceFile) {
    this.#m = m;
    this.#file = file;
  }

  /** Writes records, at most those of a ring. Returns false if that is not possible: then they must become text at once. */
  write({ caller, start, first, wrapped, rest, labels, labelBytes }: Records): boolean {
    const m = this.#m;
    const descriptor = load(m, H_TRACE_SPILL);
    if (descriptor <= 0 || first + rest > MOST_RECORDS || labelBytes > MOST_LABELS) return false;
    const bytes = (this.#bytes ??= Buffer.allocUnsafeSlow(CHUNK_BYTES));
    let end = HEAD_BYTES;
    for (const [from, length] of [
      [start, first * RECORD_BYTES],
      [wrapped, rest * RECORD_BYTES],
      [labels, labelBytes],
    ] as const) {
      readBytes(m, from, 0, bytes, end, length);
      end += length;
    }
    const chunk = add(m, H_SPILL_CHUNKS, 1);
    const at = chunk * CHUNK_BYTES;
    bytes.writeInt32LE(caller + 1, 0);
    bytes.writeInt32LE(first + rest, 4);
    bytes.writeInt32LE(labelBytes, 8);
    try {
      writeAt(descriptor - 1, bytes, HEAD_BYTES, end, at);
      writeAt(descriptor - 1, bytes, 0, HEAD_BYTES, at);
    } catch {
      // No room: from now on all records become text at once, as long as there is room for that.
      cas(m, H_TRACE_SPILL, descriptor, -descriptor);
      return false;
    }
    if (chunk === 0) this.#announce();
    return true;
  }

  /** Tells the reader of the trace of a killed process why tasks are missing. */
  #announce(): void {
    this.#file.instant("tasks are kept for later", 0, {
      why: "there are too many to write them at once; those until the process has time for it, or ends, are not in the file before",
    });
    this.#file.flush();
  }

  /** Makes text of the chunks for about `milliseconds`. Only the supervisor may do so. */
  convert(text: SliceText, milliseconds: number): void {
    const m = this.#m;
    if (get(m, H_SPILL_DONE) === load(m, H_SPILL_CHUNKS) || cas(m, H_SPILL_LOCK, 0, SUPERVISOR) !== 0) return;
    try {
      const until = clock() + milliseconds;
      while (this.#piece(text) && clock() < until);
    } finally {
      store(m, H_SPILL_LOCK, 0);
    }
  }

  /** Makes text of all that is left, at the end of the trace, in main. From then on no thread writes. */
  convertAll(text: SliceText): void {
    const m = this.#m;
    const descriptor = load(m, H_TRACE_SPILL);
    if (descriptor === 0) return;
    // Otherwise threads that go on might write faster than this.
    store(m, H_TRACE_SPILL, -Math.abs(descriptor));
    let until = clock() + SUPERVISOR_PATIENCE;
    while (cas(m, H_SPILL_LOCK, 0, MAIN) !== 0 && clock() < until);
    until = clock() + WRITER_PATIENCE;
    while (load(m, H_SPILL_DONE) !== load(m, H_SPILL_CHUNKS))
      if (!this.#piece(text) && clock() > until) this.#next();
    // The descriptor stays, for other threads may be about to use it, but not the room on the disk.
    ftruncateSync(Math.abs(descriptor) - 1, 0);
  }

  #next(): void {
    const m = this.#m;
    set(m, H_SPILL_DONE_RECORDS, 0);
    store(m, H_SPILL_DONE, get(m, H_SPILL_DONE) + 1);
  }

  /** Makes text of up to PIECE records. Returns false if there is none, or if the next chunk is not complete. The caller holds the lock. */
  #piece(text: SliceText): boolean {
    const m = this.#m;
    const done = get(m, H_SPILL_DONE);
    if (done === load(m, H_SPILL_CHUNKS)) return false;
    const fd = Math.abs(load(m, H_TRACE_SPILL)) - 1;
    const bytes = (this.#read ??= Buffer.allocUnsafeSlow(HEAD_BYTES + PIECE * RECORD_BYTES + MOST_LABELS));
    const at = done * CHUNK_BYTES;
    if (!readAt(fd, bytes, 0, HEAD_BYTES, at)) return false;
    const [caller, records, labelBytes] = [0, 4, 8].map((i) => bytes.readInt32LE(i));
    if (caller === 0) return false;
    const from = get(m, H_SPILL_DONE_RECORDS);
    const count = Math.min(PIECE, records - from);
    const labelsAt = HEAD_BYTES + PIECE * RECORD_BYTES;
    if (
      !readAt(fd, bytes, HEAD_BYTES, count * RECORD_BYTES, at + HEAD_BYTES + from * RECORD_BYTES) ||
      !readAt(fd, bytes, labelsAt, labelBytes, at + HEAD_BYTES + records * RECORD_BYTES)
    )
      return false;
    const label = labelsFrom(
      (place, to) => bytes.copy(to, 0, labelsAt + place, labelsAt + place + to.length),
      (place) => bytes.readInt32LE(labelsAt + place),
    );
    const words = new Int32Array(bytes.buffer, HEAD_BYTES, count * RECORD_WORDS);
    for (let i = 0; i < count; i++) addText(text, caller - 1, words, i * RECORD_WORDS, label);
    // Only what is in the file is done: this thread may be terminated.
    text.flush();
    if (from + count < records) store(m, H_SPILL_DONE_RECORDS, from + count);
    else this.#next();
    return true;
  }
}

function writeAt(fd: number, bytes: Buffer, start: number, end: number, at: number): void {
  for (let i = start; i < end;) i += writeSync(fd, bytes, i, end - i, at + i);
}

/** Returns false if the file ends before. */
function readAt(fd: number, bytes: Buffer, start: number, length: number, at: number): boolean {
  for (let got = 0; got < length;) {
    const read = readSync(fd, bytes, start + got, length - got, at + got);
    if (read === 0) return false;
    got += read;
  }
  return true;
}
