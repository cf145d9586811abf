/**
 * The text of slices: for each task, which waited and ran, its three events. It is made of bytes, for strings would be several times as slow, and tracing
 * must not slow down what it shows.
 */
import type { TraceFile } from "./trace-file.js";

const CAPACITY = 1 << 17;
/** Bytes of a task's three events, except for three labels. */
const EVENTS = 700;

export class SliceText {
  readonly #file: TraceFile;
  readonly #bytes = Buffer.allocUnsafe(CAPACITY);
  #end = 0;
  readonly #begin = Buffer.from(',\n{"ph":"b","cat":"waiting","id":"');
  readonly #endWait = Buffer.from(',\n{"ph":"e","cat":"waiting","id":"');
  readonly #complete = Buffer.from(',\n{"ph":"X","cat":"task","args":{"id":"');
  readonly #name = Buffer.from('","name":');
  readonly #nameOfTask = Buffer.from('},"name":');
  readonly #tid: Buffer;
  readonly #ts = Buffer.from(',"ts":');
  readonly #dur = Buffer.from(',"dur":');
  readonly #wait = Buffer.from('","wait":');

  constructor(file: TraceFile) {
    this.#file = file;
    this.#tid = Buffer.from(`,"pid":${file.pid},"tid":`);
  }

  /** Adds a task. `label` is JSON; `submitted` is in microseconds of the trace. */
  slice(
    caller: number,
    sequence: number,
    label: Buffer,
    tid: number,
    submitted: number,
    waited: number,
    ran: number,
  ): void {
    if (this.#end + EVENTS + 3 * label.length > CAPACITY) this.flush();
    const began = submitted + waited;
    this.#waiting(this.#begin, caller, sequence, label, submitted);
    this.#waiting(this.#endWait, caller, sequence, label, began);
    this.#copy(this.#complete);
    this.#id(caller, sequence);
    this.#copy(this.#wait);
    this.#number(waited);
    this.#copy(this.#nameOfTask);
    this.#copy(label);
    this.#copy(this.#tid);
    this.#number(tid);
    this.#copy(this.#ts);
    this.#number(began);
    this.#copy(this.#dur);
    this.#number(ran);
    this.#bytes[this.#end++] = BRACE;
  }

  #waiting(event: Buffer, caller: number, sequence: number, label: Buffer, ts: number): void {
    this.#copy(event);
    this.#id(caller, sequence);
    this.#copy(this.#name);
    this.#copy(label);
    this.#copy(this.#tid);
    this.#number(caller);
    this.#copy(this.#ts);
    this.#number(ts);
    this.#bytes[this.#end++] = BRACE;
  }

  #id(caller: number, sequence: number): void {
    this.#number(caller);
    this.#bytes[this.#end++] = DOT;
    this.#number(sequence);
  }

  #copy(from: Buffer): void {
    const bytes = this.#bytes;
    const end = this.#end;
    const { length } = from;
    for (let i = 0; i < length; i++) bytes[end + i] = from[i];
    this.#end = end + length;
  }

  /** A whole number that is not negative. */
  #number(value: number): void {
    const bytes = this.#bytes;
    let digits = 1;
    for (let above = 10; value >= above; above *= 10) digits++;
    let at = (this.#end += digits);
    let rest = value;
    // Integers of 31 bits divide faster.
    for (; rest > 0x3fffffff; rest = Math.floor(rest / 10)) bytes[--at] = ZERO + (rest % 10);
    let small = rest | 0;
    for (; at > this.#end - digits; small = (small / 10) | 0) bytes[--at] = ZERO + (small % 10);
  }

  flush(): void {
    if (this.#end > 0) this.#file.write(this.#bytes.subarray(0, this.#end));
    this.#end = 0;
  }
}

const ZERO = 48;
const DOT = 46;
const BRACE = 125;
