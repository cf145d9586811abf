/**
 * Runs one schedule: several threads as generators in one real thread, one step at a time, in the order that a
 * `Decider` chooses.
 *
 * At each choice, option 0 goes on as if nothing happened: with the current thread if it can run, else with the
 * next one. Further options switch to another thread (a preemption, if the current one could have gone on; their number is
 * limited). The last option kills the victim before the step that it stands at; schedules in which the victim is overtaken there are
 * tried, too, and no thread can tell whether the kill came before or after that. A killed thread is
 * never resumed: no `finally` runs, and its generator is dropped, which is what termination does to a thread.
 *
 * A condemned thread that sleeps (kernel/fence.ts) is killed at some time: when no other thread can go on, or earlier, as a preemption.
 */
import { S_FENCED } from "../../src/memory/layout.js";
import { SLEEPING_ON_NOTHING, type ModelMemory, type World } from "./world.js";
import type { Steps } from "./atomics.js";

export interface Thread {
  readonly name: string;
  readonly slot: number;
  readonly body: (m: ModelMemory) => Steps<unknown>;
  /** If it is killed, it lives on with this: an exception has unwound it. */
  readonly unwound?: (m: ModelMemory) => Steps<unknown>;
  /** How many milliseconds it waits for a lock, see LockBusy. */
  readonly patience?: number;
}

export interface Program {
  readonly threads: readonly Thread[];
  /** The threads that may be killed, each at any of its steps. */
  readonly victims?: readonly Thread[];
  /** Runs once a victim was killed or has ended, and cleans up after it. */
  readonly supervisor?: Thread;
  /** Is called after each step that has changed a word, with its pointer (for several words, that of the first). */
  readonly wrote?: (thread: Thread, p: number) => void;
  /** Is called when only the end of a thread that stands still lets others go on, with those that wait. */
  readonly stuck?: (waiting: readonly Thread[]) => void;
  /** Checks the outcome when all are done. `dead` are the victims that were killed, not those that ended. */
  readonly check: (dead: readonly Thread[]) => void;
}

export interface Decider {
  /** Chooses one of `options` by index. With `mayKill`, the last one kills; with `goesOn`, the first one does not switch. */
  choose(options: number, mayKill: boolean, goesOn: boolean): number;
}

/** One stretch of a schedule without a switch. */
interface Stretch {
  readonly thread: string;
  from: string;
  to: string;
  steps: number;
}

/** The course of a schedule, for the message of a failure. It takes time, so only a repeated schedule has one. */
export class Trace {
  readonly #stretches: Stretch[] = [];

  step(thread: string, m: ModelMemory, name: (p: number) => string): void {
    const at = `${m.op} ${name(m.at)}`;
    const last = this.#stretches.at(-1);
    if (last !== undefined && last.thread === thread) {
      last.to = at;
      last.steps++;
    } else this.#stretches.push({ thread, from: at, to: at, steps: 1 });
  }

  kill(thread: string, m: ModelMemory, name: (p: number) => string): void {
    const before = `${m.op} ${name(m.at)}`;
    this.#stretches.push({ thread: `${thread} is killed before`, from: before, to: before, steps: 0 });
  }

  toString(): string {
    return this.#stretches
      .map(({ thread, from, to, steps }) =>
        steps === 0
          ? `  ${thread} ${from}`
          : `  ${thread}: ${steps} steps, ${steps === 1 ? from : `${from} … ${to}`}`,
      )
      .join("\n");
  }
}

export interface Limits {
  readonly preemptions: number;
  /** Preempts only before atomic operations: that is enough as long as plain words are used under locks only. */
  readonly onlyAtAtomics?: boolean;
  /** More steps than any schedule can need: one that takes so many makes no progress. */
  readonly steps: number;
}

/** For all other threads, a death before one of these operations is the same as a death after it. */
const READS = new Set(["get", "load", "acquire", "peek", "readBytes", "readWords", "byteLength", "pause"]);
const WRITES = new Set(
  ["set", "store", "publish", "writeBytes", "writeWords"].concat(["cas", "exchange", "add", "or", "and"]),
);
const PLAIN = new Set(["get", "set", "readBytes", "writeBytes", "readWords", "writeWords"]);

interface Running {
  readonly thread: Thread;
  readonly m: ModelMemory;
  steps: Steps<unknown>;
  victim: boolean;
  done: boolean;
  killed: boolean;
}

