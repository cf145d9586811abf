/**
 * The executing side of `iterate`: runs the iterator that a function returned, and puts its items into the hidden queue from which the
 * consumer takes them (interpreter/iteration-feed.ts).
 *
 *     next() ──item──▶ put ──OK──▶ next() …
 *                       ├──FULL──▶ wait for the consumer (the thread does other work meanwhile) ──▶ put
 *                       └──SHUT──▶ return(): the consumer has left, so the generator's `finally` runs
 *     next() ──done──▶ the reply to the work item: its return value
 *
 * The queue holds as many items as the consumer allows. It is all that the two sides share: the consumer leaves by shutting it down,
 * and its thread's death has the same effect here.
 *
 * While the generator waits at its `yield`, a word of the queue says so (`isAtYield`): a consumer whose signal aborts then has nothing to
 * stop, however long this thread is busy with other work.
 */
import { setImmediate } from "../platform/timers.js";
import { show } from "../base/check.js";
import { clock } from "../base/clock.js";
import { InterpreterError, NotShareableError } from "../base/errors.js";
import { promiseOf } from "../base/thenable.js";
import { closeQueue, findQueue, shutdownQueue } from "../kernel/queue-lifetime.js";
import { isShut, setAtYield } from "../kernel/queue-state.js";
import { slotOf } from "../kernel/registry.js";
import type { InterpreterId, Pointer, QueueId } from "../memory/brands.js";
import { OK, STATUS_NO_MEMORY } from "../memory/layout.js";
import { ItemPutter } from "../queue/putter.js";
import type { Runtime } from "../thread/runtime.js";
import { releaseHandle } from "../thread/supervisor-client.js";
import { memoryFull } from "../wire/status-error.js";
import { Refusal } from "./replies.js";

/** How many items to put between two readings of the clock. */
const CLOCK_EVERY = 32;
/** Longest time between two turns of the event loop, in milliseconds: other work of the thread, and a death notice, must not starve. */
const TURN_EVERY = 1;
/** As good as no time limit: 25 days. */
const LONGEST = 0x7fffffff;

/** Notified when the iteration begins to wait for its consumer, and when it goes on. */
interface Waiting {
  wait(waits: boolean): void;
}

/**
 * Feeds the items of what `begin` returns into queue `id` of the interpreter `consumer`. Resolves to the iterator's return value, or to
 * undefined if the consumer has left. `method` is the name of the proxy's method that is iterated over, if it is one.
 */
export async function feed(
  rt: Runtime,
  id: QueueId,
  consumer: InterpreterId,
  seat: Waiting | undefined,
  begin: () => unknown,
  method: string | undefined,
): Promise<unknown> {
  const queue = findQueue(rt.m, id);
  // The consumer is gone.
  if (queue === 0) return undefined;
  const leave = (): void => void shutdownQueue(rt.m, queue, true);
  const stopListening = rt.onDeath((death) => death.id === consumer && leave());
  // It died before this listened.
  if (slotOf(rt.m, consumer) === -1) leave();
  try {
    if (isShut(rt.m, queue)) return undefined;
    return await feedFrom(rt, queue, seat, begin, method);
  } finally {
    stopListening();
    releaseHandle(rt, queue, false);
  }
}

