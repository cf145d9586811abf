/**
 * Common to all synchronization objects: a page in shared memory (kernel/sync-objects.ts), a number, and that they travel by
 * reference and arrive as the one object that this thread has for them.
 */
import { InterpreterError } from "../base/errors.js";
import { HandleTable } from "../base/handle-table.js";
import { timeoutError } from "../base/limits.js";
import { registerReference } from "../codec/codec.js";
import { createSync, syncIdOf, syncKindOf } from "../kernel/sync-objects.js";
import { ensureMapped } from "../memory/atomics.js";
import type { Pointer, QueueId } from "../memory/brands.js";
import { PAGE_WORDS, REF_SYNC } from "../memory/layout.js";
import { runtime } from "../thread/current.js";
import { syncNumber } from "../thread/deadlock.js";
import type { Runtime } from "../thread/runtime.js";
import type { RevocableWait } from "../thread/waits.js";
import type { WaitQueue } from "../queue/wait-queue.js";
import { releaseHandle } from "../thread/supervisor-client.js";
import { memoryFull } from "../wire/status-error.js";

/** Where an object lies, and its id as a hidden queue. */
export interface Place {
  readonly pointer: Pointer;
  readonly id: QueueId;
}

/** Set for the one constructor call that binds to an existing object. */
let binding: Place | undefined;
/** The classes by SYNC_… kind. */
const classes: (new () => SyncObject)[] = [];
const handles = new HandleTable<SyncObject, Place>(({ pointer }) => releaseHandle(runtime(), pointer, false));
export let placeOf: (object: SyncObject) => Place;

/** The key of the method that a select calls (select/sync-cases.ts). A symbol, so that it shows nowhere. */
export const waitOf: unique symbol = Symbol("waitOf");

/** One wait for an object, as a select begins it. */
export interface Wait<out T> {
  /** A verb phrase: "acquire lock 3". */
  readonly what: string;
  readonly line: WaitQueue;
  /** Tries once, and returns OK or EMPTY. With `wait` and EMPTY, this interpreter is on the list and will be rung. */
  attempt(wait: boolean): number;
  /** The outcome of the wait, after an attempt that returned OK. */
  outcome(): T;
  /** For a thread that blocks for this alone, without a limit. */
  endless?(): RevocableWait;
}

export abstract class SyncObject {
  readonly #place: Place;
  /** Numbers count up and are never used again. Messages name the object by it. */
  readonly id: number;

  static {
    placeOf = (object) => object.#place;
  }

  /** @internal */
  protected constructor(place: Place) {
    this.#place = place;
    this.id = syncNumber(place.id);
    handles.add(this, place);
  }
}

/** Makes `cls` the class of the objects of a kind. Its constructor, without arguments, must begin with `place`. */
export function registerSync(kind: number, cls: new () => SyncObject): void {
  classes[kind] = cls;
}

/** The place of the object that is being constructed: an existing one, or a new one of the given kind (`createSync`). */
export function place(what: string, kind: number, state = 0, initial = 0): Place {
  const bound = binding;
  binding = undefined;
  if (bound !== undefined) return bound;
  const { m } = runtime();
  const pointer = createSync(m, kind, state, initial);
  if (pointer === 0) throw memoryFull(`create a ${what}`);
  return { pointer, id: syncIdOf(m, pointer) };
}

/** The existing object to which the constructor that runs binds, so that its arguments say nothing; undefined if it makes a new one. */
export function boundPlace(): Place | undefined {
  return binding;
}

/** Returns this thread's one object for a place that it holds. */
export function bind({ m }: Runtime, pointer: Pointer, id: QueueId): SyncObject {
  const same = handles.get(id);
  if (same !== undefined) return same;
  ensureMapped(m, pointer + PAGE_WORDS - 1);
  const cls = classes[syncKindOf(m, pointer)];
  binding = { pointer, id };
  return new cls();
}

registerReference<SyncObject>({
  kind: REF_SYNC,
  is: (value): value is SyncObject => value instanceof SyncObject,
  toReference(object) {
    const { pointer, id } = placeOf(object);
    return [pointer, id];
  },
  fromReference: (pointer, id) => bind(runtime(), pointer as Pointer, id as QueueId),
});

/** The error of a wait whose time limit passed. `what` is a verb phrase: "acquire lock 3". */
export function waitedTooLong(what: string, timeout: number): DOMException {
  return timeoutError(
    timeout === 0 ? `Cannot ${what} without waiting` : `Cannot ${what}: it took longer than ${timeout} ms`,
  );
}

/** The error for releasing what this interpreter does not hold. `what` is a verb phrase: "release lock 3". */
export function notHeld(what: string, rt: Runtime, holds: string): InterpreterError {
  return new InterpreterError(
    `Cannot ${what}: interpreter ${rt.id} ${holds}. Only the interpreter that acquired it can release it, once for each time.`,
    { code: "ERR_NOT_HELD" },
  );
}
