/** The views of an executor, and the ways to submit tasks that it has in common with them. */
import { ownOptions } from "../base/check.js";
import type { Iterated, KnownArgs, Loose, OverloadArgs, OverloadResult, TypingArgs } from "../base/calls.js";
import type { Future } from "./future.js";
import { iterate, iterateSync, type IterationOf, type SyncIterationOf } from "../interpreter/iteration.js";
import { takeTrace } from "../thread/trace.js";
import { iterating } from "./iterate.js";
import type { TaskSubmitter } from "./executor-type.js";
import { type AnyMapOptions, argsOf } from "./map.js";
import type { IterateTaskOptions, Report, SubmitOptions } from "./options.js";
import type { Pool } from "./pool.js";
import { listOf, map, submit, submitWithProgress } from "./submit.js";

/**
 * What `with` returns: an executor whose tasks have the options that `with` was given. It needs no closing, and may be
 * used until the executor is shut down. `InterpreterPoolExecutor` itself is one, without options.
 *
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
 * const urgent = executor.with({ priority: 2, timeout: 10_000 });
 * await urgent.submit(Math.hypot, 3, 4); // 5
 * for await (const power of urgent.starmap(Math.pow, [[2, 3], [3, 2]])) console.log(power);
 */
export interface ExecutorView extends TaskSubmitter {
  /**
   * Runs a generator in the next worker that is free, and iterates over its items; see `Interpreter.iterate`. While it waits for the
   * loop, its worker runs other tasks, and the generator goes on as soon as there is room, between them or beside one that awaits. It is never run
   * again (`retries`), because its items have been seen. An error in it arrives as that of a task (`TaskError`), after the items before it.
   *
   * @param fn as for `submit`, and generator functions
   * @param args its arguments, which are copied when the first item is asked for
   * @throws NotShareableError the function cannot travel; InterpreterError (`ERR_EXECUTOR_SHUTDOWN`); BrokenInterpreterPool. The
   * iteration throws what the generator threw, and what the future of a task may reject with.
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 2 });
   * const rows = executor.iterate(function* (from: number) {
   *   for (let row = from; ; row++) yield row;
   * }, 10);
   * for await (const row of rows) {
   *   if ((await executor.submit((n: number) => n * 2, row)) > 22) break;
   * }
   */
  iterate<F, B extends OverloadArgs<F>>(fn: F, ...args: B): IterationOf<OverloadResult<F, B>>;
  iterate<B extends unknown[], R extends Iterated>(
    fn: (...args: B) => R,
    ...args: KnownArgs<B, R>
  ): IterationOf<R>;
  iterate<B extends unknown[], F extends (...args: B) => Loose>(
    fn: F,
    ...args: TypingArgs<B, F>
  ): IterationOf<ReturnType<F>>;
  iterate<B extends unknown[], R extends Iterated>(fn: (...args: B) => R, ...args: B): IterationOf<R>;

  /**
   * Like `iterate`, but blocks this thread while it waits for an item.
   *
   * @throws as `iterate`
   * @example
   * using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * for (const entry of executor.iterateSync((text: string) => text.split(" "), "a b")) console.log(entry);
   */
  iterateSync<F, B extends OverloadArgs<F>>(fn: F, ...args: B): SyncIterationOf<OverloadResult<F, B>>;
  iterateSync<B extends unknown[], R extends Iterated>(
    fn: (...args: B) => R,
    ...args: KnownArgs<B, R>
  ): SyncIterationOf<R>;
  iterateSync<B extends unknown[], F extends (...args: B) => Loose>(
    fn: F,
    ...args: TypingArgs<B, F>
  ): SyncIterationOf<ReturnType<F>>;
  iterateSync<B extends unknown[], R extends Iterated>(fn: (...args: B) => R, ...args: B): SyncIterationOf<R>;
}

/** A view of an executor. Tasks keep the options: a retry is submitted with the same ones. */
export function viewOf(pool: Pool, options: IterateTaskOptions, executor: object): ExecutorView {
  const { buffersize: _, ...others } = options;
  const own = ownOptions(others);
  const view: Record<keyof ExecutorView, unknown> = {
    submit: (fn: Function, ...args: unknown[]) => submit(pool, fn, args, own, takeTrace(fn)),
    map: (fn: Function, source: Iterable<unknown>, more?: AnyMapOptions<unknown>) =>
      map(pool, "map", fn, listOf, source, own, more),
    starmap: (fn: Function, source: Iterable<unknown>, more?: AnyMapOptions<unknown>) =>
      map(pool, "starmap", fn, argsOf, source, own, more),
    iterate: (fn: Function, ...args: unknown[]) =>
      iterate(iterating(pool, fn, args, options, takeTrace(fn)), executor),
    iterateSync: (fn: Function, ...args: unknown[]) =>
      iterateSync(iterating(pool, fn, args, options, takeTrace(fn)), executor),
  };
  // The compiler cannot compare overloads with a function.
  return view as unknown as ExecutorView;
}

/**
 * What `with({ onProgress })` returns: tasks submitted by it report their progress.
 *
 * @typeParam P what they report
 * @example
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
 * const seen: number[] = [];
 * const watched = executor.with({ onProgress: (done: number) => seen.push(done) });
 * await watched.submit((parts, report) => {
 *   for (let n = 1; n <= parts; n++) report(n / parts);
 * }, 4);
 * console.log(seen); // [ 0.25, 0.5, 0.75, 1 ]
 */
export interface ProgressView<P> {
  /**
   * Runs `fn(...args, report)` in the next worker that is free. See `InterpreterPoolExecutor.submit`.
   *
   * @throws as `InterpreterPoolExecutor.submit`
   */
  submit<A extends unknown[], R>(
    fn: (...args: [...args: A, report: Report<P>]) => R,
    ...args: A
  ): Future<Awaited<R>>;
}

/** A view whose tasks report to `listener`. */
export function progressViewOf(
  pool: Pool,
  options: SubmitOptions,
  listener: (value: never) => void,
): Record<keyof ProgressView<unknown>, unknown> {
  return {
    submit: (fn: Function, ...args: unknown[]) =>
      submitWithProgress(pool, fn, args, options, takeTrace(fn), listener),
  };
}
