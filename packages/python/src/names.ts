/** The types of interpreters and pools whose functions are named: `"module:function"`. */
import type {
  CallOptions,
  ExecutorOptions,
  Future,
  Interpreter,
  InterpreterPoolExecutor,
  MapOptions,
  MapOutcome,
  SettledMapOptions,
  SubmitOptions,
} from "interpreters";

/** A function of Python: `"module:function"`, as in `"math:hypot"`, a name of `__main__`, or a builtin. */
export type PythonFunction = string;

/** Calls of a Python interpreter. */
export interface PythonCalls {
  /** As `Interpreter.call`. Arguments and results are values that both languages read. */
  call<R = unknown>(fn: PythonFunction, ...args: unknown[]): Promise<R>;
  /** As `Interpreter.callSync`. */
  callSync<R = unknown>(fn: PythonFunction, ...args: unknown[]): R;
  /** As `Interpreter.with`. */
  with(options: CallOptions): PythonCalls & ReturnType<Interpreter["with"]>;
}

/** An interpreter of the core whose language is Python. */
export type PythonInterpreter = PythonCalls & Interpreter;

/** Tasks of a pool of Python interpreters. */
export interface PythonTasks {
  /** As `InterpreterPoolExecutor.submit`. Arguments and results are values that both languages read. */
  submit<R = unknown>(fn: PythonFunction, ...args: unknown[]): Future<R>;
  /** As `InterpreterPoolExecutor.map`. */
  map<R = unknown, I = unknown>(
    fn: PythonFunction,
    source: Iterable<I> | AsyncIterable<I>,
    options?: MapOptions<I>,
  ): AsyncGenerator<R, void, undefined>;
  map<R = unknown, I = unknown>(
    fn: PythonFunction,
    source: Iterable<I> | AsyncIterable<I>,
    options: SettledMapOptions<I>,
  ): AsyncGenerator<MapOutcome<R>, void, undefined>;
  /** As `InterpreterPoolExecutor.starmap`. */
  starmap<R = unknown, A extends unknown[] = unknown[]>(
    fn: PythonFunction,
    source: Iterable<A> | AsyncIterable<A>,
    options?: MapOptions<A>,
  ): AsyncGenerator<R, void, undefined>;
  starmap<R = unknown, A extends unknown[] = unknown[]>(
    fn: PythonFunction,
    source: Iterable<A> | AsyncIterable<A>,
    options: SettledMapOptions<A>,
  ): AsyncGenerator<MapOutcome<R>, void, undefined>;
  /** As `InterpreterPoolExecutor.with`. */
  with(options: SubmitOptions): PythonTasks & ReturnType<InterpreterPoolExecutor["with"]>;
}

/** Options of `PythonPoolExecutor`: those of `InterpreterPoolExecutor`, with functions by their names. */
export type PythonPoolOptions = Omit<ExecutorOptions, "language" | "initializer" | "initargs"> & {
  /** Called in each interpreter before its first task. */
  readonly initializer?: PythonFunction | undefined;
  /** The initializer's arguments. */
  readonly initargs?: readonly unknown[] | undefined;
};
