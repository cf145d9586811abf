/** The types of objects that live in another interpreter: what the compiler infers from a class. */
import type { IsOverloaded, Iterated, OverloadArgs, OverloadResult } from "../base/calls.js";
import type { IterateOptions } from "./call-options.js";
import type { IterationOf, SyncIterationOf } from "./iteration.js";

/** The arguments that one of the constructors of the class `C` takes. */
export type ConstructorArgs<C> = C extends {
  new (...args: infer A1): unknown;
  new (...args: infer A2): unknown;
  new (...args: infer A3): unknown;
  new (...args: infer A4): unknown;
}
  ? Place<A1> | Place<A2> | Place<A3> | A4
  : C extends new (...args: infer A) => unknown
    ? A
    : never;

/** An instance of the class `C`. */
export type InstanceOf<C> = C extends new (...args: never) => infer T ? T : never;

/** Not the place of a signature that a class does not have. */
type Place<A> = unknown[] extends A ? never : A;

/**
 * A method of an object that lives in another interpreter. One that returns a generator gives an iteration (`Interpreter.iterate`), and
 * `sync` of it one that blocks. The result of any method that returns an iterable is iterated over there by `iterate` and `iterateSync`; an
 * iterator that is no generator has only these.
 */
export type RemoteMethod<F> =
  IsOverloaded<F> extends true
    ? {
        /** Calls the method there. */
        <A extends OverloadArgs<F>>(...args: A): RemoteResult<OverloadResult<F, A>>;
        /** Like the call, but blocks this thread. */
        sync<A extends OverloadArgs<F>>(...args: A): SyncRemoteResult<OverloadResult<F, A>>;
        /** Iterates over what the method returns there, as `Interpreter.iterate` does. */
        iterate<A extends OverloadArgs<F>>(...args: A): IterationOf<OverloadResult<F, A>>;
        /** Like `iterate`, but blocks this thread while it waits for an item. */
        iterateSync<A extends OverloadArgs<F>>(...args: A): SyncIterationOf<OverloadResult<F, A>>;
      }
    : F extends (...args: infer A) => infer R
      ? [MethodKind<R>] extends ["value"]
        ? CalledMethod<A, R>
        : [MethodKind<R>] extends ["iterator"]
          ? IteratedMethod<A, R>
          : CalledMethod<A, R> & IteratedMethod<A, R>
      : never;

/** The forms of a `RemoteMethod` that call it. */
export interface CalledMethod<A extends unknown[], R> {
  /** Calls the method there. */
  (...args: A): RemoteResult<R>;
  /** Like the call, but blocks this thread. */
  sync(...args: A): SyncRemoteResult<R>;
}

/** The forms of a `RemoteMethod` that iterate over its result. */
export interface IteratedMethod<A extends unknown[], R> {
  /** Iterates over what the method returns there, as `Interpreter.iterate` does. */
  iterate(...args: A): IterationOf<R>;
  /** Like `iterate`, but blocks this thread while it waits for an item. */
  iterateSync(...args: A): SyncIterationOf<R>;
}

type AnyGenerator = Generator<unknown, unknown, never> | AsyncGenerator<unknown, unknown, never>;
type IsKnown<R> = 0 extends 1 & R ? false : [R] extends [never] ? false : true;

/** The result of a call of a method that returns `R`: an iteration if that is a generator, otherwise a promise. */
type RemoteResult<R> =
  IsKnown<R> extends false
    ? Promise<Awaited<R>>
    : [R] extends [AnyGenerator]
      ? IterationOf<R>
      : Promise<Awaited<R>>;
/** As `RemoteResult`, of the blocking form. */
type SyncRemoteResult<R> =
  IsKnown<R> extends false ? Awaited<R> : [R] extends [AnyGenerator] ? SyncIterationOf<R> : Awaited<R>;

/** Which forms a method has that returns `R`: a generator and an iterable have both, an iterator cannot be copied. */
type MethodKind<R> =
  IsKnown<R> extends false
    ? "value"
    : [R] extends [string | AnyGenerator]
      ? [R] extends [string]
        ? "value"
        : "both"
      : [Awaited<R>] extends [{ next(...args: never): unknown }]
        ? "iterator"
        : [R] extends [Iterated]
          ? "both"
          : "value";

/** The methods of `T` that others can call. */
type MethodNames<T> = {
  [K in keyof T]: K extends string
    ? K extends "then"
      ? never
      : T[K] extends (...args: never) => unknown
        ? K
        : never
    : never;
}[keyof T];

/** The properties of `T` that hold data. */
type PropertyNames<T> = {
  [K in keyof T]: K extends string ? (T[K] extends (...args: never) => unknown ? never : K) : never;
}[keyof T];

/** The members of a proxy beside the methods of its object. A method of the same name takes its place. */
export interface RemoteAccess<T> {
  /** Reads a property there. `get.sync` blocks. A getter runs there, and what it throws is an ExecutionFailed. */
  readonly get: {
    <K extends PropertyNames<T>>(name: K): Promise<Awaited<T[K]>>;
    sync<K extends PropertyNames<T>>(name: K): Awaited<T[K]>;
  };
  /** Writes a property there. `set.sync` blocks. */
  readonly set: {
    <K extends PropertyNames<T>>(name: K, value: T[K]): Promise<void>;
    sync<K extends PropertyNames<T>>(name: K, value: T[K]): void;
  };
  /**
   * The same proxy with options for its calls: a time limit, a signal, buffers to move, or `buffersize` of iterations. Throws TypeError,
   * RangeError for a bad option.
   */
  with(options: IterateOptions): RemoteObject<T>;
}

/** Ending a proxy. */
export interface RemoteEnd {
  /** `await using`: ends the object there: calls its own `Symbol.asyncDispose` or `Symbol.dispose`, after the calls before it. */
  [Symbol.asyncDispose](): Promise<void>;
  /** `using`: like the asynchronous form, but blocks this thread. */
  [Symbol.dispose](): void;
}

/**
 * A proxy of an object of type `T` that lives in another interpreter, as `Interpreter.construct` makes it. Its methods are those of the
 * object: called, they return promises, and generators iterations; `method.sync(…)` blocks. See `RemoteMethod`, and `RemoteAccess` for its
 * properties.
 *
 * @example
 * const { URLSearchParams } = fromModule<typeof import("node:url")>("node:url");
 * await using interp = create();
 * await using params = await interp.construct(URLSearchParams, "a=1");
 * await params.append("b", "2");
 * console.log(params.toString.sync()); // a=1&b=2
 */
export type RemoteObject<T> = { readonly [K in MethodNames<T> & keyof T]: RemoteMethod<T[K]> } & Omit<
  RemoteAccess<T>,
  keyof T
> &
  RemoteEnd;
