/** The public `Event`. */
import { ownOptions } from "../base/check.js";
import { awaitEvent, clearEvent, eventWord, isSetIn, setEvent } from "../kernel/events.js";
import { stopWaitingForSync } from "../kernel/sync-objects.js";
import type { Pointer } from "../memory/brands.js";
import { ANYONE_SYNC, OK, Q_GETTERS, STATUS_EMPTY, SYNC_EVENT } from "../memory/layout.js";
import { WaitQueue } from "../queue/wait-queue.js";
import { runtime } from "../thread/current.js";
import type { Runtime } from "../thread/runtime.js";
import { AnyoneWait } from "../thread/waits.js";
import { checkWait, type CoordinationOptions, NO_OPTIONS } from "./options.js";
import { place, registerSync, SyncObject, type Wait, waitedTooLong, waitOf } from "./sync-object.js";

const waitsForEvent = { excludes: false, stop: stopWaitingForSync, look: () => false };

/**
 * A flag that interpreters set, clear and wait for (CPython: `threading.Event`; not the DOM's `Event`, whose name it shares). It may be sent
 * like any value.
 *
 * - `set` lets all go on that wait at that moment, also if `clear` follows before they look.
 * - It has no owner: it stays as it is when the interpreter dies that set it.
 *
 * @throws InterpreterError the shared memory is full (`ERR_INTERPRETER_MEMORY`), or as `getCurrent`
 * @example
 * import { create, Event } from "interpreters";
 * const ready = new Event();
 * await using interp = create();
 * const call = interp.call((ready: Event) => ready.waitSync(), ready);
 * ready.set();
 * await call;
 * console.log(ready.isSet()); // true
 * ready.clear();
 */
export class Event extends SyncObject {
  readonly #rt: Runtime;
  readonly #pointer: Pointer;
  readonly #waiting: WaitQueue;

  constructor() {
    const where = place("event", SYNC_EVENT);
    super(where);
    this.#rt = runtime();
    this.#pointer = where.pointer;
    this.#waiting = new WaitQueue(this.#rt, where.pointer, Q_GETTERS, waitsForEvent);
    Object.freeze(this);
  }

  /** Whether it is set (CPython: `is_set`). */
  isSet(): boolean {
    return isSetIn(eventWord(this.#rt.m, this.#pointer));
  }

  /** Sets it: all that wait go on, and later waits end at once (CPython: `set`). */
  set(): void {
    setEvent(this.#rt.m, this.#pointer);
    // Those on this event loop need not wait for the doorbell.
    this.#waiting.poll();
  }

  /** Clears it: later waits wait until it is set again (CPython: `clear`). */
  clear(): void {
    clearEvent(this.#rt.m, this.#pointer);
  }

  /**
   * Waits until it is set (CPython: `wait`, which returns whether it was; this throws if not).
   *
   * @param options `timeout` and `signal`
   * @throws TypeError, RangeError a bad option; TimeoutError (a `DOMException`) not within `timeout`; the signal's reason. All as a rejection.
   * @example
   * import { Event } from "interpreters";
   * const event = new Event();
   * const error = await event.wait({ timeout: 10 }).catch((reason) => reason);
   * console.log(error.name); // TimeoutError
   */
  async wait(options: CoordinationOptions = NO_OPTIONS): Promise<void> {
    const timeout = checkWait("wait", options);
    const seen = eventWord(this.#rt.m, this.#pointer);
    if (isSetIn(seen)) return;
    const status =
      timeout === 0 ? 1 : await this.#waiting.wait(timeout, ownOptions(options).signal, this.#attempt(seen));
    if (status !== OK) throw waitedTooLong(this.#what, timeout);
  }

  /**
   * Like `wait`, but blocks this thread.
   *
   * @throws as `wait`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`) without `timeout`, if no interpreter could ever set it
   * @example
   * import { Event } from "interpreters";
   * const event = new Event();
   * event.set();
   * event.waitSync();
   */
  waitSync(options: CoordinationOptions = NO_OPTIONS): void {
    const timeout = checkWait("waitSync", options);
    const seen = eventWord(this.#rt.m, this.#pointer);
    if (isSetIn(seen)) return;
    const status = timeout === 0 ? 1 : this.#waiting.waitSync(timeout, this.#attempt(seen), this.#endless());
    if (status !== OK) throw waitedTooLong(this.#what, timeout);
  }

  /** @internal */
  [waitOf](): Wait<undefined> {
    const seen = eventWord(this.#rt.m, this.#pointer);
    return {
      what: this.#what,
      line: this.#waiting,
      attempt: (wait) => {
        if (isSetIn(seen) || eventWord(this.#rt.m, this.#pointer) !== seen) return OK;
        return wait ? awaitEvent(this.#rt.m, this.#pointer, seen) : STATUS_EMPTY;
      },
      outcome: () => undefined,
      endless: () => this.#endless(),
    };
  }

  #endless(): AnyoneWait {
    return new AnyoneWait(this.#rt, this.#what, ANYONE_SYNC, this.#pointer);
  }

  get [Symbol.toStringTag](): string {
    return `Event ${this.id}`;
  }

  get #what(): string {
    return `wait for event ${this.id}`;
  }

  #attempt(seen: number): () => number {
    return () => awaitEvent(this.#rt.m, this.#pointer, seen);
  }
}

registerSync(SYNC_EVENT, Event);
