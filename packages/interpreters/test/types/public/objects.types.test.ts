/**
 * What the compiler infers from classes that are constructed in another interpreter, and from callbacks. Compiling this file tests the
 * types: a `@ts-expect-error` fails the build where its code has no error any more.
 */
import { strict as assert } from "node:assert";
import { test } from "node:test";
import {
  type Callback,
  callback,
  type InterpreterPoolExecutor,
  type Future,
  create,
  fromModule,
  type Interpreter,
  type Iteration,
  type RemoteObject,
  type SyncIteration,
} from "interpreters";

/** Compiles only where `A` and `B` are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void {}

/** As the classes of a module. */
class CounterClass {
  name: string;
  readonly list: number[] = [];
  private hidden = 1;
  protected count: number;
  constructor(start: number, name?: string);
  constructor(options: { start: number; name: string });
  constructor(start: number | { start: number; name: string }, name = "unnamed") {
    this.count = typeof start === "number" ? start : start.start + this.hidden;
    this.name = name;
  }
  static statically(): number {
    return 1;
  }
  add(n: number): number {
    return (this.count += n);
  }
  async addLater(n: number): Promise<number> {
    return this.add(n);
  }
  twice(n: number): number;
  twice(text: string): string;
  twice(value: number | string): number | string {
    return value;
  }
  fail(): never {
    throw new Error(this.name);
  }
  *items(): Generator<number, void> {
    yield* this.list;
  }
  async *later(word: string): AsyncGenerator<string, boolean> {
    yield word;
    return true;
  }
  *generic<T>(items: T[]): Generator<T, void> {
    yield* items;
  }
  pages(from: number): Generator<number, void>;
  pages(from: string): Generator<string, void>;
  *pages(from: number | string): Generator<number | string, void> {
    yield from;
  }
  entries(): IterableIterator<[number, string]> {
    return new Map<number, string>().entries();
  }
  async opened(): Promise<AsyncGenerator<number, void>> {
    return (async function* () {})();
  }
  all(): number[] {
    return this.list;
  }
  whatever(): ReturnType<typeof JSON.parse> {
    return JSON.parse(this.name);
  }
}

class DerivedClass extends CounterClass {
  get(key: string): string {
    return key;
  }
}

class ClosableClass {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

interface Module {
  readonly Counter: typeof CounterClass;
  readonly Derived: typeof DerivedClass;
  readonly Closable: typeof ClosableClass;
}

const { Counter, Derived, Closable } = fromModule<Module>("data:text/javascript,");

/** Never called: only its types count. */
async function constructed(interp: Interpreter): Promise<void> {
  const counter = await interp.construct(Counter, 1, "name");
  void interp.construct(Counter, { start: 1, name: "n" });
  void interp.construct(Closable, "name");
  // @ts-expect-error the constructor takes a string
  void interp.construct(Closable, 1);
  // @ts-expect-error an argument is missing
  void interp.construct(Closable);
  // @ts-expect-error a class of this interpreter
  void interp.construct(Map);
  // @ts-expect-error static members are left out
  void Counter.statically;
  // @ts-expect-error the class of a module is constructed in other interpreters
  void new Counter(1);

  same<Parameters<typeof counter.add>, [n: number]>();
  const sum = counter.add(1);
  same<typeof sum, Promise<number>>();
  const later = counter.addLater(1);
  same<typeof later, Promise<number>>();
  const at_once = counter.addLater.sync(1);
  same<typeof at_once, number>();
  // @ts-expect-error the argument's type
  void counter.add("1");
  const [number, text] = [counter.twice(1), counter.twice("1")];
  same<typeof number, Promise<number>>();
  same<typeof text, Promise<string>>();
  const twice = counter.twice.sync("1");
  same<typeof twice, string>();
  // @ts-expect-error no overload takes it
  void counter.twice(true);
  // @ts-expect-error a private member
  void counter.get("hidden");
  // @ts-expect-error a protected member
  void counter.get("count");
  // @ts-expect-error a method is no property
  void counter.get("add");
  const name = counter.get("name");
  same<typeof name, Promise<string>>();
  const list = counter.get.sync("list");
  same<typeof list, number[]>();
  void counter.set("name", "new");
  // @ts-expect-error the property's type
  void counter.set("name", 1);
  const items = counter.items();
  same<typeof items, Iteration<number>>();
  const itemsSync = counter.items.sync();
  same<typeof itemsSync, SyncIteration<number>>();
  const words = counter.later("a");
  same<typeof words, Iteration<string, boolean>>();
  // @ts-expect-error the argument's type
  void counter.later(1);
  for (const item of counter.later.sync("a")) same<typeof item, string>();
  for await (const item of counter.later.iterate("a")) same<typeof item, string>();
  const pages = counter.pages("a");
  same<typeof pages, Iteration<string>>();
  const pagesSync = counter.pages.sync(1);
  same<typeof pagesSync, SyncIteration<number>>();
  // @ts-expect-error an iterator stays where it is: it is iterated over
  void counter.entries();
  for await (const entry of counter.entries.iterate()) same<typeof entry, [number, string]>();
  const opened = counter.opened.iterateSync();
  same<typeof opened, SyncIteration<number>>();
  const all = counter.all();
  same<typeof all, Promise<number[]>>();
  for (const item of counter.all.iterateSync()) same<typeof item, number>();
  // @ts-expect-error a number is not iterable
  void counter.add.iterate;
  const whatever: Promise<string> = counter.whatever();
  void whatever;
  const failed: Promise<never> = counter.fail();
  void failed;
  const limited = counter.with({ timeout: 1 });
  same<typeof limited, typeof counter>();

  const derived = await interp.construct(Derived, 1);
  const got = derived.get("key");
  same<typeof got, Promise<string>>();
  const typed: RemoteObject<DerivedClass> = derived;
  void typed;
  await using _one = counter;
  using _two = interp.constructSync(Derived, 1);
}

async function calledBack(interp: Interpreter, pool: InterpreterPoolExecutor): Promise<void> {
  using f = callback((n: number) => String(n));
  same<typeof f, Callback<[n: number], string>>();
  const direct = f(1);
  same<typeof direct, Promise<string>>();
  const result = interp.call((f: Callback<[number], string>, n: number) => f.sync(n), f, 1);
  same<typeof result, Promise<string>>();
  // Beside a function that says what it takes, the callback need not say it again.
  const inline = interp.call(
    (f: Callback<[number], string>) => f(1),
    callback((n) => n.toFixed(1)),
  );
  same<typeof inline, Promise<string>>();
  const submitted = pool.submit(
    (f: Callback<[number], void>) => f(1),
    callback((n) => void n.toFixed(1)),
  );
  same<typeof submitted, Future<void>>();
  // Any function that is called the same way will do as the type of the parameter.
  const promised = interp.call((f: (n: number) => Promise<string>) => f(1), f);
  same<typeof promised, Promise<string>>();
  const awaited = callback(async (n: number) => n);
  const blocked = awaited.sync(1);
  same<typeof blocked, number>();
  // @ts-expect-error the function must be called as a promise
  void interp.call((f: (n: number) => string) => f(1), f);
  // @ts-expect-error no function
  callback(1);
}

test("the types of objects and callbacks are inferred", () => {
  assert.ok([constructed, calledBack, create].every((each) => typeof each === "function"));
});
