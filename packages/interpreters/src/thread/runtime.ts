/**
 * The state of one thread: its view of the shared memory, its slot, its pending operations, and what it waits for.
 *
 * A thread has one runtime, under a global symbol, so that two copies of the package share it. All waiting of the thread comes
 * together here, at one doorbell (README.md):
 *
 *   - blocked in a Sync operation:  `blockUntil` polls, spins briefly, then parks (`Atomics.wait`)
 *   - on the event loop:            loop-wait.ts polls after a ring, comes back soon while replies keep coming
 *                                   (`setImmediate`), then parks (`Atomics.waitAsync`)
 *
 * After every ring, `poll` takes all replies out of the mailbox and calls the poller of every queue that the thread waits for.
 */
import { type MessagePort } from "../platform/ports.js";
import { threadId } from "../platform/threads.js";
import { clock } from "../base/clock.js";
import { callSafely, reportError } from "../base/report.js";
import { observe, ring, sleepsUnrung } from "../memory/doorbell.js";
import { type SharedMemory, store } from "../memory/atomics.js";
import type { InterpreterId, Slot } from "../memory/brands.js";
import { S_DORMANT, S_THREAD, slotPointer } from "../memory/layout.js";
import { makeReceivedMany, type Received } from "../kernel/receive.js";
import { takeReplies } from "../kernel/mailbox.js";
import { headerWord, readBody } from "../wire/message.js";
import type { Death } from "./death.js";
import { NoticedDeaths, readNotice, settleOwed } from "./noticed-deaths.js";
import type { Pending } from "./pending.js";
import type { PoolView, Tracer } from "./tracer.js";
import { PendingTable } from "./pending-table.js";
import { NOTICE_DEATH } from "../wire/protocol.js";
import { idOf, isBeingReaped } from "../kernel/registry.js";
import { AdaptiveSpin } from "./adaptive-spin.js";
import { type LoopOwner, LoopWait } from "./loop-wait.js";
import { Sleeper, type Wait } from "./sleeper.js";

export type { Pending } from "./pending.js";

/** Milliseconds: longer than the supervisor ever takes from closing a mailbox to the notice, unless it waits for memory. */
const LONGEST_REAP = 1000;
/** Milliseconds after which it looks again whether the reaping is over: a thread without a handle to the dead gets no notice. */
const REAP_CHECK = 5;
/** How many replies are taken out of the mailbox in one step of its lock. */
const REPLIES_AT_ONCE = 32;

export class Runtime implements LoopOwner {
  readonly #m: SharedMemory;
  readonly #repair: ((rt: Runtime, m: SharedMemory) => void) | undefined;
  #repairing = false;
  /** How many calls of `blockUntil` are under way, one within the other. */
  #blocked = 0;
  /** Each is called with true when this thread is about to block, and with false when it is blocked no more. */
  readonly blockListeners = new Set<(blocked: boolean) => void>();
  /** The id of the interpreter that this thread is. `become` sets it for good. */
  id: InterpreterId;
  readonly adaptiveSpin: AdaptiveSpin;
  /** The supervisor port (transfer/supervisor-port.ts), if the supervisor gave this thread one. */
  supervisorPort: MessagePort | undefined;
  /** Set when a moved buffer arrives for which V8 marks the whole heap (transfer/handover.ts). */
  marking = false;
  /** What this thread has found to observe it (H_OBSERVED). */
  observedBy = 0;
  /** Writes down this thread's operations, if the process is traced. */
  tracer: Tracer | undefined;
  /** Each returns a pool of this thread as it is, or undefined once the pool was collected. */
  readonly pools = new Set<() => PoolView | undefined>();
  readonly #pending = new PendingTable<Pending>();
  /** Called after every ring. They remove themselves. */
  readonly #pollers = new Set<() => void>();
  readonly #noticed = new NoticedDeaths();
  readonly #loop: LoopWait;
  readonly #deathListeners = new Set<(death: Death) => void>();
  /** The longest park of a blocked thread, in milliseconds, while something must be polled that does not ring (supervisor-start.ts). */
  parkLimit = Infinity;
  readonly sleeper = new Sleeper();
  /** Records that are neither replies nor notices, by kind. */
  readonly #handlers = new Map<number, (received: Received) => void>();
  ended = false;
  /** Whether S_DORMANT says that this thread awaits nothing but records in its mailbox. */
  #dormant = false;
  /** Whether this thread also waits in a pool's lanes, and so is never dormant. */
  servesPool = false;
  /** Replies that were taken out of the mailbox. Delivering one may call `poll`, which goes on with the next. */
  readonly #replies = makeReceivedMany(REPLIES_AT_ONCE);
  #taken = 0;
  #delivered = 0;

