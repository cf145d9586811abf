/**
 * The types of `call` and `submit`: what the compiler infers from a function and its arguments.
 *
 * One signature, `<A extends unknown[], R>(fn: (...args: A) => R, ...args: A)`, infers almost everything: from the function's
 * annotations, or from the arguments if it has none. Two cases need signatures of their own, which stand before it and fail for
 * all other functions:
 *
 * - An overloaded function. Inference sees its last signature only, so a conditional type reads up to six of them, and the first
 *   that takes the arguments gives the result.
 * - A function whose parameters take their types from default values, `(a: number, b = 2) => a + b`. The signature above would
 *   type `b` as `A[1]`, which is not known yet. A signature whose parameters have been inferred from the arguments leaves `b` to its
 *   default value. It then gives way to the last one, because the compiler types the parameters of a function once.
 *
 * Each of the conditional types is an argument list. `None`, which no call has, makes its signature fail. It must also fail for arguments that the compiler has not looked at
 * yet, such as `callback((n) => …)`, which it takes for `never`, so it is longer than any list: once looked at, `n` would keep the type that it had there.
 */

/** An argument list that no call has. */
type None = [never, never, never, never, never, never, never, never, never, never, never, never];

/** Accepts every result. `any`, as the compiler's own library spells the reason of a rejection. */
export type Loose = Parameters<NonNullable<Parameters<Promise<unknown>["catch"]>[0]>>[0];

/** The arguments of a function whose result is known. Functions that need one of the cases above are not looked at yet. */
export type KnownArgs<A extends unknown[], R> = unknown extends R ? None : A;

/** The arguments `A`, while the function `F` has not been looked at, or if it returns `any`. */
export type TypingArgs<A extends unknown[], F extends (...args: never[]) => unknown> =
  IsAny<ReturnType<F>> extends true ? (A extends Parameters<F> ? A : Parameters<F>) : None;

/** The arguments that one of the signatures of an overloaded function takes. */
export type OverloadArgs<F> = Overloads<F> extends infer S extends Signature[] ? ArgsOf<S[number]> : None;

/** The result of the first signature that takes the arguments. */
export type OverloadResult<F, A> = ResultOf<Overloads<F>, A>;

/** Whether a function has several signatures. */
export type IsOverloaded<F> = Overloads<F> extends readonly [unknown, ...unknown[]] ? true : false;
/** What `iterate` takes as the result of a function: anything that `for await` takes, an iterator by itself, or a promise of one. */
export type Iterated = IteratedNow | PromiseLike<IteratedNow>;
type IteratedNow =
  | Iterable<unknown>
  | AsyncIterable<unknown>
  | { next(): IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>> };

/** The items of what a function returns. */
export type ItemOf<R> = ItemNow<Awaited<R>>;
type ItemNow<S> =
  S extends AsyncIterable<infer T>
    ? T
    : S extends Iterable<infer T>
      ? Awaited<T>
      : S extends { next(): infer N }
        ? Yielded<Awaited<N>>
        : never;

/** The value that the iterator returns at its end; void for iterables that have none. */
export type EndOf<R> = Awaited<R> extends { next(...args: never): infer N } ? Returned<Awaited<N>> : void;

type Yielded<N> = N extends { done: true } ? never : N extends { value: infer T } ? T : never;
type Returned<N> = N extends { done: true; value: infer T } ? T : never;

type IsAny<T> = 0 extends 1 & T ? true : false;
type Signature = readonly [args: unknown[], result: unknown];
type ArgsOf<S> = [S] extends [never] ? None : S extends Signature ? S[0] : never;
type ResultOf<S, A> = S extends [infer First extends Signature, ...infer Rest]
  ? A extends First[0]
    ? First[1]
    : ResultOf<Rest, A>
  : never;

/** The signatures of a function that has several; none of one that has a single one. */
type Overloads<F> =
  Real<Signatures<F>> extends infer S
    ? S extends [infer First, ...unknown[], infer Last]
      ? [First, Last] extends [Last, First]
        ? []
        : S
      : []
    : never;

/** Without the places for signatures that a function does not have. Some versions of the compiler repeat its first one there. */
type Real<S> = S extends [infer First, ...infer Rest]
  ? [First] extends [never]
    ? Real<Rest>
    : [First, ...Real<Rest>]
  : [];

type Place<A, R> = unknown[] extends A ? never : A extends unknown[] ? [A, R] : never;

type Signatures<F> = F extends {
  (...args: infer A1): infer R1;
  (...args: infer A2): infer R2;
  (...args: infer A3): infer R3;
  (...args: infer A4): infer R4;
  (...args: infer A5): infer R5;
  (...args: infer A6): infer R6;
}
  ? [Place<A1, R1>, Place<A2, R2>, Place<A3, R3>, Place<A4, R4>, Place<A5, R5>, Place<A6, R6>]
  : F extends {
        (...args: infer A1): infer R1;
        (...args: infer A2): infer R2;
        (...args: infer A3): infer R3;
        (...args: infer A4): infer R4;
      }
    ? [Place<A1, R1>, Place<A2, R2>, Place<A3, R3>, Place<A4, R4>]
    : F extends {
          (...args: infer A1): infer R1;
          (...args: infer A2): infer R2;
          (...args: infer A3): infer R3;
        }
      ? [Place<A1, R1>, Place<A2, R2>, Place<A3, R3>]
      : F extends { (...args: infer A1): infer R1; (...args: infer A2): infer R2 }
        ? [Place<A1, R1>, Place<A2, R2>]
        : [];
