/**
 * The events of one thread's operations. An operation is one slice in the thread of the interpreter that executed it, and one of waiting before
 * that; both have its id, `caller.sequence`. An interpreter that executes several tasks at a time has a thread for each of its places.
 */
import { channel } from "../platform/diagnostics.js";
import type { Received } from "../kernel/receive.js";
import { REPLY_VALUE } from "../wire/protocol.js";
import type { Death } from "../thread/death.js";
import type { Tools } from "../thread/observing.js";
import type { Traced, Tracer } from "../thread/tracer.js";
import type { Runtime } from "../thread/runtime.js";
import { Labels } from "./labels.js";
import { openRing, Ring } from "./ring.js";
import { SliceText } from "./slice-text.js";
import { Spill } from "./spill.js";
import { SubmitTimes } from "./submit-times.js";
import type { TraceFile } from "./trace-file.js";

/** Microseconds between two samples of what waits in the pools. */
const SAMPLE_EVERY = 20_000;
const LONGEST_ERROR = 300;
/** Threads of a trace beyond the first of an interpreter: its id and this, times the place. Interpreters have smaller ids in all but the longest runs. */
const PLACE = 1_000_000;
/** The longest time that a reply can say a work item ran. */
const LONGEST = 0x7fffffff;

export class ThreadTracer implements Tracer {
  readonly #rt: Runtime;
  readonly #file: TraceFile;
  readonly #labels: Labels;
  readonly #headerWord: Tools["headerWord"];
  readonly #times = new SubmitTimes();
  /** By interpreter: until when each of its places is taken. */
  readonly #places = new Map<number, number[]>();
  #lastInterpreter = -1;
  #lastPlaces: number[] = [];
  readonly #quoted = new Map<string, string>();
  readonly #common: string;
  #ring: Ring | undefined;
  /** The labels in the ring, by the id of the function's code, and the last of them. */
  readonly #inRingByCode = new Map<number, number>();
  #lastCode = -1;
  #lastLabel = -1;
  #sampled = 0;
  /** The values that were written last, by pool. */
  readonly #depths = new Map<string, string>();

  constructor(rt: Runtime, file: TraceFile, tools: Tools) {
    this.#rt = rt;
    this.#file = file;
    this.#labels = new Labels(rt.m, tools.fetchCode);
    this.#headerWord = tools.headerWord;
    this.#common = `,"pid":${file.pid},"tid":`;
    this.#followPools();
  }

