/**
 * The operations that an interpreter and its views have in common. Their types and their documentation stand here, once:
 * `Interpreter` inherits both from the interface (interpreter-base.ts).
 */
import type { Iterated, KnownArgs, Loose, OverloadArgs, OverloadResult, TypingArgs } from "../base/calls.js";
import type { ModuleClass } from "../guests/javascript/callable.js";
import { ownOptions } from "../base/check.js";
import {
  type CallOptions,
  checkNoResultTimeout,
  type ExecOptions,
  type IterateOptions,
} from "./call-options.js";
import { construct, proxyOf } from "./remote-object.js";
import type { ConstructorArgs, InstanceOf, RemoteObject } from "./remote-types.js";
import { call, exec, iterating } from "./work.js";
import type { Target } from "./target.js";
import { iterate, iterateSync } from "./iteration.js";
import type { IterationOf, SyncIterationOf } from "./iteration.js";

/**
 * The operations of an interpreter with a time limit, a signal or buffers to move: what `Interpreter.with` returns. An `Interpreter`
 * itself is one, without options.
 *
 * @example
 * await using interp = create();
 * const limited = interp.with({ timeout: 10_000 });
 * await limited.exec("let count = 1");
 * await limited.call(Math.hypot, 3, 4); // 5
 */
export interface InterpreterView {
  /**
   * Runs a script in its `__main__`, as a REPL does: names declared at the top level (`var`, `let`, `const`, `function`,
   * `class`, `import`) are globals for later scripts and for functions called there, and may be declared again.
   * Top-level `await`, `import` in all forms, `require`, `import.meta` and TypeScript (types are erased) work. A script has no
   * return value (PEP 734 and CPython: `Interpreter.exec`).
   *
   * A name that hides a Node global (`fetch`, `URL`) hides it for all code of that interpreter; the language's own globals, and
   * `process` and `Buffer`, cannot be hidden by another value. A constant is read through a getter: code that reads one
   * millions of times should copy it into a local variable.
   *
   * @param code the script
   * @param options `filename`, `base` and `breakOnSigint`, and those of `with`, over which they take precedence
   * @throws TypeError, RangeError a bad argument; ExecutionFailed an exception left the script, or it has a syntax error;
   * InterpreterDiedError; InterpreterNotFoundError; InterpreterError (the codes are listed there); the reason of the signal. All as a
   * rejection.
   * @example
   * await using interp = create();
   * await interp.exec("const os = await import('node:os'); let cores: number = os.availableParallelism();");
   * await interp.exec("let half = cores / 2", { filename: "half.ts" });
   */
  exec(code: string, options?: ExecOptions): Promise<void>;

  /**
   * Like `exec`, but blocks this thread.
   *
   * @throws as `exec`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`), see `callSync`
   * @example
   * using interp = create();
   * interp.execSync("let count = 0");
   */
  execSync(code: string, options?: ExecOptions): void;

  /**
   * Calls a function there and returns its (awaited) result (PEP 734 and CPython: `call`).
   *
   * @param fn a stateless function, a function of a module (`fromModule`), or a builtin such as `Math.hypot`. Its code travels once per
   * interpreter. `this` is undefined. Of an overloaded one, the first of its last six signatures that takes the arguments counts.
   * @param args its arguments. They and the result are copied, except buffers that are moved (`move`); see `isShareable`.
   * @throws NotShareableError the function, an argument or the result cannot travel; ExecutionFailed the function threw;
   * InterpreterDiedError; InterpreterNotFoundError; InterpreterError (the codes are listed there). All as a rejection.
   * @example
   * await using interp = create();
   * await interp.call((word: string) => word.toUpperCase(), "hello"); // HELLO
   */
  call<F, A extends OverloadArgs<F>>(fn: F, ...args: A): Promise<Awaited<OverloadResult<F, A>>>;
  call<A extends unknown[], R>(fn: (...args: A) => R, ...args: KnownArgs<A, R>): Promise<Awaited<R>>;
  call<A extends unknown[], F extends (...args: A) => Loose>(
    fn: F,
    ...args: TypingArgs<A, F>
  ): Promise<Awaited<ReturnType<F>>>;
  call<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>>;

  /**
   * Like `call`, but blocks this thread. Its event loop stands still meanwhile, so only use it where that does no harm.
   *
   * @throws as `call`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`) the interpreter is this one, or waits for it, directly or through
   * others: blocking would never end
   * @example
   * using interp = create();
   * interp.callSync(Math.hypot, 3, 4); // 5
   */
  callSync<F, A extends OverloadArgs<F>>(fn: F, ...args: A): Awaited<OverloadResult<F, A>>;
  callSync<A extends unknown[], R>(fn: (...args: A) => R, ...args: KnownArgs<A, R>): Awaited<R>;
  callSync<A extends unknown[], F extends (...args: A) => Loose>(
    fn: F,
    ...args: TypingArgs<A, F>
  ): Awaited<ReturnType<F>>;
  callSync<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Awaited<R>;