  /** `repair` undoes what an operation left that an exception has unwound (poison.ts). */
  constructor(m: SharedMemory, repair?: (rt: Runtime, m: SharedMemory) => void) {
    this.#m = m;
    this.#repair = repair;
    this.adaptiveSpin = new AdaptiveSpin(m);
    this.#loop = new LoopWait(this, m.spins > 0);
    this.id = idOf(m, m.slot);
  }

  /**
   * This thread's view of the shared memory. Get it for each operation anew, outside of the kernel: a thread that holds a lock here was
   * unwound, and has it repaired first.
   */
  get m(): SharedMemory {
    if (this.#m.depth > 0 && !this.#repairing) this.#repairPoison();
    return this.#m;
  }

  /** Whether this thread is within an operation of the kernel, or was unwound there. */
  get inKernel(): boolean {
    return this.#m.depth > 0;
  }

  get isBlocked(): boolean {
    return this.#blocked > 0;
  }

  #repairPoison(): void {
    this.#repairing = true;
    try {
      this.#repair?.(this, this.#m);
    } finally {
      this.#repairing = false;
    }
  }

  /** Makes this thread the interpreter in `slot`. */
  become(slot: Slot): this {
    const { m } = this;
    m.slot = slot;
    m.me = slotPointer(slot);
    // A standby may have been dormant before it had a slot.
    this.attend();
    store(m, m.me + S_THREAD, threadId);
    this.id = idOf(m, slot);
    return this;
  }