  began(sequence: number): void {
    const now = this.#file.now();
    this.#times.set(sequence, now);
    if (now - this.#sampled > SAMPLE_EVERY) this.#sample(now);
  }

  forgotten(sequence: number): void {
    const submitted = this.#times.take(sequence);
    if (submitted === -1) return;
    const name = '"withdrawn"';
    const now = this.#file.now();
    this.#wait(name, this.#idOf(sequence), submitted, now, now);
  }

  died(sequence: number, operation: Traced, death: Death): void {
    const submitted = this.#times.take(sequence);
    if (submitted === -1) return;
    const { id, reason } = death;
    // It was to end.
    if (reason === "closed") return;
    this.#file.instant(`interrupted: ${reason}`, this.#rt.id, {
      id: `${this.#rt.id}.${sequence}`,
      task: this.#labelOf(operation),
      submitted,
      interpreter: id,
    });
  }

  replied(
    sequence: number,
    operation: Traced,
    status: number,
    received: Received,
  ): ((operation: Traced) => void) | undefined {
    const submitted = this.#times.take(sequence);
    if (submitted === -1) return undefined;
    const { m } = this.#rt;
    const file = this.#file;
    const took = this.#headerWord(m, received, 3);
    if (took === 0) {
      const now = file.now();
      // No work item: a callback, or work that began before the process was traced.
      this.#wait(this.#quote(this.#labelOf(operation)), this.#idOf(sequence), submitted, now, now);
      return undefined;
    }
    const began = file.atSecond(this.#headerWord(m, received, 4), this.#headerWord(m, received, 5));
    // Both ends are rounded down, so that one slice ends before the next one begins.
    const ran = took === LONGEST ? file.now() - began : took - 1;
    const tid = this.#threadOf(received.sender, began, began + ran);
    // The clock is not read for that: a reply arrives soon after its work has ended.
    if (began + ran - this.#sampled > SAMPLE_EVERY) this.#sample(file.now());
    const wait = Math.max(0, began - submitted);
    // A record has 31 bits for each.
    const fits = status === REPLY_VALUE && Math.max(wait, ran, tid) <= LONGEST;
    const label = fits ? this.#inRing(operation) : -1;
    if (label !== -1 && this.#ring?.push(sequence, label, tid, submitted, wait, ran) === true)
      return undefined;
    const now = file.now();
    const name = this.#quote(this.#labelOf(operation));
    const id = this.#idOf(sequence);
    this.#wait(name, id, submitted, submitted + wait, now);
    const slice = `{"ph":"X","cat":"task","name":${name}${this.#common}${tid},"ts":${began},"dur":${ran},"args":{"id":${id},"wait":${wait}`;
    if (status === REPLY_VALUE) {
      file.add(`${slice}}}`, now);
      return undefined;
    }
    return (settled) => {
      const error = JSON.stringify(textOf(settled.failure?.()));
      file.add(`${slice},"error":${error}},"cname":"terrible"}`, now);
    };
  }

  /** The number of the operation's label in the ring, or -1 if it cannot go there. */
  #inRing({ code }: Traced): number {
    if (code === undefined) return -1;
    if (code.id === this.#lastCode) return this.#lastLabel;
    let label = this.#inRingByCode.get(code.id);
    if (label === undefined) {
      this.#ring ??= this.#openRing();
      const text = this.#labels.ofCode(code.id, code.pointer);
      if (text === undefined || this.#ring === undefined) return -1;
      label = this.#ring.label(JSON.stringify(text));
      // A program may make functions for ever.
      if (label === -1) return -1;
      this.#inRingByCode.set(code.id, label);
    }
    this.#lastCode = code.id;
    return (this.#lastLabel = label);
  }

  #openRing(): Ring | undefined {
    const { m, id } = this.#rt;
    const pointer = openRing(m, id);
    return pointer === 0
      ? undefined
      : new Ring(m, pointer, new SliceText(this.#file), new Spill(m, this.#file));
  }

  #wait(name: string, id: string, from: number, to: number, now: number): void {
    const common = `"cat":"waiting","id":${id},"name":${name}${this.#common}${this.#rt.id},"ts":`;
    this.#file.add(`{"ph":"b",${common}${from}},\n{"ph":"e",${common}${to}}`, now);
  }

  #idOf(sequence: number): string {
    return `"${this.#rt.id}.${sequence}"`;
  }

  #labelOf({ code, what = "operation" }: Traced): string {
    const named = code && this.#labels.ofCode(code.id, code.pointer);
    return named ?? what.replace(/(?: in)? interpreter \d+$/, "");
  }

  #quote(label: string): string {
    let quoted = this.#quoted.get(label);
    if (quoted === undefined) {
      if (this.#quoted.size > 1000) this.#quoted.clear();
      quoted = JSON.stringify(label);
      this.#quoted.set(label, quoted);
    }
    return quoted;
  }

  /** The thread for a slice: slices of one thread must not overlap. */
  #threadOf(interpreter: number, began: number, ended: number): number {
    if (interpreter === this.#lastInterpreter && this.#lastPlaces[0] <= began) {
      this.#lastPlaces[0] = ended;
      return interpreter;
    }
    let places = this.#places.get(interpreter);
    if (places === undefined) this.#places.set(interpreter, (places = [0]));
    let place = 0;
    while (place < places.length && places[place] > began) place++;
    if (place === places.length) {
      this.#file.threadName(interpreter + place * PLACE, `interpreter ${interpreter}, beside (${place + 1})`);
    }
    places[place] = ended;
    this.#lastInterpreter = interpreter;
    this.#lastPlaces = places;
    return interpreter + place * PLACE;
  }

  /** Writes what waits and runs in the pools of this thread. */
  #sample(now: number): void {
    this.#sampled = now;
    const gone = new Set(this.#depths.keys());
    for (const pool of this.#rt.pools) {
      const view = pool();
      if (view === undefined) continue;
      const { queued, running, workers } = view.stats as Record<"queued" | "running" | "workers", number>;
      gone.delete(view.name);
      this.#depth(view.name, queued, running, workers);
    }
    for (const name of gone) this.#depth(name, 0, 0, 0);
  }

  #depth(pool: string, queued: number, running: number, workers: number): void {
    const depth = `${queued} ${running} ${workers}`;
    if (this.#depths.get(pool) === depth) return;
    this.#depths.set(pool, depth);
    this.#file.counter(`${pool}: tasks`, { "in line": queued, running });
    this.#file.counter(`${pool}: interpreters`, { interpreters: workers });
  }

  /** Writes how the pools are at the end. */
  end(): void {
    this.#sample(this.#file.now());
  }

  /** Writes which interpreters replace dead ones, and which tasks run again. */
  #followPools(): void {
    /** By executor: interpreters that died and were not replaced yet. */
    const lost = new WeakMap<object, number[]>();
    channel("interpreters:worker:end").subscribe((message) => {
      const { executor, interpreterId, reason } = message as PoolMessage;
      if (reason !== "closed") lost.set(executor, [...(lost.get(executor) ?? []), interpreterId]);
      this.#places.delete(interpreterId);
    });
    channel("interpreters:worker:start").subscribe((message) => {
      const { executor, interpreterId } = message as PoolMessage;
      const replaced = lost.get(executor)?.shift();
      if (replaced !== undefined) this.#file.instant("restart", interpreterId, { replaces: replaced });
    });
    channel("interpreters:task:retry").subscribe((message) => {
      const { future } = message as { future: Traced };
      this.#file.instant("retry", this.#rt.id, { task: this.#labelOf(future) });
    });
  }
}

interface PoolMessage {
  readonly executor: object;
  readonly interpreterId: number;
  readonly reason?: string;
}

/** The first line of an error. Its fields may be getters of the user that throw. */
function textOf(error: unknown): string {
  try {
    return String(error).split("\n", 1)[0].slice(0, LONGEST_ERROR);
  } catch {
    return "an error that cannot be shown";
  }
}
