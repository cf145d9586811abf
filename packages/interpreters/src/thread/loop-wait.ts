/**
 * How a thread waits on its event loop: after a ring it polls, comes back soon while replies keep coming (`setImmediate`), then parks (`Atomics.waitAsync`).
 *
 * A thread that begins to wait comes back at once as well, since something may have come before it did. It parks without that if polling does not
 * pay (adaptive-poll.ts), and its doorbell has not rung since it polled everything that it awaits now: a turn of the event loop costs as much as the
 * rest of a wait does, which is what counts where the processors have other work.
 *
 * No timer is involved. Pending asynchronous operations keep the event loop alive, and nothing else does.
 */
// Not the globals: a script may have replaced them.
import { clearInterval, setImmediate, setInterval } from "../platform/timers.js";
import { inThreadContext } from "../platform/async-context.js";
import { clock } from "../base/clock.js";
import type { SharedMemory } from "../memory/atomics.js";
import { observe, parkAsync } from "../memory/doorbell.js";
import { AdaptivePoll } from "./adaptive-poll.js";

/** The thread that waits. */
export interface LoopOwner {
  readonly m: SharedMemory;
  /** Delivers all that has come. Returns whether there was a reply. */
  poll(): boolean;
  /** A turn of the event loop begins: nothing is blocked within it. */
  turnBegins(): void;
  /** Nothing is awaited any more. */
  goDormant(): void;
}

export class LoopWait {
  readonly #owner: LoopOwner;
  readonly #adaptivePoll: AdaptivePoll;
  /** Whether a turn will come: by `setImmediate`, or by the next ring. */
  #listening = false;
  #pollUntil = 0;
  #parkedSince = 0;
  /** Whether it has parked since it began to poll. */
  #pollFailed = false;
  /** How often `listen` was called, and not `stopListening`. */
  #listeners = 0;
  #refs = 0;
  #stays = false;
  /**
   * The counter of the doorbell before everything was last polled. As long as the doorbell is the same, nothing has come for what this thread awaits: an outcome or a
   * death comes with a ring. Undefined if there is another poller since.
   */
  #polledAt: number | undefined;
  /** Keeps the event loop alive while it is referenced. */
  readonly #keepAlive = inThreadContext(() => setInterval(() => {}, 0x7fffffff));

  /** `polls`: whether polling can pay. With one processor it only keeps the others from replying. */
  constructor(owner: LoopOwner, polls: boolean) {
    this.#owner = owner;
    this.#adaptivePoll = new AdaptivePoll(polls);
    this.#keepAlive.unref();
  }

  /** Keeps the event loop alive, and polls the doorbell from it, until `unref`. Call it once for each asynchronous operation. */
  ref(): void {
    // At the end of the call stack each of these calls may throw: then nothing has changed but that a turn comes, which finds nothing to do.
    this.#listen();
    if (this.#refs === 0) this.#keepAlive.ref();
    this.#refs++;
  }

  /** Takes back one `ref`: its operation is settled. */
  unref(): void {
    if (--this.#refs === 0 && !this.#stays) this.#keepAlive.unref();
  }

  /** Polls from the event loop, without keeping that alive, until `stopListening`. */
  listen(): void {
    this.#listeners++;
    this.#listen();
  }

  stopListening(): void {
    this.#listeners--;
  }

  /** Keeps the event loop alive until `end`. */
  stay(): void {
    this.#stays = true;
    this.#keepAlive.ref();
  }

  end(): void {
    clearInterval(this.#keepAlive);
  }

  /** There is another poller: what it polls for may have come before the last poll. */
  pollsMore(): void {
    this.#polledAt = undefined;
  }

  /** Has a turn come by `setImmediate`, unless one will come. */
  comeBack(): void {
    if (this.#listening) return;
    inThreadContext(this.#beginSoon);
    this.#listening = true;
  }

  /** Has a turn come, unless one will. */
  #listen(): void {
    if (this.#listening) return;
    const parks = this.#polledAt !== undefined && this.#adaptivePoll.time === 0;
    inThreadContext(parks ? this.#beginParked : this.#beginSoon);
    this.#listening = true;
  }

  readonly #beginSoon = (): void => {
    this.#pollUntil = clock() + this.#adaptivePoll.time;
    setImmediate(this.#turn);
  };

  readonly #beginParked = (): void => {
    if (this.#polledAt === undefined || !this.#park(this.#polledAt, clock())) this.#beginSoon();
  };

  /** One turn on the event loop: polls, and arranges for the next turn. */
  readonly #turn = (): void => {
    const owner = this.#owner;
    owner.turnBegins();
    const seen = observe(owner.m);
    let progress = true;
    let polled = false;
    // Before the poll, whose callbacks may await more.
    this.#polledAt = seen;
    try {
      progress = owner.poll();
      polled = true;
    } finally {
      if (!polled) this.pollsMore();
      // An exception must not end the polling: it goes on to the user as an uncaught one.
      this.#arrange(seen, progress);
    }
  };

  #arrange(seen: number, progress: boolean): void {
    if (progress || this.#refs === 0) {
      if (!this.#pollFailed) this.#adaptivePoll.paid();
      this.#pollFailed = false;
    }
    if (this.#refs === 0 && this.#listeners === 0) {
      this.#listening = false;
      this.#owner.goDormant();
      return;
    }
    const now = clock();
    if (progress) this.#pollUntil = now + this.#adaptivePoll.time;
    if (now < this.#pollUntil || !this.#park(seen, now)) setImmediate(this.#turn);
  }

  /** Parks, and returns true, unless the doorbell has rung since `seen`. */
  #park(seen: number, now: number): boolean {
    const rung = parkAsync(this.#owner.m, seen);
    if (rung === undefined) return false;
    void rung.then(this.#wake);
    this.#parkedSince = now;
    this.#pollFailed = true;
    return true;
  }

  readonly #wake = (): void => {
    this.#adaptivePoll.parked(clock() - this.#parkedSince);
    this.#turn();
  };
}
