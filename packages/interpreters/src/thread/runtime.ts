/**
 * What one thread knows of the shared world: its view of the memory, its slot, what it asked and what it waits for.
 *
 * There is one runtime in a thread, found under a global symbol, so that two copies of the package share it. All
 * waiting comes together here: one doorbell, looked after by whoever has the thread.
 *
 *   - blocked in a Sync operation:  `blockUntil` looks, spins briefly, sleeps (`Atomics.wait`)
 *   - on the event loop:            `#turn` looks, comes back soon while answers keep coming (`setImmediate`), then
 *                                   sleeps (`Atomics.waitAsync`)
 *
 * After every ring `look` takes all answers out of the mailbox and asks everybody who waits for a queue. Nothing is
 * ever polled by time. The event loop is kept alive while something asynchronous is pending, and not by anything else.
 */
// Not the globals: a script may have replaced them.
import { clearInterval, setImmediate, setInterval } from "../platform/timers.js";
import { type MessagePort } from "../platform/ports.js";
import { threadId } from "../platform/threads.js";
import { clock } from "../base/clock.js";
import { InterpreterDiedError, InterpreterError } from "../base/errors.js";
import { observe, park, parkAsync } from "../memory/doorbell.js";
import { type SharedMemory, store } from "../memory/atomics.js";
import { MAX_SLOTS, S_THREAD, slotPointer } from "../memory/layout.js";
import { makeReceivedMany, type Received } from "../kernel/receive.js";
import { AdaptivePoll } from "./adaptive-poll.js";
import { takeReplies } from "../kernel/mailbox.js";
import { headerWord, readBody } from "../wire/message.js";
import { PendingTable } from "./pending-table.js";
import { type EndReason, NOTICE_DEATH, REASONS } from "../wire/protocol.js";
import { idOf, isBeingReaped } from "../kernel/registry.js";
import { AdaptiveSpin } from "./adaptive-spin.js";

/** Something this thread asked for and that will be settled exactly once: by a reply, or by a death. */
export interface Pending {
  /** The interpreter that owes the answer; its death settles it. -1: whoever turns out to be running it. */
  readonly target: number;
  /** A reply came. Reads its value from `received`, if it wants it. */
  settle(status: number, received: Received): void;
  /** The interpreter died that owed the answer; `began`: and was executing this. */
  died(death: Death, began: boolean): void;
}

/** A death, as the supervisor told it. */
export interface Death {
  readonly id: number;
  readonly reason: EndReason;
  readonly exitCode: number | undefined;
  /** What killed it, where that is an error: an uncaught exception, a failed boot. */
  readonly error: unknown;
  /** Why it really died, where this is told to a piece of work that it executed beside the one that it died of. */
  readonly beside?: EndReason;
}

/** Longer than the supervisor ever needs to tell of a death, unless it waits for memory; milliseconds. */
const LONGEST_BURIAL = 1000;
/** How many answers are taken out of the mailbox in one step of its lock. */
const REPLIES_AT_ONCE = 32;
/** How many failed boots are remembered, for operations that come after the notice. */
const FAILED_BOOTS = 64;

export class Runtime {
  readonly m: SharedMemory;
  /** Of the interpreter that this thread is; never changes once there is one. */
  id: number;
  readonly adaptiveSpin: AdaptiveSpin;
  /** The line to the supervisor (line.ts), where it gave this thread one. */
  supervisorPort: MessagePort | undefined;
  /** A moved buffer came that makes V8 mark the whole heap (moves.ts). */
  marking = false;
  readonly #pending = new PendingTable<Pending>();
  /** Asked after every ring; they remove themselves. */
  readonly #pollers = new Set<() => void>();
  readonly #failedBoots = new Map<number, Death>();
  /** Whose deaths were told: the last ones, as many as can be on their way at a time. */
  readonly #told = new Set<number>();
  readonly #deathListeners = new Set<(death: Death) => void>();
  #listening = false;
  readonly #adaptivePoll = new AdaptivePoll();
  #pollUntil = 0;
  #asleepSince = 0;
  /** Nothing is to be done here any more. */
  ended = false;
  #refs = 0;
  /** Answers that were taken out of the mailbox. One that is being delivered may cause a look, which goes on with the rest. */
  readonly #replies = makeReceivedMany(REPLIES_AT_ONCE);
  #taken = 0;
  #delivered = 0;
  /** Its being referenced is what keeps the event loop alive. */
  readonly #keepAlive = setInterval(() => {}, 0x7fffffff);