async function feedFrom(
  rt: Runtime,
  queue: Pointer,
  seat: Waiting | undefined,
  begin: () => unknown,
  method: string | undefined,
): Promise<unknown> {
  const returned = begin();
  const source = sourceOf(await (promiseOf(returned) ?? returned), method);
  const putter = new ItemPutter(rt, queue);
  let lastTurn = clock();
  for (let count = 1; ; count++) {
    let value: unknown;
    try {
      const step = source.next();
      const { done, value: item } = stepOf(source.isSync ? step : await (promiseOf(step) ?? step));
      if (done === true) return item;
      const promise = source.isSync ? promiseOf(item) : undefined;
      value = promise === undefined ? item : await settledItem(source, promise);
    } catch (error) {
      // The consumer left before the iterator came to this.
      if (isShut(rt.m, queue)) return undefined;
      throw error;
    }
    let status: number;
    try {
      const put = putter.put(value);
      if (typeof put === "number") status = put;
      else {
        setAtYield(rt.m, queue, true);
        seat?.wait(true);
        try {
          status = await put;
        } finally {
          seat?.wait(false);
          setAtYield(rt.m, queue, false);
        }
      }
      if (status === STATUS_NO_MEMORY) throw memoryFull("send an item");
    } catch (error) {
      await closeQuietly(source);
      const ours = error instanceof NotShareableError || error instanceof InterpreterError;
      throw ours ? new Refusal(error) : error;
    }
    if (status !== OK) {
      // The consumer sees by this that the generator has come to its `yield`.
      closeQueue(rt.m, queue);
      await source.close();
      return undefined;
    }
    if (count % CLOCK_EVERY === 0 && clock() - lastTurn > TURN_EVERY) {
      await new Promise((resolve) => setImmediate(resolve));
      lastTurn = clock();
    }
  }
}

/** An iterator of either kind. */
interface Source {
  /** Whether its steps are objects, not promises. */
  readonly isSync: boolean;
  next(): unknown;
  /** Ends it early. */
  close(): Promise<void>;
}

type Method = (...args: unknown[]) => unknown;

/** The iterator of an iterable, or the value itself if it has `next`. @throws Refusal with a TypeError neither */
function sourceOf(value: unknown, method: string | undefined): Source {
  const from = Object(value) as Record<PropertyKey, unknown>;
  const asynchronous = value == null ? undefined : from[Symbol.asyncIterator];
  const synchronous = value == null ? undefined : from[Symbol.iterator];
  const make = asynchronous ?? synchronous;
  let iterator: unknown = value;
  if (typeof make === "function") iterator = (make as Method).call(value);
  const object = Object(iterator) as Record<PropertyKey, unknown>;
  const next = iterator == null ? undefined : object["next"];
  if (typeof next !== "function") {
    throw new Refusal(
      new TypeError(
        `iterate: ${method === undefined ? "the function" : `${method}()`} must return an iterable, an async iterable or an iterator, ` +
          `found ${show(value)}. ` +
          (method === undefined
            ? "Use call() for a function that returns one value."
            : `Use ${method}(…), without iterate, for one value.`),
      ),
    );
  }
  return {
    isSync: asynchronous == null && typeof synchronous === "function",
    next: () => (next as Method).call(iterator),
    async close() {
      const end = object["return"];
      if (typeof end !== "function") return;
      const result = (end as Method).call(iterator);
      await (promiseOf(result) ?? result);
    },
  };
}

/** As `for await` closes an iterator because of an error: another error of that does not take its place. */
async function closeQuietly(source: Source): Promise<void> {
  try {
    await source.close();
  } catch {
    // The first error counts.
  }
}

/** Awaits an item of a synchronous iterator, which is closed if that rejects. */
async function settledItem(source: Source, promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    await closeQuietly(source);
    throw error;
  }
}

function stepOf(step: unknown): IteratorResult<unknown> {
  if (typeof step === "object" && step !== null) return step as IteratorResult<unknown>;
  throw new TypeError(`The result of next() must be an object, found ${show(step)}`);
}

/** The time that an item may run, with pauses that do not count. */
export class RunningTime {
  #left: number;
  #since = clock();
  readonly #limit: (left: number) => void;

  /** `limit` has the item stopped if it runs for another `left` milliseconds, in place of the last limit. */
  constructor(timeout: number, limit: (left: number) => void) {
    this.#left = timeout;
    this.#limit = limit;
  }

  /** A pause begins, or ends. */
  wait(waits: boolean): void {
    const now = clock();
    if (waits) this.#left = Math.max(1, Math.ceil(this.#left - (now - this.#since)));
    else this.#since = now;
    this.#limit(waits ? LONGEST : this.#left);
  }
}
