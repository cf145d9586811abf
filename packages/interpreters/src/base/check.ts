/**
 * Checks of arguments, with one wording for the whole package.
 *
 * They look at what an object has and never use `instanceof`: test runners give each test file globals of its own (`node:vm`),
 * and a value may come from other globals than this package does.
 */
import { inspect } from "../platform/inspect.js";

/** Throws TypeError for an option that is not `known`: a misspelt option must be an error, not an option without effect. */
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

/**
 * A copy of the options that has nothing but them: a program, or a bug in one, may have given `Object.prototype` a member of an option's name. What is no
 * object is returned as it is, for `checkOptions`.
 */
export function ownOptions<T>(options: T): T {
  if (typeof options !== "object" || options === null || Object.getPrototypeOf(options) === null)
    return options;
  return Object.assign(Object.create(null), options);
}

/**
 * Options of which none is given. An object that is made without a prototype is a dictionary to V8, which compiles each read of it to a call. This one is none, and has
 * all the `names`.
 */
export function noOptions<T extends object>(names: readonly string[]): T {
  const none = Object.fromEntries(names.map((name) => [name, undefined]));
  return Object.freeze(Object.setPrototypeOf(none, null));
}

/** Throws TypeError or RangeError unless `id` can be the id of an interpreter or a queue: an integer from 0 on. */
export function checkId(what: string, id: unknown): asserts id is number {
  if (typeof id !== "number" || !Number.isInteger(id)) {
    throw new TypeError(`${what} must be an integer, found ${show(id)}`);
  }
  if (id < 0) throw new RangeError(`${what} must not be negative, found ${id}`);
}

/** Throws TypeError or RangeError unless `value` is an integer from `least` on. */
export function checkCount(what: string, value: unknown, least: number): asserts value is number {
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw new TypeError(`${what} must be an integer, found ${show(value)}`);
  }
  if (value < least) throw new RangeError(`${what} must be at least ${least}, found ${value}`);
}

/** The most work items at a time in one interpreter: their executions fill a megabyte of shared memory. */
const MOST_CONCURRENCY = 65_536;

/** Throws TypeError or RangeError unless `value` can be how much runs at once. */
export function checkConcurrency(what: string, value: unknown): asserts value is number {
  checkCount(`${what}: concurrency`, value, 1);
  if (value > MOST_CONCURRENCY)
    throw new RangeError(`${what}: concurrency must be at most ${MOST_CONCURRENCY}, found ${value}`);
}

/** Returns a time limit in milliseconds. Undefined and Infinity mean no limit, which is returned as Infinity. */
export function checkTimeout(timeout: unknown, what = "timeout"): number {
  if (timeout === undefined) return Infinity;
  if (typeof timeout !== "number" || Number.isNaN(timeout)) {
    throw new TypeError(`${what} must be a number of milliseconds, found ${show(timeout)}`);
  }
  if (timeout < 0) throw new RangeError(`${what} must not be negative, found ${timeout}`);
  return timeout;
}

/** Throws TypeError unless `ref` is undefined or a boolean. */
export function checkRef(what: string, ref: unknown): asserts ref is boolean | undefined {
  if (ref === undefined || typeof ref === "boolean") return;
  throw new TypeError(`${what}: ref must be a boolean, found ${show(ref)}`);
}

/** Throws TypeError unless `signal` is undefined or has the shape of an AbortSignal. */
export function checkSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  if (signal === undefined) return;
  const { aborted, addEventListener } = Object(signal) as Partial<AbortSignal>;
  if (typeof aborted === "boolean" && typeof addEventListener === "function") return;
  throw new TypeError(`signal must be an AbortSignal, found ${show(signal)}`);
}

/** Returns whether the value has the shape of a `URL`. */
export function isUrl(value: unknown): value is URL {
  const { href, protocol } = Object(value) as Partial<URL>;
  return typeof href === "string" && typeof protocol === "string";
}

/** The value on one line, for an error text. */
export function show(value: unknown): string {
  return inspect(value, { depth: 0, breakLength: Infinity });
}
