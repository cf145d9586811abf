/**
 * Reads a trace, as `interpreters` writes it: one event on each line, the array perhaps without its end, if the process was killed.
 * The file may be large, so it is read line by line, and only what a report shows is kept.
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { UsageError, systemMessage } from "../errors.js";

/** How a task ended. */
export const DONE = 0;
export const FAILED = 1;
export const INTERRUPTED = 2;
export const UNFINISHED = 3;

/** A task, in microseconds of the trace. */
export interface Task {
  readonly began: number;
  readonly ran: number;
  /** -1 if it is unknown: its submission is not in the trace. */
  waited: number;
  readonly thread: number;
  readonly name: string;
  readonly state: number;
  /** The error that it threw, or why it was interrupted. */
  readonly why: string;
}

export interface Instant {
  readonly at: number;
  readonly thread: number;
  readonly name: string;
}

export interface Trace {
  readonly process: string;
  /** The names of threads, by id. */
  readonly threads: ReadonlyMap<number, string>;
  readonly tasks: readonly Task[];
  readonly instants: readonly Instant[];
  /** By name: the points at which it changed, `[at, value]`. */
  readonly counters: ReadonlyMap<string, readonly (readonly [number, number])[]>;
  /** Whether the trace has its end: the process was not killed. */
  readonly complete: boolean;
}

interface Event {
  readonly ph?: string;
  readonly cat?: string;
  readonly name?: string;
  readonly tid?: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** @throws UsageError the file cannot be read, or is no trace */
export async function readTrace(file: string): Promise<Trace> {
  const reader = new TraceReader();
  let first = true;
  let complete = false;
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      if (first && line.trim() !== "[") throw notATrace(file);
      if (line.trim() === "]") complete = true;
      else if (!first) reader.add(line);
      first = false;
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read ${file}: ${systemMessage(error)}`);
  }
  if (first) throw notATrace(file);
  return reader.trace(complete);
}

function notATrace(file: string): UsageError {
  return new UsageError(`${file} is not a trace that interpreters has written (INTERPRETERS_TRACE, --trace)`);
}

class TraceReader {
  #process = "";
  readonly #threads = new Map<number, string>();
  readonly #tasks: Task[] = [];
  readonly #instants: Instant[] = [];
  readonly #counters = new Map<string, [number, number][]>();
  /** Of interrupted tasks, by id: when they were submitted, and the slices that wait for that. */
  readonly #submitted = new Map<unknown, number>();
  readonly #interrupted = new Map<unknown, Task>();

  add(line: string): void {
    let event: Event;
    try {
      event = JSON.parse(line.endsWith(",") ? line.slice(0, -1) : line) as Event;
    } catch {
      // The last one, which a kill has cut off.
      return;
    }
    const { ph, name = "", tid = 0, ts = 0, args = {} } = event;
    if (ph === "X") this.#task(event);
    else if (ph === "C") this.#counter(name, ts, args);
    else if (ph === "i") this.#instant(name, tid, ts, args);
    else if (ph === "M" && name === "process_name") this.#process = String(args["name"]);
    else if (ph === "M" && name === "thread_name") this.#threads.set(tid, String(args["name"]));
  }

  #task({ name = "", tid = 0, ts = 0, dur = 0, args = {} }: Event): void {
    const { error, interrupted, unfinished, wait } = args;
    const state =
      error !== undefined
        ? FAILED
        : interrupted !== undefined
          ? INTERRUPTED
          : unfinished === true
            ? UNFINISHED
            : DONE;
    const task: Task = {
      began: ts,
      ran: dur,
      waited: typeof wait === "number" ? wait : -1,
      thread: tid,
      name,
      state,
      why: [error, interrupted].find((each) => typeof each === "string") ?? "",
    };
    this.#tasks.push(task);
    if (state === INTERRUPTED) this.#interrupted.set(args["id"], task);
  }

  #counter(name: string, ts: number, args: Readonly<Record<string, unknown>>): void {
    const keys = Object.keys(args);
    for (const key of keys) {
      const full = keys.length === 1 ? name : `${name} (${key})`;
      let points = this.#counters.get(full);
      if (points === undefined) this.#counters.set(full, (points = []));
      points.push([ts, Number(args[key])]);
    }
  }

  #instant(name: string, tid: number, ts: number, args: Readonly<Record<string, unknown>>): void {
    const { submitted, id, replaces, task } = args;
    // Not shown: the death itself is.
    if (typeof submitted === "number") {
      this.#submitted.set(id, submitted);
      return;
    }
    const more =
      typeof replaces === "number"
        ? ` (replaces interpreter ${replaces})`
        : typeof task === "string"
          ? ` (${task})`
          : "";
    this.#instants.push({ at: ts, thread: tid, name: name + more });
  }

  trace(complete: boolean): Trace {
    for (const [id, task] of this.#interrupted) {
      const submitted = this.#submitted.get(id);
      if (submitted !== undefined) task.waited = Math.max(0, task.began - submitted);
    }
    for (const points of this.#counters.values()) points.sort(([a], [b]) => a - b);
    return {
      process: this.#process,
      threads: this.#threads,
      tasks: this.#tasks.sort((a, b) => a.began - b.began),
      instants: this.#instants.sort((a, b) => a.at - b.at),
      counters: this.#counters,
      complete,
    };
  }
}
