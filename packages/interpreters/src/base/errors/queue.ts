/** The errors about queues. */
import { brand } from "../brand.js";

/**
 * Base class of the errors about queues (CPython: `concurrent.interpreters.QueueError`). Code of the class itself: `ERR_QUEUE`.
 *
 * @example
 * const queue = createQueue<number>();
 * queue.close();
 * const error = await queue.get().catch((reason) => reason);
 * console.log(error instanceof QueueError, error.code); // true ERR_QUEUE_NOT_FOUND
 */
export class QueueError extends Error {
  /** Names the kind of error; it never changes, whereas messages may. */
  readonly code: string;
  /**
   * Of an error that `putMany` or `putManySync` threw: how many items, the first ones, were put before it. Undefined if none
   * was. Not enumerable.
   */
  declare readonly put?: number;
  constructor(message: string, options?: ErrorOptions & { code?: string }) {
    super(message, options);
    this.code = options?.code ?? "ERR_QUEUE";
  }
}
brand(QueueError, "QueueError");

/**
 * The queue had no item, now or within `timeout` (PEP 734 and CPython: `QueueEmpty`). Code: `ERR_QUEUE_EMPTY`.
 *
 * @example
 * const error = await createQueue().get({ timeout: 10 }).catch((reason) => reason);
 * console.log(error instanceof QueueEmpty); // true
 */
export class QueueEmpty extends QueueError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_QUEUE_EMPTY" });
  }
}
brand(QueueEmpty, "QueueEmpty");

/**
 * The queue had no room, now or within `timeout` (PEP 734 and CPython: `QueueFull`). Code: `ERR_QUEUE_FULL`.
 *
 * @example
 * const queue = createQueue<number>(2);
 * const error = await queue.putMany([1, 2, 3], { timeout: 10 }).catch((reason) => reason);
 * console.log(error instanceof QueueFull, error.put); // true 2
 */
export class QueueFull extends QueueError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_QUEUE_FULL" });
  }
}
brand(QueueFull, "QueueFull");

/**
 * The queue was shut down: it takes no more items, and gives items only until it is empty (CPython: `queue.ShutDown`). Code:
 * `ERR_QUEUE_SHUT_DOWN`.
 *
 * @example
 * const queue = createQueue<number>();
 * queue.shutdown();
 * const error = await queue.put(1).catch((reason) => reason);
 * console.log(error instanceof QueueShutDown); // true
 */
export class QueueShutDown extends QueueError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_QUEUE_SHUT_DOWN" });
  }
}
brand(QueueShutDown, "QueueShutDown");

/**
 * No queue has that id: there never was one, it was closed, or it lost its last handle (CPython: `QueueNotFoundError`). Code:
 * `ERR_QUEUE_NOT_FOUND`.
 *
 * @example
 * const queue = createQueue<number>();
 * queue.close();
 * const error = await queue.put(1).catch((reason) => reason);
 * console.log(error instanceof QueueNotFoundError); // true
 */
export class QueueNotFoundError extends QueueError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_QUEUE_NOT_FOUND" });
  }
}
brand(QueueNotFoundError, "QueueNotFoundError");

/**
 * The interpreter that put the item was destroyed, and the item was put with `UNBOUND_ERROR`. The item is out of the queue. Code:
 * `ERR_ITEM_INTERPRETER_DESTROYED`. (CPython: `ItemInterpreterDestroyed`.)
 *
 * @example
 * const queue = createQueue<number>(0, { unboundItems: UNBOUND_ERROR });
 * const interp = create();
 * await interp.call((q) => q.putNowait(1), queue);
 * await interp.close();
 * const error = await queue.get().catch((reason) => reason);
 * console.log(error instanceof ItemInterpreterDestroyed); // true
 */
export class ItemInterpreterDestroyed extends QueueError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_ITEM_INTERPRETER_DESTROYED" });
  }
}
brand(ItemInterpreterDestroyed, "ItemInterpreterDestroyed");
