/** The type of callbacks, in their owner and elsewhere. */

/**
 * A function that can be sent to other interpreters, and runs in the one that made it: what `callback` returns, and what arrives there.
 *
 * @example
 * import { type Callback, callback, create } from "interpreters";
 * await using interp = create();
 * const log: string[] = [];
 * using report = callback((line: string) => log.push(line));
 * await interp.call((report: Callback<[line: string], number>) => report("hello"), report); // 1
 */
export interface Callback<A extends unknown[], R> {
  /**
   * Calls the function in its owner, and resolves to its (awaited) result. The arguments and the result are copied, as those of
   * `Interpreter.call` are, and it rejects as that does. (In the owner itself it is called as it is.)
   *
   * @throws ExecutionFailed the function threw; InterpreterDiedError its owner died; NotShareableError an argument or the result cannot
   * travel; InterpreterError the callback was ended (`ERR_CALLBACK_ENDED`). All as a rejection.
   */
  (...args: A): Promise<Awaited<R>>;
  /**
   * Like the call, but blocks this thread. The owner runs the function as soon as it comes to its event loop or blocks itself, also if it
   * blocks for this thread.
   *
   * @throws as the call; InterpreterError (`ERR_INTERPRETER_DEADLOCK`) the function returned a promise, which its owner cannot settle
   * because it blocks until this thread goes on
   */
  sync(...args: A): Awaited<R>;
  /** In the owner: ends the callback, whoever has it. Elsewhere: gives it back, so that the owner need not wait for the garbage collector. */
  [Symbol.dispose](): void;
}