  /**
   * Makes an object there, which stays there, and returns a typed proxy of it: its methods return promises (`method.sync(…)` blocks), run in
   * their order, and fail as calls do. Generator methods return iterations, as `iterate` does. See `RemoteObject`, and `RemoteAccess` for its properties. (CPython has no counterpart.)
   *
   * The object ends with `await using`, which calls its own dispose method, or is dropped when the proxy is collected. It cannot be sent on.
   *
   * @param cls a class of a module (`fromModule`)
   * @param args the arguments of its constructor, which are copied; see `call`. The options of a view are those of the constructor; see
   * `RemoteAccess.with` for those of methods.
   * @throws as `call`; TypeError `cls` is not a class of a module. The methods of the proxy: as `call`, but InterpreterDiedError if the
   * interpreter is gone; InterpreterError (`ERR_OBJECT_ENDED`). All as a rejection.
   * @example
   * const { URL } = fromModule<typeof import("node:url")>("node:url");
   * await using interp = create();
   * await using url = await interp.construct(URL, "https://example.org/a");
   * await url.get("pathname"); // /a
   */
  construct<C>(cls: ModuleClass<C>, ...args: ConstructorArgs<C>): Promise<RemoteObject<InstanceOf<C>>>;

  /**
   * Like `construct`, but blocks this thread.
   *
   * @throws as `construct`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`), see `callSync`
   * @example
   * const { URLSearchParams } = fromModule<typeof import("node:url")>("node:url");
   * using interp = create();
   * using params = interp.constructSync(URLSearchParams, "a=1");
   * params.has.sync("a"); // true
   */
  constructSync<C>(cls: ModuleClass<C>, ...args: ConstructorArgs<C>): RemoteObject<InstanceOf<C>>;

  /**
   * Runs a generator there and iterates over its items: of a generator or async generator, or of a function that returns an iterable,
   * an async iterable or an iterator. The generator runs ahead of the loop by up to `buffersize` items (`with`) and then waits at its
   * `yield`, while the interpreter does other work. Nothing runs before the first item is asked for; leaving the loop runs the
   * generator's `finally` there.
   *
   * @param fn as for `call`, and generator functions
   * @param args its arguments, which are copied when the first item is asked for; see `call`
   * @throws NotShareableError the function cannot travel. The iteration throws, after the items that precede it: ExecutionFailed the
   * generator threw; NotShareableError an argument or an item cannot travel; TypeError the result is not iterable;
   * InterpreterDiedError; InterpreterNotFoundError; InterpreterError (the codes are listed there); a TimeoutError DOMException.
   * When its signal aborts, it throws the signal's reason at once.
   * @example
   * await using interp = create();
   * function* squares(n: number) {
   *   for (let i = 1; i <= n; i++) yield i * i;
   * }
   * for await (const square of interp.iterate(squares, 3)) console.log(square);
   */
  iterate<F, A extends OverloadArgs<F>>(fn: F, ...args: A): IterationOf<OverloadResult<F, A>>;
  iterate<A extends unknown[], R extends Iterated>(
    fn: (...args: A) => R,
    ...args: KnownArgs<A, R>
  ): IterationOf<R>;
  iterate<A extends unknown[], F extends (...args: A) => Loose>(
    fn: F,
    ...args: TypingArgs<A, F>
  ): IterationOf<ReturnType<F>>;
  iterate<A extends unknown[], R extends Iterated>(fn: (...args: A) => R, ...args: A): IterationOf<R>;

  /**
   * Like `iterate`, but blocks this thread while it waits for an item.
   *
   * @throws as `iterate`; InterpreterError (`ERR_INTERPRETER_DEADLOCK`), see `callSync`
   * @example
   * using interp = create();
   * for (const part of interp.iterateSync((text: string) => text.split(" "), "a b")) console.log(part);
   */
  iterateSync<F, A extends OverloadArgs<F>>(fn: F, ...args: A): SyncIterationOf<OverloadResult<F, A>>;
  iterateSync<A extends unknown[], R extends Iterated>(
    fn: (...args: A) => R,
    ...args: KnownArgs<A, R>
  ): SyncIterationOf<R>;
  iterateSync<A extends unknown[], F extends (...args: A) => Loose>(
    fn: F,
    ...args: TypingArgs<A, F>
  ): SyncIterationOf<ReturnType<F>>;
  iterateSync<A extends unknown[], R extends Iterated>(fn: (...args: A) => R, ...args: A): SyncIterationOf<R>;
}

/** An object that is made after its creator has stopped waiting would never end. */
function constructing(options: CallOptions): CallOptions {
  checkNoResultTimeout("construct", options);
  return options;
}

/** A view of the interpreter `source`. */
export function viewOf(target: Target, options: IterateOptions, source: object): InterpreterView {
  const { buffersize: _, ...others } = options;
  const rest = ownOptions(others);
  const view: Record<keyof InterpreterView, unknown> = {
    exec: async (code: string, more?: ExecOptions) =>
      exec(target, code, ownOptions({ ...rest, ...ownOptions(more) }), false).promise(),
    execSync: (code: string, more?: ExecOptions) =>
      exec(target, code, ownOptions({ ...rest, ...ownOptions(more) }), true).block(),
    call: async (fn: Function, ...args: unknown[]) => call(target, rest, fn, args, false).promise(),
    callSync: (fn: Function, ...args: unknown[]) => call(target, rest, fn, args, true).block(),
    iterate: (fn: Function, ...args: unknown[]) =>
      iterate(iterating(target, options, fn, args, false), source),
    iterateSync: (fn: Function, ...args: unknown[]) =>
      iterateSync(iterating(target, options, fn, args, true), source),
    construct: async (cls: unknown, ...args: unknown[]) =>
      proxyOf(target, source, cls, await construct(target, constructing(rest), cls, args, false).promise()),
    constructSync: (cls: unknown, ...args: unknown[]) =>
      proxyOf(target, source, cls, construct(target, constructing(rest), cls, args, true).block()),
  };
  // The compiler cannot compare overloads with a function.
  return view as unknown as InterpreterView;
}
