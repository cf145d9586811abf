/** The cases of synchronization objects: acquiring a lock or a permit, waiting for an event. */
import { show } from "../base/check.js";
import { Event } from "../sync/event.js";
import type { Held } from "../sync/held.js";
import type { Lock } from "../sync/lock.js";
import type { RLock } from "../sync/rlock.js";
import type { Semaphore } from "../sync/semaphore.js";
import { SyncObject, type Wait, waitOf } from "../sync/sync-object.js";
import type { RevocableWait } from "../thread/waits.js";
import { type Contender, enter, type SelectCase } from "./contender.js";
import { LineContender } from "./line-contender.js";

/**
 * The case of acquiring a lock, or a permit of a semaphore, for `select`. It is ready when that is free.
 *
 * @param object the lock or semaphore
 * @returns a case whose value is the hold, which must be released. If another case is chosen, nothing was acquired.
 * @throws TypeError it is neither
 * @example
 * const [lock, jobs] = [new Lock(), createQueue<string>()];
 * const next = await select({ acquired: onAcquire(lock), job: onGet(jobs) });
 * if (next.name === "acquired") {
 *   using _ = next.value;
 *   console.log(lock.locked()); // true
 * }
 */
export function onAcquire(object: Lock | RLock | Semaphore): SelectCase<Held> {
  if (!(object instanceof SyncObject) || object instanceof Event || !(waitOf in object)) {
    throw new TypeError(`onAcquire: expected a Lock, RLock or Semaphore, found ${show(object)}`);
  }
  return new SyncCase(object);
}

/**
 * The case of waiting for an event, for `select`. It is ready when the event is set, or was set since the select began.
 *
 * @param event the event
 * @returns a case whose value is undefined
 * @throws TypeError it is not an event
 * @example
 * import { createQueue, Event, onGet, onSet, select } from "interpreters";
 * const [jobs, stop] = [createQueue<string>(), new Event()];
 * stop.set();
 * const { name } = await select({ job: onGet(jobs), stop: onSet(stop) });
 * console.log(name); // stop
 */
export function onSet(event: Event): SelectCase<undefined> {
  if (!(event instanceof Event)) throw new TypeError(`onSet: expected an Event, found ${show(event)}`);
  return new SyncCase(event);
}

class SyncCase<T> implements SelectCase<T> {
  readonly #object: { [waitOf](): Wait<T> };

  constructor(object: { [waitOf](): Wait<T> }) {
    this.#object = object;
  }

  [enter](): Contender<T> {
    return new SyncContender(this.#object[waitOf]());
  }

  toString(): string {
    return this.#object[waitOf]().what;
  }
}

class SyncContender<T> extends LineContender implements Contender<T> {
  readonly #wait: Wait<T>;

  constructor(wait: Wait<T>) {
    super(wait.line);
    this.#wait = wait;
  }

  protected override try(wait: boolean): number {
    return this.#wait.attempt(wait);
  }

  endless(): RevocableWait | undefined {
    return this.#wait.endless?.();
  }

  outcome(): T {
    return this.#wait.outcome();
  }

  end(): void {}
}
