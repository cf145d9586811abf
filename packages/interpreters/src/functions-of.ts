/** Listing the functions of a module, without loading it in the calling thread. */
import { checkOptions, ownOptions, show } from "./base/check.js";
import { listingOf } from "./guests/javascript/callable.js";
import { create } from "./interpreter/create.js";

/** Options of `functionsOf`. An unknown option is a TypeError. */
export interface FunctionsOfOptions {
  /**
   * Where to load the module: an `Interpreter`, an `InterpreterPoolExecutor`, or a view of either, which adds its time limit and
   * signal. Default: a new interpreter with the default configuration, which is closed before the promise settles.
   */
  readonly in?:
    | { call<R>(fn: () => R): PromiseLike<Awaited<R>> }
    | { submit<R>(fn: () => R): PromiseLike<Awaited<R>> }
    | undefined;
}

/**
 * Loads a module in an interpreter and resolves to the sorted names of the functions that it exports. `fromModule(module)[name]`
 * refers to each of them; `default` is the default export. Classes are left out, as they cannot be called, and so is
 * `module.exports`, a second name that some versions of Node give the default export of a CommonJS module.
 *
 * The calling thread does not evaluate the module. An interpreter that has loaded it already does not evaluate it again.
 * (CPython: `inspect.getmembers(module, inspect.isroutine)` of an imported module.)
 *
 * @param module as for `fromModule`: a `file:`, `data:` or `node:` URL, an absolute path, or the name of a builtin module
 * @param options `in`
 * @throws TypeError `module` is none of these, or a bad option; ExecutionFailed the module cannot be found, or throws while it loads (a
 * pool rejects with that error itself, as `submit` does); InterpreterDiedError; InterpreterNotFoundError; InterpreterError, as `create`
 * does. All as a rejection.
 * @example
 * const module = "data:text/javascript,export const twice = (n) => n * 2; export class Point {}";
 * console.log(await functionsOf(module)); // [ 'twice' ]
 *
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
 * const [name] = await functionsOf(module, { in: executor });
 * await executor.submit(fromModule<Record<string, (n: number) => number>>(module)[name], 21); // 42
 */
export async function functionsOf(module: URL | string, options: FunctionsOfOptions = {}): Promise<string[]> {
  checkOptions("functionsOf", options, ["in"]);
  const listing = listingOf(module, "functionsOf");
  const { in: place } = ownOptions(options);
  if (place !== undefined) {
    checkPlace(place);
    return await ("submit" in place ? place.submit(listing) : place.call(listing));
  }
  const interp = create();
  try {
    return await interp.call(listing);
  } finally {
    await interp[Symbol.asyncDispose]();
  }
}

function checkPlace(place: unknown): void {
  const { submit, call } = Object(place) as Record<string, unknown>;
  if (typeof place === "object" && (typeof submit === "function" || typeof call === "function")) return;
  throw new TypeError(
    "functionsOf: in must be an Interpreter, an InterpreterPoolExecutor, or what their with() returns, " +
      `found ${show(place)}`,
  );
}