  constructor(m: SharedMemory) {
    this.m = m;
    this.adaptiveSpin = new AdaptiveSpin(m);
    this.id = idOf(m, m.slot);
    this.#keepAlive.unref();
  }

  /** This thread is the interpreter in `slot` from now on. */
  become(slot: number): this {
    const { m } = this;
    m.slot = slot;
    m.me = slotPointer(slot);
    store(m, m.me + S_THREAD, threadId);
    this.id = idOf(m, slot);
    return this;
  }

  /** Registers something to be settled, and gives it a number. */
  expect(pending: Pending): number {
    return this.#pending.add(pending);
  }

  /** It will not be settled any more: it was never sent, or was taken back. Returns what was registered. */
  forget(sequence: number): Pending | undefined {
    return this.#pending.take(sequence);
  }

  /** Has `look` called after every ring, until it is removed. */
  addPoller(look: () => void): void {
    this.#pollers.add(look);
  }

  removePoller(look: () => void): void {
    this.#pollers.delete(look);
  }

  onDeath(listener: (death: Death) => void): () => void {
    this.#deathListeners.add(listener);
    return () => this.#deathListeners.delete(listener);
  }

  /** Something asynchronous is pending: the event loop must go on, and somebody must look at the doorbell. */
  ref(): void {
    if (this.#refs++ === 0) this.#keepAlive.ref();
    if (this.#listening) return;
    this.#listening = true;
    this.#pollUntil = clock() + this.#adaptivePoll.time;
    setImmediate(this.#turn);
  }

  unref(): void {
    if (--this.#refs === 0) this.#keepAlive.unref();
  }

  /** It is not used any more, and keeps nothing. */
  end(): void {
    this.ended = true;
    clearInterval(this.#keepAlive);
  }

  /** Takes all answers and asks all watchers. Returns whether there was an answer. */
  poll(): boolean {
    let progress = false;
    while (this.#delivered < this.#taken || this.#takeReplies()) {
      progress = true;
      this.#deliver(this.#replies.records[this.#delivered++]);
    }
    if (this.#pollers.size > 0) for (const watcher of this.#pollers) watcher();
    return progress;
  }

  #takeReplies(): boolean {
    this.#delivered = 0;
    this.#taken = takeReplies(this.m, this.#replies);
    return this.#taken > 0;
  }

  /** Blocks this thread until `done()`; false when `timeout` milliseconds went by first. */
  blockUntil(done: () => boolean, timeout = Infinity): boolean {
    const deadline = timeout === Infinity ? Infinity : clock() + timeout;
    for (;;) {
      const seen = observe(this.m);
      this.poll();
      if (done()) return true;
      const left = deadline === Infinity ? Infinity : deadline - clock();
      if (left <= 0) return false;
      if (this.adaptiveSpin.spin(seen)) continue;
      const began = clock();
      park(this.m, seen, left);
      this.adaptiveSpin.slept(began);
    }
  }

  /** One turn of the event loop that looks at the doorbell and arranges for the next. */
  readonly #turn = (): void => {
    const seen = observe(this.m);
    let progress = true;
    try {
      progress = this.poll();
    } finally {
      // An exception must not end the listening: it is on its way to the user as an uncaught one.
      this.#arrange(seen, progress);
    }
  };

  #arrange(seen: number, progress: boolean): void {
    if (this.#refs === 0) {
      this.#listening = false;
      return;
    }
    const now = clock();
    if (progress) this.#pollUntil = now + this.#adaptivePoll.time;
    const rung = now < this.#pollUntil ? undefined : parkAsync(this.m, seen);
    this.#asleepSince = now;
    if (rung === undefined) setImmediate(this.#turn);
    else void rung.then(this.#wake);
  }

  readonly #wake = (): void => {
    this.#adaptivePoll.slept(clock() - this.#asleepSince);
    this.#turn();
  };

  #deliver(received: Received): void {
    const { m } = this;
    const sequence = headerWord(m, received, 0);
    const status = headerWord(m, received, 1);
    if (status === NOTICE_DEATH) {
      this.#onDeathNotice(received);
      return;
    }
    const pending = this.#pending.take(sequence);
    if (pending === undefined) {
      // Taken back or timed out meanwhile; decoding releases what it carries.
      readBody(m, received);
      return;
    }
    pending.settle(status, received);
  }

  /** The error of a boot that failed may be asked for after the interpreter is gone. */
  failedBoot(id: number): Death | undefined {
    const told = (): boolean => this.#told.has(id) || !isBeingReaped(this.m, id);
    // Its mailbox closes a moment before the supervisor tells why.
    if (!told()) this.blockUntil(told, LONGEST_BURIAL);
    this.poll();
    return this.#failedBoots.get(id);
  }

  #rememberBoot(death: Death): void {
    this.#failedBoots.set(death.id, death);
    if (this.#failedBoots.size <= FAILED_BOOTS) return;
    for (const oldest of this.#failedBoots.keys()) {
      this.#failedBoots.delete(oldest);
      break;
    }
  }

  #onDeathNotice(received: Received): void {
    const { m } = this;
    const exitCode = headerWord(m, received, 4);
    const reason = REASONS[headerWord(m, received, 3)];
    const id = headerWord(m, received, 2);
    const [pieces, error] = readBody(m, received) as [number[], unknown];
    this.#told.add(id);
    if (this.#told.size > MAX_SLOTS) this.#told.delete(this.#told.values().next().value as number);
    const began = new Map<number, EndReason>();
    for (let i = 0; i < pieces.length; i += 2) began.set(pieces[i], REASONS[pieces[i + 1]]);
    const death: Death = { id, reason, exitCode: exitCode === -1 ? undefined : exitCode, error };
    if (reason === "boot") this.#rememberBoot(death);
    // What it still owes. Replies it sent came before this notice, so whatever is pending now will not come.
    for (const key of this.#pending.numbers()) {
      const pending = this.#pending.get(key);
      const why = began.get(key);
      // One that was settled before may have taken this one back.
      if (pending === undefined) continue;
      if (pending.target !== id && (pending.target !== -1 || why === undefined)) continue;
      this.#pending.take(key);
      // What is run again has another number, and this one may be used for something else some day.
      began.delete(key);
      const other = why !== undefined && why !== reason;
      pending.died(
        other ? { ...death, reason: why, error: undefined, beside: reason } : death,
        why !== undefined,
      );
    }
    for (const listener of this.#deathListeners) listener(death);
  }
}

/** The error for an operation that ended with the interpreter that it was for. */
export function diedError(death: Death, what: string): InterpreterError {
  const { id, exitCode } = death;
  // A close that overtook it: the interpreter is gone for this operation just the same.
  const reason = death.reason === "closed" ? "terminated" : death.reason;
  const cause = death.error === undefined ? undefined : { cause: death.error };
  if (reason === "boot") {
    const why = death.error instanceof Error ? `: ${death.error.message}` : "";
    return new InterpreterError(`Cannot ${what}: interpreter ${id} failed to boot${why}`, {
      ...cause,
      code: "ERR_INTERPRETER_BOOT",
    });
  }
  const how = {
    terminated:
      death.beside === undefined
        ? "was terminated"
        : `ended because of other work that it did at the same time (${death.beside})`,
    timeout: "was stopped because the time limit had passed",
    aborted: "was stopped by an abort signal",
    exit: `called process.exit(${exitCode ?? ""})`,
    "out-of-memory": "ran out of memory",
    "uncaught-exception": "ended by an uncaught exception",
  }[reason];
  return new InterpreterDiedError(
    `Cannot ${what}: interpreter ${id} ${how}`,
    { interpreterId: id, reason, exitCode },
    cause,
  );
}
