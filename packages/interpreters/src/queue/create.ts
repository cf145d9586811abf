/** Making queues and listing them (PEP 734, "interpreters Module Functions"). */
import { checkOptions, show, ownOptions } from "../base/check.js";
import { createQueue as createQueueAt, findQueues } from "../kernel/queue-lifetime.js";
import { queueIdOf } from "../kernel/queue-state.js";
import type { Pointer, QueueId } from "../memory/brands.js";
import { UNBOUND_ITEM } from "../memory/layout.js";
import { runtime } from "../thread/current.js";
import { memoryFull } from "../wire/status-error.js";
import { bind, type Queue } from "./queue.js";
import { type UNBOUND, type UnboundItems, unboundNumber } from "./unbound.js";

/** Options of `createQueue`. */
export interface QueueOptions<U extends UnboundItems = UnboundItems> {
  /** The fate of items whose interpreter is destroyed, unless they are put with one of their own. Default: `UNBOUND`. */
  unboundItems?: U | undefined;
}

/**
 * Makes a queue (PEP 734 and CPython: `create_queue`). It lives as long as an interpreter holds it or an item carries it.
 *
 * @typeParam T the type of the items
 * @param maxsize the most items that it holds. Default: 0, which means no limit, as does a negative number.
 * @param options `unboundItems`
 * @throws TypeError `maxsize` is not an integer, or a bad option; RangeError `maxsize` is 2^31 or more; InterpreterError the shared
 * memory is full (`ERR_INTERPRETER_MEMORY`), or as `getCurrent`
 * @example
 * const queue = createQueue<string>(10, { unboundItems: UNBOUND_REMOVE });
 * await queue.put("work");
 */
export function createQueue<T = unknown>(
  maxsize?: number,
  options?: { unboundItems?: typeof UNBOUND | undefined },
): Queue<T>;
export function createQueue<T = unknown>(
  maxsize: number | undefined,
  options: { unboundItems: Exclude<UnboundItems, typeof UNBOUND> },
): Queue<T, never>;
export function createQueue<T = unknown>(
  maxsize?: number,
  options: QueueOptions = {},
): Queue<T, typeof UNBOUND> | Queue<T, never> {
  checkOptions("createQueue", options, ["unboundItems"]);
  const { unboundItems } = ownOptions(options);
  const max = maxsize === undefined ? 0 : maxsize;
  if (typeof max !== "number" || !Number.isInteger(max)) {
    throw new TypeError(`createQueue: maxsize must be an integer, found ${show(maxsize)}`);
  }
  if (max > 0x7fffffff) throw new RangeError(`createQueue: maxsize must be below 2 ** 31, found ${max}`);
  if (max < -0x80000000)
    throw new RangeError(`createQueue: maxsize must be at least -(2 ** 31), found ${max}`);
  return make(max, unboundItems === undefined ? UNBOUND_ITEM : unboundNumber(unboundItems), false);
}

/** Makes a queue for a pool: it is not listed, and no id leads to it. */
export function createHiddenQueue(): Queue {
  return make(0, UNBOUND_ITEM, true);
}

function make<T>(maxsize: number, unbound: number, hidden: boolean): Queue<T> {
  const { m } = runtime();
  const pointer = createQueueAt(m, maxsize, unbound, hidden);
  if (pointer === 0) throw memoryFull("create a queue");
  return bind<T>(pointer, queueIdOf(m, pointer));
}

/**
 * All queues of the process, ordered by id (CPython: `_interpqueues.list_all`).
 *
 * @throws as `getCurrent`
 * @example
 * const queue = createQueue();
 * console.log(listQueues().includes(queue)); // true
 */
export function listQueues(): Queue[] {
  const { m } = runtime();
  let pairs = new Int32Array(128);
  let count = findQueues(m, pairs);
  // More may have been made since the last count.
  while (count * 2 > pairs.length) {
    pairs = new Int32Array(count * 4);
    count = findQueues(m, pairs);
  }
  const queues: Queue[] = [];
  for (let i = 0; i < count * 2; i += 2) queues.push(bind(pairs[i] as Pointer, pairs[i + 1] as QueueId));
  return queues.sort((a, b) => a.id - b.id);
}
