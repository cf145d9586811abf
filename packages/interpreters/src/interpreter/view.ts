/** The operations that an interpreter and its views have in common. */
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

/** The operations of an interpreter with a time limit, a signal or buffers to move: what `Interpreter.with` returns. */
export interface InterpreterView {
  /** See `Interpreter.exec`. `options` take precedence over those of `with`. */
  exec(code: string, options?: ExecOptions): Promise<void>;
  /** See `Interpreter.execSync`. */
  execSync(code: string, options?: ExecOptions): void;
  /** See `Interpreter.call`. */
  call<F, A extends OverloadArgs<F>>(fn: F, ...args: A): Promise<Awaited<OverloadResult<F, A>>>;
  call<A extends unknown[], R>(fn: (...args: A) => R, ...args: KnownArgs<A, R>): Promise<Awaited<R>>;
  call<A extends unknown[], F extends (...args: A) => Loose>(
    fn: F,
    ...args: TypingArgs<A, F>
  ): Promise<Awaited<ReturnType<F>>>;
  call<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>>;
  /** See `Interpreter.callSync`. */
  callSync<F, A extends OverloadArgs<F>>(fn: F, ...args: A): Awaited<OverloadResult<F, A>>;
  callSync<A extends unknown[], R>(fn: (...args: A) => R, ...args: KnownArgs<A, R>): Awaited<R>;
  callSync<A extends unknown[], F extends (...args: A) => Loose>(
    fn: F,
    ...args: TypingArgs<A, F>
  ): Awaited<ReturnType<F>>;
  callSync<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Awaited<R>;
  /** See `Interpreter.construct`. The options are those of the constructor; see `RemoteAccess.with` for those of methods. */
  construct<C>(cls: ModuleClass<C>, ...args: ConstructorArgs<C>): Promise<RemoteObject<InstanceOf<C>>>;
  /** See `Interpreter.constructSync`. */
  constructSync<C>(cls: ModuleClass<C>, ...args: ConstructorArgs<C>): RemoteObject<InstanceOf<C>>;
  /** See `Interpreter.iterate`. */
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
  /** See `Interpreter.iterateSync`. */
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
