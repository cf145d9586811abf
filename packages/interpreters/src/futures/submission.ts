/**
 * The inner side of a future: a native promise that others settle, and what the pool notes about the task.
 */
import { NativePromise } from "../platform/microtasks.js";
import type { Loose } from "../base/calls.js";
import type { Pointer } from "../memory/brands.js";
import type { ResultChannel } from "../transfer/handover.js";
import type { Code } from "../wire/code.js";
import type { SubmitOptions } from "./options.js";

/** The functions that settle the promise under construction. Its constructor takes them at once. */
export const made: {
  resolve: ((value: never) => void) | undefined;
  reject: ((error: unknown) => void) | undefined;
} = {
  resolve: undefined,
  reject: undefined,
};

const executor = (resolve: (value: never) => void, reject: (error: unknown) => void): void => {
  made.resolve = resolve;
  made.reject = reject;
};

/** The base class without the types of its methods: those of `then` and `catch` are more precise below. */
const UntypedPromise = NativePromise as unknown as new (run: typeof executor) => object;

const { then: nativeThen, finally: nativeFinally } = NativePromise.prototype;
export { nativeThen };

/** The base class of `Future`: the methods of every promise, and fields of which users see none. */
export class Submission<out T> extends UntypedPromise implements PromiseLike<T> {
  /** @internal Its number in the pending table. */
  sequence = 0;
  /** @internal Pointer to the queue that its task waits in. */
  queue: Pointer = 0;
  /** @internal Pointer to its record in that queue. */
  place: Pointer = 0;
  /** @internal Bytes of the task or of its reply, whichever is larger. */
  bytes = 0;
  /** @internal What `with` was given. */
  readonly options: SubmitOptions;
  /** @internal When it has waited in line for as long as it may (`clock`). 0 without a limit, and once that is over. */
  waitsUntil = 0;
  /** @internal How often the task may be run again. */
  retriesLeft = 0;
  /** @internal Keeps the task's code alive, and what a retry needs. */
  task: unknown;
  /**
   * @internal Of an iteration: called as soon as it is done, before anything else learns of that. Its task does not keep the event loop alive, which
   * an iteration does only while a consumer waits for an item.
   */
  onDone: (() => void) | undefined;
  /** @internal The channel on which large buffers of the result arrive. */
  channel: ResultChannel | undefined;

  /** @internal The code of its function, until it is settled. */
  get code(): Code | undefined {
    const task = this.task as Code | { readonly code: Code } | undefined;
    return task !== undefined && "code" in task ? task.code : task;
  }

  /** @internal */
  constructor(options: SubmitOptions) {
    super(executor);
    this.options = options;
  }

  /**
   * `Promise.prototype.then`. As there, the handler of a rejection may declare the type of its reason, for instance
   * `(error: TaskError) => …`.
   */
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: Loose) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return nativeThen.call(this, onFulfilled, onRejected) as Promise<A | B>;
  }

  /** `Promise.prototype.catch`. */
  catch<B = never>(onRejected?: ((reason: Loose) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, onRejected);
  }

  /** `Promise.prototype.finally`. */
  finally(onFinally?: (() => void) | null): Promise<T> {
    return nativeFinally.call(this, onFinally) as Promise<T>;
  }
}
