/** Callbacks: functions that other interpreters call, and that run where they were made. README.md says how. */
import { show } from "../base/check.js";
import { InterpreterError } from "../base/errors.js";
import { promiseOf } from "../base/thenable.js";
import { registerReference } from "../codec/codec.js";
import type { Pointer } from "../memory/brands.js";
import { REF_CALLBACK } from "../memory/layout.js";
import { runtime } from "../thread/current.js";
import type { Callback } from "./type.js";
import { handles } from "./handles.js";
import { end, ended, handleOf, own, ownedBy } from "./owned.js";
import { bindRemote, remoteOf } from "./remote.js";

/**
 * Marks a function for sending: the result may be (part of) an argument, an item of a queue or a value for `prepareMain`. It arrives as a
 * function that calls back into this interpreter, where `fn` runs; see `Callback`. (CPython and PEP 734 have no counterpart.)
 *
 * - Calls run on this thread's event loop, and also while it blocks in an operation of this package: then all that come, from any interpreter.
 *   So code that blocks must be ready to be called back. Calls of one interpreter begin in their order.
 * - It runs in the asynchronous context in which `callback` was called.
 * - It lives until it is ended (`using`, `Symbol.dispose`), or until no interpreter can call it and it is collected here. After that, and
 *   when this interpreter is gone, every call fails.
 * - It keeps the process alive only while it runs.
 * - The same callback sent twice arrives as the same function.
 *
 * @throws TypeError `fn` is not a function
 * @example
 * import { type Callback, callback, create } from "interpreters";
 * await using interp = create();
 * const total = { bytes: 0 };
 * using add = callback((bytes: number) => void (total.bytes += bytes));
 * await interp.call(async (add: Callback<[number], void>) => {
 *   await add(100);
 *   add.sync(20);
 * }, add);
 * console.log(total.bytes); // 120
 */
export function callback<A extends unknown[], R>(fn: (...args: A) => R): Callback<A, R> {
  if (typeof fn !== "function") throw new TypeError(`callback: fn must be a function, found ${show(fn)}`);
  // It is one already.
  if (ownedBy(fn) !== undefined || remoteOf(fn) !== undefined) return fn as unknown as Callback<A, R>;
  const run = (args: A): unknown => {
    if (one.ended) throw ended(runtime().id);
    return one.run(args);
  };
  const marked: Callback<A, R> = Object.assign(
    async (...args: A): Promise<Awaited<R>> => (await run(args)) as Awaited<R>,
    {
      sync(...args: A): Awaited<R> {
        const result = run(args);
        if (promiseOf(result) !== undefined) throw cannotBlock();
        return result as Awaited<R>;
      },
      [Symbol.dispose]: (): void => end(one),
    },
  );
  const one = own(marked, fn);
  return marked;
}

function cannotBlock(): InterpreterError {
  return new InterpreterError(
    "Cannot call a callback of this interpreter in its blocking form: it returned a promise, which this thread cannot settle while it " +
      "blocks. Use the form that returns a promise.",
    { code: "ERR_INTERPRETER_DEADLOCK" },
  );
}

registerReference<object>({
  kind: REF_CALLBACK,
  is: (value): value is object =>
    typeof value === "function" && (ownedBy(value) !== undefined || remoteOf(value) !== undefined),
  obstacle: (value) =>
    (ownedBy(value)?.ended ?? remoteOf(value)?.handle.released)
      ? { found: "a callback that was ended", hint: "make another one with callback()" }
      : undefined,
  toReference: (value) => {
    const one = ownedBy(value);
    const { pointer, id } = one === undefined ? remoteOf(value)!.handle : handleOf(value, one);
    return [pointer, id];
  },
  fromReference: (pointer, id) => {
    const same = handles.get(id);
    if (same === undefined) return bindRemote(pointer as Pointer, id);
    // It was given back, and arrives again.
    const remote = remoteOf(same);
    if (remote !== undefined) remote.handle.released = false;
    return same;
  },
});
