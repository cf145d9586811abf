/**
 * The interface that a select has to each of its cases. A case is a description, which may be used any number of times; each select makes a
 * contender of it, which tries, waits in line, and is thrown away.
 *
 *     on the event loop:  poll ──not ready──▶ join ──its turn, perhaps many times──▶ attempt ──true──▶ outcome
 *                                              └────────another case was chosen────▶ leave
 *     blocked:            poll ──not ready──▶ beginBlocking ──▶ pollBlocked after every ring ──true──▶ outcome ──▶ endBlocking, of all
 *
 * All contenders of a select belong to one thread, which tries them one after the other; each try is one step of one lock. The first one
 * that succeeds is chosen, and none is tried after it, so exactly one case happens.
 */
import type { Waiter } from "../queue/wait-queue.js";
import type { Runtime } from "../thread/runtime.js";
import type { RevocableWait } from "../thread/waits.js";

/** One case in one select. */
export interface Contender<out T = unknown> {
  /**
   * Tries, without waiting. Returns false if it is not ready, or if others of this thread stand before it in line. `blocks`: whether this
   * thread is about to block.
   */
  poll(blocks: boolean): boolean;
  /** Tries in its turn. If it is not ready, this interpreter will be rung when it may be. */
  attempt(): boolean;
  /** From now on `waiter.attempt` is called when it is this contender's turn. It may be called before `join` returns. */
  join(waiter: Waiter): void;
  /** Serves the line in which the waiter stands, if there is news. */
  serve(waiter: Waiter): void;
  /** Takes the waiter out of the line, whose place the next one gets. */
  leave(waiter: Waiter): void;
  /** As `poll`, but looks for a moment before it tries: a thread that is about to block is faster if it need not sleep. */
  look(): boolean;
  /** This thread is about to block. From now on nothing that its event loop would give back goes to tasks there. */
  beginBlocking(): void;
  /** As `attempt`, for a blocked thread: call it first and after every ring. */
  pollBlocked(): boolean;
  /** The wait of a thread that blocks for this contender alone and without a limit. */
  endless?(): RevocableWait | undefined;
  /** This thread is done. Call it for every contender, also for the one that was chosen. */
  endBlocking(): void;
  /** The outcome of the case. Call it once, at once after the try that succeeded. @throws the case's error */
  outcome(): T;
  /** Gives back what it holds, whether its case happened or not. */
  end(): void;
}

/** The key of a case's method. A symbol, so that a case shows users nothing but what it is. */
export const enter: unique symbol = Symbol("enter");

/**
 * One of the operations between which `select` chooses, from `onGet`, `onPut`, `onAcquire` or `onSet`. It describes the operation and does nothing by itself, so
 * it may be used again, in any number of selects.
 *
 * @typeParam T the value of the select's result when this case happens
 */
export interface SelectCase<out T> {
  /** @internal Makes its contender for one select. @throws NotShareableError, TypeError it cannot happen */
  [enter](rt: Runtime): Contender<T>;
  /** A description for error texts: "get from queue 3". */
  toString(): string;
}
