/** Waiting for values of user code that may be promises. */
import { types } from "../platform/brand-checks.js";

const { call } = Function.prototype;

/**
 * A value that user code returned, for `await`: a promise, or a stand-in for another thenable. Returns undefined if `await` would not wait.
 * `then`, which may be a getter, is read only once, as `await` reads it. Always `await` the result: a promise may have a `then` of its own,
 * which `await` does not call, and which may lose the outcome.
 */
export function promiseOf(value: unknown): PromiseLike<unknown> | undefined {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return undefined;
  const { then } = value as { then?: unknown };
  if (typeof then !== "function") return undefined;
  if (types.isPromise(value)) return value;
  // oxlint-disable-next-line unicorn/no-thenable -- it stands for one
  return { then: (resolve, reject) => call.call(then, value, resolve, reject) as PromiseLike<never> };
}

/** What `next` makes of the value of a promise. Waits for that, too. */
export async function after<T>(promise: PromiseLike<T>, next: (value: T) => unknown): Promise<unknown> {
  const result = next(await promise);
  return await (promiseOf(result) ?? result);
}
