/**
 * The ways in which `InterpreterPoolExecutor` takes tasks, which its views have, too. Types and documentation are those of the
 * interfaces (executor-type.ts, view.ts).
 */
import { iterate, iterateSync, type Iteration, type SyncIteration } from "../interpreter/iteration.js";
import { runtime } from "../thread/current.js";
import { takeTrace } from "../thread/trace.js";
import type { Future } from "./future.js";
import { iterating } from "./iterate.js";
import { type AnyMapOptions, argsOf } from "./map.js";
import { type ExecutorOptions, NO_OPTIONS } from "./options.js";
import { Pool } from "./pool.js";
import { listOf, map, submit } from "./submit.js";
import type { ExecutorView } from "./view.js";

/** The pool behind an executor. */
export let poolOf: (executor: ExecutorView) => Pool;

class Base {
  readonly #pool: Pool;

  constructor(options: ExecutorOptions) {
    this.#pool = new Pool(runtime(), this, options);
  }

  submit(fn: Function, ...args: unknown[]): Future<never> {
    return submit(this.#pool, fn, args, NO_OPTIONS, takeTrace(fn));
  }

  map<I>(
    fn: Function,
    source: Iterable<I> | AsyncIterable<I>,
    options?: AnyMapOptions<I>,
  ): AsyncGenerator<never, void, undefined> {
    return map(this.#pool, "map", fn, listOf, source, NO_OPTIONS, options);
  }

  starmap<A extends unknown[]>(
    fn: Function,
    source: Iterable<A> | AsyncIterable<A>,
    options?: AnyMapOptions<A>,
  ): AsyncGenerator<never, void, undefined> {
    return map(this.#pool, "starmap", fn, argsOf, source, NO_OPTIONS, options);
  }

  iterate(fn: Function, ...args: unknown[]): Iteration<never, never> {
    return iterate(iterating(this.#pool, fn, args, NO_OPTIONS, takeTrace(fn)), this);
  }

  iterateSync(fn: Function, ...args: unknown[]): SyncIteration<never, never> {
    return iterateSync(iterating(this.#pool, fn, args, NO_OPTIONS, takeTrace(fn)), this);
  }

  static {
    poolOf = (executor) => (executor as unknown as Base).#pool;
  }
}

/** The base class of `InterpreterPoolExecutor`. The compiler cannot compare overloads with a function, so it takes the type from the interface. */
export const ExecutorBase = Base as unknown as new (options: ExecutorOptions) => ExecutorView;
