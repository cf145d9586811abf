/** The cases of queues: getting an item, putting one. */
import { show } from "../base/check.js";
import { discardItem, encodeItem, type ItemMoves, movesOf, putItem, type Taker } from "../queue/items.js";
import { checkNowaitOptions, NO_OPTIONS, type PutOptions } from "../queue/options.js";
import { checkStatus } from "../queue/outcomes.js";
import { pointerOf, Queue, takerOf, waitsOf } from "../queue/queue.js";
import { unboundNumber } from "../queue/unbound.js";
import type { Runtime } from "../thread/runtime.js";
import type { Message } from "../wire/message.js";
import { type Contender, enter, type SelectCase } from "./contender.js";
import { LineContender } from "./line-contender.js";

/**
 * The case of getting the next item of a queue, for `select`. It is ready when there is an item, and also when there can be none any more:
 * the select then fails as `get` would, with QueueShutDown or QueueNotFoundError.
 *
 * @param queue the queue
 * @returns a case whose value is the item, or `UNBOUND` in place of an item whose interpreter was destroyed
 * @throws TypeError it is not a queue
 * @example
 * const [urgent, normal] = [createQueue<string>(), createQueue<string>()];
 * normal.putNowait("sweep");
 * const { index, value } = await select([onGet(urgent), onGet(normal)]);
 * console.log(index, value); // 1 sweep
 */
export function onGet<T, Missing>(queue: Queue<T, Missing>): SelectCase<T | Missing> {
  checkQueue("onGet", queue);
  return new GetCase(queue);
}

/**
 * The case of putting an item into a queue, for `select`. It is ready when there is room, and also when the queue was shut down or closed:
 * the select then fails as `put` would.
 *
 * The value is copied when `select` is called, before any case is tried, so a value that cannot travel is an error of the whole
 * select, and nothing has happened then. If another case is chosen, nothing was put, and buffers in `transfer` are left as they were.
 *
 * @param queue the queue
 * @param value the item; see `isShareable`
 * @param options the item's own `unboundItems`, and `transfer`, as for `put`
 * @returns a case whose value is undefined
 * @throws TypeError it is not a queue, or a bad option
 * @example
 * const [jobs, results] = [createQueue<number>(), createQueue<string>(1)];
 * const { name } = await select({ job: onGet(jobs), sent: onPut(results, "done") });
 * console.log(name, results.qsize()); // sent 1
 */
export function onPut<T, Missing>(
  queue: Queue<T, Missing>,
  value: T,
  options: PutOptions = NO_OPTIONS,
): SelectCase<undefined> {
  checkQueue("onPut", queue);
  return new PutCase(queue, value, checkNowaitOptions("onPut", options));
}

function checkQueue(what: string, queue: unknown): void {
  if (!(queue instanceof Queue)) throw new TypeError(`${what}: expected a Queue, found ${show(queue)}`);
}

type AnyQueue = Queue<unknown, unknown>;

class GetCase<T, Missing> implements SelectCase<T | Missing> {
  readonly #queue: Queue<T, Missing>;

  constructor(queue: Queue<T, Missing>) {
    this.#queue = queue;
  }

  [enter](): Contender<T | Missing> {
    return new Getter(this.#queue);
  }

  toString(): string {
    return `get from queue ${this.#queue.id}`;
  }
}

class PutCase implements SelectCase<undefined> {
  readonly #queue: AnyQueue;
  readonly #value: unknown;
  readonly #options: PutOptions;

  constructor(queue: AnyQueue, value: unknown, options: PutOptions) {
    this.#queue = queue;
    this.#value = value;
    this.#options = options;
  }

  [enter](rt: Runtime): Contender<undefined> {
    return new Putter(rt, this.#queue, this.#value, this.#options);
  }

  toString(): string {
    return `put into queue ${this.#queue.id}`;
  }
}

class Getter<T, Missing> extends LineContender implements Contender<T | Missing> {
  readonly #queue: Queue<T, Missing>;
  readonly #taker: Taker<T | Missing>;

  constructor(queue: Queue<T, Missing>) {
    super(waitsOf(queue).getting);
    this.#queue = queue;
    this.#taker = takerOf(queue);
  }

  protected override try(wait: boolean): number {
    return this.#taker.attempt(wait);
  }

  outcome(): T | Missing {
    checkStatus(this.#queue, this.status, "get from");
    return this.#taker.item();
  }

  end(): void {}
}

class Putter extends LineContender implements Contender<undefined> {
  readonly #rt: Runtime;
  readonly #queue: AnyQueue;
  readonly #unbound: number;
  readonly #moves: ItemMoves | undefined;
  readonly #message: Message;

  constructor(rt: Runtime, queue: AnyQueue, value: unknown, options: PutOptions) {
    super(waitsOf(queue).putting);
    this.#rt = rt;
    this.#queue = queue;
    this.#unbound = unboundNumber(options.unboundItems ?? queue.unboundItems);
    this.#moves = movesOf(rt, value, options);
    this.#message = encodeItem(rt.m, value, options, this.#moves);
  }

  protected override try(wait: boolean): number {
    return putItem(this.#rt, pointerOf(this.#queue), this.#message, wait, this.#unbound, this.#moves);
  }

  outcome(): undefined {
    checkStatus(this.#queue, this.status, "put into");
  }

  end(): void {
    discardItem(this.#message, this.#moves);
  }
}
