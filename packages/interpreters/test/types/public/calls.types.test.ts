/** The types that the compiler infers for `call` and `callSync`, of interpreters and of their views (base/calls.ts). */
import { strict as assert } from "node:assert";
import { test } from "node:test";
import { create, type Interpreter, type InterpreterView } from "interpreters";

/** Compiles only where `A` and `B` are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void {}

declare function parse(text: string): string;
declare function parse(text: string, times: number): number[];
declare function parse(bytes: Uint8Array): Promise<boolean>;
declare function widen(text: string): string;
declare function widen(value: string | number): string | number;

test("call and callSync infer from defaults, and of generic functions", async () => {
  await using interp = create();
  const view = interp.with({ timeout: 60_000 });
  const list: number[] = [1, 2];
  const calls = [
    interp.call((a: number, b = 2) => a + b, 1),
    interp.call((a: number, b = 2) => a + b, 1, 3),
    view.call((a: number, b = 2) => a + b, 1),
    interp.call((a = 5) => a),
    interp.call((a: number, { b = 2 } = {}) => a + b, 1),
    interp.call((a, b) => a + b, 1, 2),
    interp.call((a, b = 2, ...c) => a + b + c.length, 1),
    interp.call(<T>(x: T): T => x, 5),
    interp.call(Math.max, ...list),
  ];
  same<typeof calls, Promise<number>[]>();
  assert.deepEqual(await Promise.all(calls), [3, 4, 3, 5, 3, 3, 3, 5, 2]);
  const blocking = [
    interp.callSync((a: number, b = 2) => a + b, 1),
    view.callSync(async (a: number, b = 2) => a + b, 1, 3),
    interp.callSync((a, b) => a + b, 1, 2),
    interp.callSync(<T>(x: T): T => x, 5),
  ];
  same<typeof blocking, number[]>();
  assert.deepEqual(blocking, [3, 4, 3, 5]);
  const typed = {
    asynchronous: interp.call(async (a: number, b = "x") => b.repeat(a), 3),
    literal: interp.call((k: "a" | "b", times = 2) => k.repeat(times), "a"),
    generic: interp.call(<T extends object>(x: T): T[] => [x], { a: 1 }),
    unknown: interp.call((text: string, suffix = ""): unknown => JSON.parse(text + suffix), "1"),
    nothing: view.call(() => {}),
    same: view.call((k: "a" | "b") => k, "a"),
  };
  same<typeof typed.asynchronous, Promise<string>>();
  same<typeof typed.literal, Promise<string>>();
  same<typeof typed.generic, Promise<{ a: number }[]>>();
  same<typeof typed.unknown, Promise<unknown>>();
  same<typeof typed.nothing, Promise<void>>();
  same<typeof typed.same, Promise<"a" | "b">>();
  assert.deepEqual(await Promise.all(Object.values(typed)), ["xxx", "aa", [{ a: 1 }], 1, undefined, "a"]);
  // A function that is generic in the function, and an interface with the usual signatures.
  const through = <A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>> =>
    interp.call(fn, ...args);
  interface Caller {
    call<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>>;
    callSync<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Awaited<R>;
  }
  const caller: Caller = interp;
  const viewed: Caller = view;
  const asView: InterpreterView = interp;
  assert.deepEqual(
    [await through(Math.abs, -1), await caller.call(Math.abs, -2), viewed.callSync(Math.abs, -3)],
    [1, 2, 3],
  );
  assert.equal(await asView.call(Math.abs, -4), 4);
});

test("call and callSync see every signature of an overloaded function, and refuse wrong arguments", () => {
  // Never called: only the compiler checks it.
  const never = (interp: Interpreter, view: InterpreterView): void => {
    const text = interp.call(parse, "1");
    same<typeof text, Promise<string>>();
    const numbers = interp.callSync(parse, "1", 2);
    same<typeof numbers, number[]>();
    const flag = view.call(parse, new Uint8Array(1));
    same<typeof flag, Promise<boolean>>();
    const blocking = view.callSync(parse, new Uint8Array(1));
    same<typeof blocking, boolean>();
    const narrow = interp.call(widen, "1");
    same<typeof narrow, Promise<string>>();
    const wide = interp.call(widen, 1);
    same<typeof wide, Promise<string | number>>();
    // @ts-expect-error no signature takes a boolean
    void interp.call(parse, true);
    // @ts-expect-error nor a string and a string
    interp.callSync(parse, "1", "2");
    // @ts-expect-error a string is no number
    void interp.call((a: number, b = 2) => a + b, 1, "2");
    // @ts-expect-error a string is no number
    view.callSync((a: number, b = 2) => a + b, "1");
    // @ts-expect-error there is one argument too many
    void view.call((a: number, b = 2) => a + b, 1, 2, 3);
    // @ts-expect-error what is no function cannot be called
    interp.callSync("Math.hypot", 1);
  };
  assert.equal(typeof never, "function");
});