  /** Registers an operation that will be settled, and returns its sequence number. */
  expect(pending: Pending): number {
    if (this.#dormant) this.attend();
    const sequence = this.#pending.add(pending);
    this.tracer?.began(sequence);
    return sequence;
  }

  /** Removes an operation that will not be settled: it was never sent, or was withdrawn. Returns it. */
  forget(sequence: number): Pending | undefined {
    this.tracer?.forgotten(sequence);
    return this.#pending.take(sequence);
  }

  /** Calls `poller` after every ring, until it is removed. */
  addPoller(poller: () => void): void {
    if (this.#dormant) this.attend();
    this.#loop.pollsMore();
    this.#pollers.add(poller);
  }

  removePoller(poller: () => void): void {
    this.#pollers.delete(poller);
  }

  /** Calls `listener` on the death of any interpreter, until the returned function is called. */
  onDeath(listener: (death: Death) => void): () => void {
    if (this.#dormant) this.attend();
    this.#deathListeners.add(listener);
    return () => this.#deathListeners.delete(listener);
  }

  /** From now on deaths wake this thread. */
  attend(): void {
    this.#dormant = false;
    store(this.m, this.m.me + S_DORMANT, 0);
  }

  /** If this thread awaits nothing but records in its mailbox, deaths do not wake it until it attends again. */
  goDormant(): void {
    if (this.#dormant || this.servesPool || this.#pending.size > 0) return;
    if (this.#pollers.size > 0 || this.#deathListeners.size > 0) return;
    this.#dormant = true;
    store(this.m, this.m.me + S_DORMANT, 1);
  }

  /** Keeps the event loop alive, and polls the doorbell from it, until `unref`. Call it once for each asynchronous operation. */
  ref(): void {
    this.#loop.ref();
  }

  /** Takes back one `ref`: its operation is settled. */
  unref(): void {
    this.#loop.unref();
  }

  /** Polls from the event loop, without keeping that alive, until `stopListening`. */
  listen(): void {
    this.#loop.listen();
  }

  stopListening(): void {
    this.#loop.stopListening();
  }

  /** Keeps the event loop alive until `end`. */
  stay(): void {
    this.#loop.stay();
  }

  /** Gives records of a kind to `handler`, which must read them at once. An exception in it is reported. */
  handle(kind: number, handler: (received: Received) => void): void {
    this.#handlers.set(kind, handler);
  }

  /** Ends the use of this runtime: it keeps nothing alive, and `serve` returns when no work is left. */
  end(): void {
    this.ended = true;
    this.#loop.end();
  }

  /** Delivers all replies and calls all pollers. Returns whether there was a reply. */
  poll(): boolean {
    let progress = false;
    while (this.#delivered < this.#taken || this.#takeReplies()) {
      progress = true;
      this.#deliver(this.#replies.records[this.#delivered++]);
    }
    if (this.#pollers.size > 0) {
      for (const poller of this.#pollers) {
        try {
          poller();
        } catch (error) {
          // It must not keep the others from polling.
          reportError(error);
        }
      }
    }
    return progress;
  }

  #takeReplies(): boolean {
    this.#delivered = 0;
    this.#taken = takeReplies(this.m, this.#replies);
    return this.#taken > 0;
  }

  /**
   * Blocks this thread until `done()` returns true. Returns false if `timeout` milliseconds pass first. `wait` says for what it waits, if that may
   * never end. @throws what `wait.refuse` does
   */
  blockUntil(done: () => boolean, timeout = Infinity, wait?: Wait): boolean {
    if (this.#dormant) this.attend();
    const deadline = timeout === Infinity ? Infinity : clock() + timeout;
    this.#setBlocked(this.#blocked + 1);
    const saidBefore = this.sleeper.on;
    try {
      for (;;) {
        const seen = observe(this.m);
        this.poll();
        if (done()) return true;
        const left = deadline === Infinity ? Infinity : deadline - clock();
        if (left <= 0) return false;
        if (this.adaptiveSpin.spin(seen)) continue;
        const began = clock();
        // If an exception unwinds this thread inside `park`, only its event loop can still pass on the rings that come for it.
        this.#loop.comeBack();
        this.sleeper.sleep(this.m, seen, Math.min(left, this.parkLimit), wait);
        this.adaptiveSpin.parked(began);
      }
    } finally {
      // If no ring has ended this wait, the doorbell still says that this thread sleeps, and the wait around it would seem to.
      if (saidBefore !== 0 && sleepsUnrung(this.#m, this.#m.slot)) ring(this.#m, this.#m.slot);
      this.sleeper.say(this.#m, saidBefore);
      this.#setBlocked(this.#blocked - 1);
    }
  }

  #setBlocked(count: number): void {
    const changes = (count === 0) !== (this.#blocked === 0);
    this.#blocked = count;
    if (changes && this.blockListeners.size > 0)
      for (const listener of this.blockListeners) callSafely(listener, count > 0);
  }

  turnBegins(): void {
    if (this.#blocked === 0) return;
    // Nothing is blocked within a turn: `vm` or a prompt stopped it, which no `finally` sees.
    callSafely(() => this.#repairPoison());
    this.sleeper.reset(this.#m);
    this.#setBlocked(0);
  }

  #deliver(received: Received): void {
    const { m } = this;
    const sequence = headerWord(m, received, 0);
    const status = headerWord(m, received, 1);
    if (status === NOTICE_DEATH) {
      this.#onDeathNotice(received);
      return;
    }
    const handler = status > NOTICE_DEATH ? this.#handlers.get(status) : undefined;
    if (handler !== undefined) {
      callSafely(handler, received);
      return;
    }
    const pending = this.#pending.take(sequence);
    if (pending === undefined) {
      // The operation was withdrawn or timed out meanwhile. Decoding releases the references that the reply carries.
      readBody(m, received);
      return;
    }
    const after = this.tracer?.replied(sequence, pending, status, received);
    try {
      pending.settle(status, received);
      after?.(pending);
    } catch (error) {
      // Settling runs nothing that throws. If it does all the same, the replies behind this one must not wait for it.
      reportError(error);
    }
  }

  /** The death of interpreter `id`, if its notice has come to this thread and is among the latest. */
  deathOf(id: InterpreterId): Death | undefined {
    return this.#noticed.get(id);
  }

  /** The death of interpreter `id`, which is gone, if it died because its boot failed. */
  failedBoot(id: InterpreterId): Death | undefined {
    const noticed = (): boolean => this.#noticed.get(id) !== undefined || !isBeingReaped(this.m, id);
    // Its mailbox closes a moment before the supervisor sends the notice with the reason.
    const until = clock() + LONGEST_REAP;
    while (!noticed() && clock() < until) this.blockUntil(noticed, REAP_CHECK);
    this.poll();
    return this.#noticed.failedBoot(id);
  }

  #onDeathNotice(received: Received): void {
    const { death, began } = readNotice(this.m, received);
    this.#noticed.add(death);
    settleOwed(this.#pending, death, began, this.tracer);
    for (const listener of this.#deathListeners) callSafely(listener, death);
  }
}