/** Returns the number of steps. Throws for a deadlock and for a livelock, and throws the error of a thread or of the check. */
export function execute(
  world: World,
  program: Program,
  decider: Decider,
  limits: Limits,
  trace?: Trace,
  name: (p: number) => string = String,
): number {
  const start = (thread: Thread, victim: boolean): Running => {
    const m = world.thread(thread.slot);
    if (thread.patience !== undefined) m.patience = thread.patience;
    const steps = thread.body(m);
    // Runs up to its first operation.
    const done = steps.next().done === true;
    return { thread, m, steps, victim, done, killed: false };
  };
  const victims = program.victims ?? [];
  const running = program.threads.map((thread) => start(thread, victims.includes(thread)));
  let waitsForDeath = program.supervisor;
  const ready: Running[] = [];
  const timeouts: Running[] = [];
  // At the fence, or before it came there: it may be killed at any time, and nothing else would end its sleep.
  const standsStill = ({ m }: Running): boolean =>
    m.sleepingOn !== SLEEPING_ON_NOTHING && world.i32[m.me + S_FENCED] !== 0;
  let current: Running | undefined;
  let preemptions = limits.preemptions;
  let count = 0;

  for (;;) {
    if (waitsForDeath !== undefined && running.some((r) => r.victim && (r.done || r.killed))) {
      running.push(start(waitsForDeath, false));
      waitsForDeath = undefined;
    }
    // The options, in the order described above.
    ready.length = timeouts.length = 0;
    const at: number = current === undefined ? 0 : running.indexOf(current);
    for (let i = 0; i < running.length; i++) {
      const r = running[(at + i) % running.length];
      if (r.done || r.killed) continue;
      if (r.m.sleepingOn === SLEEPING_ON_NOTHING) ready.push(r);
      else if (standsStill(r)) timeouts.unshift(r);
      else if (r.m.timeout !== Infinity) timeouts.push(r);
    }
    if (ready.length === 0 && timeouts.some(standsStill)) {
      const waiting = running.filter((r) => !r.done && !r.killed && !standsStill(r));
      program.stuck?.(waiting.map((r) => r.thread));
    }
    const mayKill: boolean =
      current !== undefined && current.victim && !current.done && !current.killed && !READS.has(current.m.op);
    const goesOn = ready.length > 0 && ready[0] === current;
    let options: number;
    const mayPreempt: boolean =
      preemptions > 0 && !(limits.onlyAtAtomics === true && PLAIN.has(ready[0]?.m.op));
    if (goesOn) options = mayPreempt ? ready.length + timeouts.length : 1;
    else if (preemptions > 0) options = ready.length + timeouts.length;
    else if (ready.length > 0) options = ready.length;
    else options = timeouts.some(standsStill) ? 1 : timeouts.length;
    if (options === 0 && !mayKill) {
      const blocked = running.filter((r) => !r.done && !r.killed);
      if (blocked.length === 0) break;
      const who = blocked.map((r) => `${r.thread.name} sleeps on ${name(r.m.sleepingOn)}`).join(", ");
      throw new Error(`deadlock: ${who}`);
    }
    const choice = decider.choose(options + (mayKill ? 1 : 0), mayKill, goesOn);
    if (mayKill && choice === options) {
      const victim = current as Running;
      trace?.kill(victim.thread.name, victim.m, name);
      world.rouse(victim.m);
      const { unwound } = victim.thread;
      if (unwound !== undefined) {
        victim.victim = false;
        victim.steps = unwound(victim.m);
        victim.done = victim.steps.next().done === true;
        if (victim.done) world.over.add(victim.thread.slot);
        continue;
      }
      victim.killed = true;
      world.over.add(victim.thread.slot);
      continue;
    }
    const timedOut = choice >= ready.length;
    const next = timedOut ? timeouts[choice - ready.length] : ready[choice];
    // That others time out before a thread that stands still is killed counts, too: they might do so for ever.
    const hurries = timedOut && (ready.length > 0 || timeouts.some(standsStill));
    if (choice > 0 && (goesOn || hurries)) preemptions--;
    if (timedOut && standsStill(next)) {
      trace?.kill(next.thread.name, next.m, name);
      world.rouse(next.m);
      next.killed = true;
      world.over.add(next.thread.slot);
      continue;
    }
    if (timedOut) {
      world.rouse(next.m);
      next.m.op = "time out of";
    }
    current = next;
    trace?.step(next.thread.name, next.m, name);
    if (++count > limits.steps) throw new Error(`livelock: not done after ${limits.steps} steps`);
    const { op, at: place } = next.m;
    const before = world.i32[place];
    if (next.steps.next().done === true) {
      next.done = true;
      world.over.add(next.thread.slot);
    }
    if (program.wrote !== undefined && WRITES.has(op)) {
      if (world.i32[place] !== before || op.startsWith("write")) program.wrote(next.thread, place);
    }
  }
  program.check(running.filter((r) => r.killed).map((r) => r.thread));
  return count;
}
