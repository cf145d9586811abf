/**
 * Checks of arguments that several parts make in the same words.
 *
 * By what an object has, and not by `instanceof`: test runners give each test file globals of its own (`node:vm`), and this
 * package may be of others than what it is given.
 */
import { inspect } from "../platform/inspect.js";

/** A misspelt option is an error, and not an option that does nothing. */
export function checkOptions(
  what: string,
  options: unknown,
  known: readonly string[],
): asserts options is object {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${what}: options must be an object, found ${show(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key))
      throw new TypeError(`${what}: there is no option ${key}; there are ${known.join(", ")}`);
  }
}

/** Ids of interpreters and queues: integers from 0 on. */
export function checkId(what: string, id: unknown): asserts id is number {
  if (typeof id !== "number" || !Number.isInteger(id)) {
    throw new TypeError(`${what} must be an integer, found ${show(id)}`);
  }
  if (id < 0) throw new RangeError(`${what} must not be negative, found ${id}`);
}

/** Integers from `least` on. */
export function checkCount(what: string, value: unknown, least: number): asserts value is number {
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw new TypeError(`${what} must be an integer, found ${show(value)}`);
  }
  if (value < least) throw new RangeError(`${what} must be at least ${least}, found ${value}`);
}

/** Milliseconds; undefined and Infinity: no limit. */
export function checkTimeout(timeout: unknown, what = "timeout"): number {
  if (timeout === undefined) return Infinity;
  if (typeof timeout !== "number" || Number.isNaN(timeout)) {
    throw new TypeError(`${what} must be a number of milliseconds, found ${show(timeout)}`);
  }
  if (timeout < 0) throw new RangeError(`${what} must not be negative, found ${timeout}`);
  return timeout;
}

export function checkSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  if (signal === undefined) return;
  const { aborted, addEventListener } = Object(signal) as Partial<AbortSignal>;
  if (typeof aborted === "boolean" && typeof addEventListener === "function") return;
  throw new TypeError(`signal must be an AbortSignal, found ${show(signal)}`);
}

/** An object like those of `URL`. */
export function isUrl(value: unknown): value is URL {
  const { href, protocol } = Object(value) as Partial<URL>;
  return typeof href === "string" && typeof protocol === "string";
}

export function show(value: unknown): string {
  return inspect(value, { depth: 0, breakLength: Infinity });
}
