/**
 * The file of a trace, in the trace event format's form of an array: it opens in Perfetto and chrome://tracing, which both accept an array without
 * its end. That is what a process leaves that is killed.
 *
 * Every thread of the process has one object of this class. Each write consists of complete events, and the descriptor appends, so events of
 * different threads never mix. The events that wait to be written take bounded memory: a thread that has KEPT characters of them writes, at once.
 */
import { writeNow } from "../platform/streams.js";
import { performance } from "../platform/performance.js";
import { process } from "../platform/process.js";
import { setTimeout } from "../platform/timers.js";
import { clock } from "../base/clock.js";
import { add, cas, get, load, type SharedMemory } from "../memory/atomics.js";
import { H_TRACE_BASE, H_TRACE_CLOSED, H_TRACE_FILE, H_TRACE_WRITERS } from "../memory/layout.js";
import { reportProblem } from "./problem.js";

/** Characters of events that a thread keeps before it writes them. */
const KEPT = 1 << 16;
/** Milliseconds that it keeps them. */
const KEPT_FOR = 100;
/** Milliseconds that main waits at the end for a thread that is writing. One that was terminated meanwhile never ends. */
const WRITERS_PATIENCE = 50;

export class TraceFile {
  /** `"pid":…,` for each event. */
  readonly pid = process.pid;
  readonly #m: SharedMemory;
  readonly #fd: number;
  readonly #base: number;
  /** The number to add to `performance.now()`, which counts as `clock` does and takes half the time, for milliseconds of the trace. */
  readonly #origin: number;
  #text = "";
  #due = Infinity;
  #timed = false;

  constructor(m: SharedMemory) {
    this.#m = m;
    this.#fd = get(m, H_TRACE_FILE) - 1;
    this.#base = get(m, H_TRACE_BASE) * 1000;
    this.#origin = clock() - performance.now() - this.#base;
  }

  /** Microseconds of the trace, whole ones, at a moment of `clock`. */
  at(milliseconds: number): number {
    return Math.floor((milliseconds - this.#base) * 1000);
  }

  now(): number {
    return Math.floor((performance.now() + this.#origin) * 1000);
  }

  /** Microseconds of the trace, from a second of `clock` and microseconds. */
  atSecond(second: number, micros: number): number {
    return second * 1e6 - this.#base * 1000 + micros;
  }

  /** Adds an event, which is JSON. `now` is in microseconds of the trace. */
  add(event: string, now: number): void {
    this.#text += `,\n${event}`;
    if (this.#due === Infinity) this.#due = now + KEPT_FOR * 1000;
    // A thread that blocks runs no timers.
    if (this.#text.length >= KEPT || now >= this.#due) this.flush();
    else if (!this.#timed) {
      this.#timed = true;
      setTimeout(() => {
        this.#timed = false;
        this.flush();
      }, KEPT_FOR).unref();
    }
  }

  instant(name: string, tid: number, args: object): void {
    const ts = this.now();
    const event = { ph: "i", s: "t", cat: "life", name, pid: this.pid, tid, ts, args };
    this.add(JSON.stringify(event), ts);
  }

  counter(name: string, values: Readonly<Record<string, number>>): void {
    const ts = this.now();
    this.add(JSON.stringify({ ph: "C", name, pid: this.pid, tid: 0, ts, args: values }), ts);
  }

  threadName(tid: number, name: string): void {
    const meta = { ph: "M", pid: this.pid, tid };
    const named = JSON.stringify({ ...meta, name: "thread_name", args: { name } });
    this.add(
      `${named},\n${JSON.stringify({ ...meta, name: "thread_sort_index", args: { sort_index: tid } })}`,
      this.now(),
    );
  }

  /** Writes what waits. */
  flush(): void {
    const text = this.#text;
    this.#text = "";
    this.#due = Infinity;
    if (text !== "") this.write(Buffer.from(text));
  }

  /** Writes complete events, each behind a comma, at once. */
  write(bytes: Uint8Array): void {
    const m = this.#m;
    add(m, H_TRACE_WRITERS, 1);
    try {
      if (load(m, H_TRACE_CLOSED) === 0) this.#write(bytes);
    } finally {
      add(m, H_TRACE_WRITERS, -1);
    }
  }

  /** Writes what waits, and the end of the array: from now on no thread writes. */
  end(): void {
    this.flush();
    const m = this.#m;
    if (cas(m, H_TRACE_CLOSED, 0, 1) !== 0) return;
    const until = clock() + WRITERS_PATIENCE;
    while (load(m, H_TRACE_WRITERS) !== 0 && clock() < until);
    this.#write(Buffer.from("\n]\n"));
  }

  #write(bytes: Uint8Array): void {
    try {
      for (let written = 0; written < bytes.length;) written += writeNow(this.#fd, bytes, written);
    } catch (error) {
      // Part of an event may be in the file: no thread writes anything behind it.
      if (cas(this.#m, H_TRACE_CLOSED, 0, 1) !== 0) return;
      reportProblem(
        `writing the trace failed, and it ends here: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
