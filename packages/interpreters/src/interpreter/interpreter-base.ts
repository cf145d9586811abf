/** The operations of `Interpreter` that its views have, too. Types and documentation are those of the views (view.ts). */
import { ownOptions } from "../base/check.js";
import { type ExecOptions, NO_OPTIONS } from "./call-options.js";
import { iterate, iterateSync, type Iteration, type SyncIteration } from "./iteration.js";
import { construct, proxyOf } from "./remote-object.js";
import type { Target } from "./target.js";
import type { InterpreterView } from "./view.js";
import { call, exec, iterating } from "./work.js";

/** The base class of `Interpreter`. The compiler cannot compare overloads with a function, so it takes the type from the interface. */
export const InterpreterBase = class InterpreterBase {
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
  }

  async exec(code: string, options: ExecOptions = {}): Promise<void> {
    await exec(this.#target, code, ownOptions(options), false).promise();
  }

  execSync(code: string, options: ExecOptions = {}): void {
    exec(this.#target, code, ownOptions(options), true).block();
  }

  async call(fn: Function, ...args: unknown[]): Promise<never> {
    return call(this.#target, NO_OPTIONS, fn, args, false).promise();
  }

  callSync(fn: Function, ...args: unknown[]): never {
    return call(this.#target, NO_OPTIONS, fn, args, true).block();
  }

  async construct(cls: unknown, ...args: unknown[]): Promise<object> {
    const operation = construct(this.#target, NO_OPTIONS, cls, args, false);
    return proxyOf(this.#target, this, cls, await operation.promise());
  }

  constructSync(cls: unknown, ...args: unknown[]): object {
    return proxyOf(this.#target, this, cls, construct(this.#target, NO_OPTIONS, cls, args, true).block());
  }

  iterate(fn: Function, ...args: unknown[]): Iteration<never, never> {
    return iterate(iterating(this.#target, NO_OPTIONS, fn, args, false), this);
  }

  iterateSync(fn: Function, ...args: unknown[]): SyncIteration<never, never> {
    return iterateSync(iterating(this.#target, NO_OPTIONS, fn, args, true), this);
  }
} as unknown as new (target: Target) => InterpreterView;
