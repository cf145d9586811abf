/**
 * A model of processors with caches: runs threads side by side, each on a processor of its own, and counts how often a cache line moves
 * from one processor to another. That, and not the number of instructions, decides how a structure does with many processors, and it can
 * be counted exactly, on any machine.
 *
 * Coherence is MSI (Sorin, Hill, Wood, "A Primer on Memory Consistency and Cache Coherence", 2nd ed., 2020, chapter 7): a line is *modified* in one cache, or *shared*
 * by several. Reading a line that another cache has modified moves it; so does writing a line that any other cache has. A line moves to one
 * processor at a time: requests for it stand in line, which is what makes a contended line slow.
 *
 * Time is simulated: each thread has a clock, and the thread that is furthest behind makes the next step. The costs below are of the size that is
 * measured on servers; figures in nanoseconds that come out are for comparing two structures, not for predicting a machine.
 */
import { LOCK_SPINS } from "../../src/memory/memory.js";
import type { Steps } from "./atomics.js";
import type { Thread } from "./scheduler.js";
import { SLEEPING_ON_NOTHING, type ModelMemory, type World } from "./world.js";

/** Words of a cache line. */
const LINE_WORDS = 16;

/** Nanoseconds. */
const HIT = 1;
const ATOMIC = 7;
const TRANSFER = 60;
const PAUSE = 5;
const SYSTEM_CALL = 1_500;
const WAKE_UP = 20_000;

const WRITES = new Set([
  "set",
  "store",
  "publish",
  "writeBytes",
  "writeWords",
  "cas",
  "exchange",
  "add",
  "or",
  "and",
]);
const ATOMICS = new Set(["store", "cas", "exchange", "add", "or", "and", "load"]);
const NO_ACCESS = new Set(["start", "pause", "compute", "notify", "wake up from", "grow", "byteLength"]);

/** Spends `nanoseconds` without touching shared memory: what an operation costs besides. */
export function* compute(m: ModelMemory, nanoseconds: number): Steps<void> {
  m.op = "compute";
  m.at = nanoseconds;
  yield;
}

/** The cost of one run. */
export class Traffic {
  /** Nanoseconds of simulated time until the last thread was done. */
  time = 0;
  /** How often a line moved, by the line's first word. */
  readonly moves = new Map<number, number>();
  /** How often a thread fell asleep. */
  sleeps = 0;

  get total(): number {
    let sum = 0;
    for (const count of this.moves.values()) sum += count;
    return sum;
  }

  /** The lines that moved most, each with the name of its first word, for messages. */
  describe(name: (p: number) => string, most = 12): string {
    return [...this.moves]
      .sort(([, a], [, b]) => b - a)
      .slice(0, most)
      .map(([line, count]) => `${count} × ${name(line)}`)
      .join(", ");
  }
}

interface Processor {
  readonly thread: Thread;
  readonly m: ModelMemory;
  readonly steps: Steps<unknown>;
  clock: number;
  asleep: boolean;
  done: boolean;
}

/** Runs the threads until all are done. Throws if one sleeps for ever. */
export function simulate(world: World, threads: readonly Thread[]): Traffic {
  const traffic = new Traffic();
  const lines = Math.ceil(world.i32.length / LINE_WORDS);
  const modified = new Int16Array(lines).fill(-1);
  const shared = new Uint32Array(lines);
  const free = new Float64Array(lines);
  if (threads.length > 32) throw new RangeError("the model has 32 processors");

  const processors = threads.map((thread): Processor => {
    const m = world.thread(thread.slot);
    m.spins = LOCK_SPINS;
    const steps = thread.body(m);
    const done = steps.next().done === true;
    return { thread, m, steps, clock: 0, asleep: false, done };
  });

  const touch = (who: number, clock: number, line: number, writes: boolean): number => {
    const bit = 1 << who;
    const owner = modified[line];
    if (owner === who) return clock + HIT;
    const others = owner !== -1 || (shared[line] & ~bit) !== 0;
    if (!writes) {
      if (owner === -1 && ((shared[line] & bit) !== 0 || !others)) {
        shared[line] |= bit;
        return clock + HIT;
      }
      // Another cache has it, so it moves here. Of a shared line each processor fetches its copy once.
      if (owner !== -1) shared[line] |= 1 << owner;
      shared[line] |= bit;
      modified[line] = -1;
    } else {
      modified[line] = who;
      shared[line] = 0;
      if (!others) return clock + HIT;
    }
    traffic.moves.set(line * LINE_WORDS, (traffic.moves.get(line * LINE_WORDS) ?? 0) + 1);
    const end = Math.max(clock, free[line]) + TRANSFER;
    free[line] = end;
    return end;
  };

  for (;;) {
    let who = -1;
    for (let i = 0; i < processors.length; i++) {
      const p = processors[i];
      if (p.done || p.asleep) continue;
      if (who === -1 || p.clock < processors[who].clock) who = i;
    }
    if (who === -1) break;
    const p = processors[who];
    const { m } = p;
    const { op } = m;
    if (op === "compute") p.clock += m.at;
    else if (op === "pause") p.clock += PAUSE;
    else if (op === "notify") p.clock += SYSTEM_CALL;
    else if (!NO_ACCESS.has(op)) {
      const first = Math.floor(m.at / LINE_WORDS);
      const block = op === "readBytes" || op === "writeBytes" || op === "readWords" || op === "writeWords";
      const last = block ? Math.floor((m.at + Math.max(m.bytes - 1, 0) / 4) / LINE_WORDS) : first;
      for (let line = first; line <= last; line++) p.clock = touch(who, p.clock, line, WRITES.has(op));
      if (ATOMICS.has(op)) p.clock += ATOMIC;
      if (op === "wait") p.clock += SYSTEM_CALL;
    }
    p.done = p.steps.next().done === true;
    if (!p.done && m.sleepingOn !== SLEEPING_ON_NOTHING) {
      p.asleep = true;
      traffic.sleeps += 1;
    }
    if (op === "notify") {
      for (const other of processors) {
        if (!other.asleep || other.m.sleepingOn !== SLEEPING_ON_NOTHING) continue;
        other.asleep = false;
        other.clock = Math.max(other.clock, p.clock) + WAKE_UP;
      }
    }
  }
  const stuck = processors.filter((each) => !each.done);
  if (stuck.length > 0)
    throw new Error(`asleep for ever: ${stuck.map((each) => each.thread.name).join(", ")}`);
  traffic.time = Math.max(...processors.map((each) => each.clock));
  return traffic;
}
