/** The types of objects that live in another interpreter: what the compiler infers from a class. */
import type { OverloadArgs, OverloadResult, IsOverloaded } from "../base/calls.js";
import type { CallOptions } from "./call-options.js";

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

/** A method of an object that lives in another interpreter. */
export type RemoteMethod<F> =
  IsOverloaded<F> extends true
    ? {
        /** Calls the method there. */
        <A extends OverloadArgs<F>>(...args: A): Promise<Awaited<OverloadResult<F, A>>>;
        /** Like the call, but blocks this thread. */
        sync<A extends OverloadArgs<F>>(...args: A): Awaited<OverloadResult<F, A>>;
      }
    : F extends (...args: infer A) => infer R
      ? {
          /** Calls the method there. */
          (...args: A): Promise<Awaited<R>>;
          /** Like the call, but blocks this thread. */
          sync(...args: A): Awaited<R>;
        }
      : never;

/** The methods of `T` that others can call: not those that return generators. */
type MethodNames<T> = {
  [K in keyof T]: K extends string
    ? K extends "then"
      ? never
      : T[K] extends (...args: never) => infer R
        ? [R] extends [never]
          ? K
          : R extends Generator<unknown, unknown, never> | AsyncGenerator<unknown, unknown, never>
            ? never
            : K
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
  /** The same proxy with options for its calls: a time limit, a signal, or buffers to move. Throws TypeError, RangeError for a bad option. */
  with(options: CallOptions): RemoteObject<T>;
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
 * object: called, they return promises; `method.sync(…)` blocks. See `RemoteAccess` for its properties.
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
