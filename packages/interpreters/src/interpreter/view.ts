/** The operations that an interpreter and its views have in common. */
import type { KnownArgs, Loose, OverloadArgs, OverloadResult, TypingArgs } from "../base/calls.js";
import type { ExecOptions } from "./call-options.js";

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
}
