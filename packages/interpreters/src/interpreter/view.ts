/** The operations that an interpreter and its views have in common. */
import type { KnownArgs, Loose, OverloadArgs, OverloadResult, TypingArgs } from "../base/calls.js";
import type { ModuleClass } from "../guests/javascript/callable.js";
import type { CallOptions, ExecOptions } from "./call-options.js";
import { construct, proxyOf } from "./remote-object.js";
import type { ConstructorArgs, InstanceOf, RemoteObject } from "./remote-types.js";
import type { Target } from "./target.js";
import { call, exec } from "./work.js";

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
}

/** The view of `interpreter` whose operations have `options`. The asynchronous ones reject for a bad argument, as for any other error. */
export function viewOf(target: Target, options: CallOptions, interpreter: object): InterpreterView {
  const view: Record<keyof InterpreterView, unknown> = {
    exec: async (code: string, more?: ExecOptions) =>
      exec(target, code, { ...options, ...more }, false).promise(),
    execSync: (code: string, more?: ExecOptions) => exec(target, code, { ...options, ...more }, true).block(),
    call: async (fn: Function, ...args: unknown[]) => call(target, options, fn, args, false).promise(),
    callSync: (fn: Function, ...args: unknown[]) => call(target, options, fn, args, true).block(),
    construct: async (cls: unknown, ...args: unknown[]) =>
      proxyOf(target, interpreter, cls, await construct(target, options, cls, args, false).promise()),
    constructSync: (cls: unknown, ...args: unknown[]) =>
      proxyOf(target, interpreter, cls, construct(target, options, cls, args, true).block()),
  };
  // The compiler cannot compare overloads with a function.
  return view as unknown as InterpreterView;
}
