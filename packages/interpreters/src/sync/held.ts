/** What `acquire` returns: a hold, which is released at the end of its block. */
import { InterpreterError } from "../base/errors.js";

/** The object of a hold. */
export interface Holdable {
  readonly [Symbol.toStringTag]: string;
  release(): void;
}

/** Marks a hold as released, without releasing anything. */
export let endHold: (held: Held) => void;

/**
 * A lock, or a permit of a semaphore, that this interpreter holds. `acquire` and `acquireSync` return it. Declared with `using` or
 * `await using`, it is released at the end of the block, however that is left.
 *
 * @example
 * const lock = new Lock();
 * {
 *   using held = lock.acquireSync();
 *   console.log(held.abandoned); // undefined
 * }
 * console.log(lock.locked()); // false
 */
export class Held {
  readonly #owner: Holdable;
  #released = false;
  /**
   * The id of an interpreter that died while it held this: what it protects may be half changed. Undefined if there was none. The first
   * owner after the death sees it, and no later one. (POSIX robust mutexes: `EOWNERDEAD`.)
   */
  readonly abandoned: number | undefined;

  static {
    endHold = (held) => {
      held.#released = true;
    };
  }

  /** @internal */
  constructor(owner: Holdable, abandoned: number) {
    this.#owner = owner;
    this.abandoned = abandoned === -1 ? undefined : abandoned;
  }

  /**
   * Releases it now, before the end of the block.
   *
   * @throws InterpreterError (`ERR_NOT_HELD`) it was released already
   * @example
   * const held = new Lock().acquireSync();
   * held.release();
   */
  release(): void {
    if (this.#released) {
      throw new InterpreterError(
        `Cannot release ${this.#owner[Symbol.toStringTag]}: this hold was released already`,
        {
          code: "ERR_NOT_HELD",
        },
      );
    }
    this.#released = true;
    this.#owner.release();
  }

  /** Releases it, unless that was done. */
  [Symbol.dispose](): void {
    if (!this.#released) this.release();
  }

  /** As `[Symbol.dispose]`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
  }

  get [Symbol.toStringTag](): string {
    return "Held";
  }
}
