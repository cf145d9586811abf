/** Classes that the tests construct in other interpreters. */
import { setTimeout as sleep } from "node:timers/promises";
import { gc } from "../support/garbage.js";

export class Counter {
  static made = 0;
  #secret = 42;
  private hidden = 1;
  name: string;
  readonly list: number[] = [];
  protected count: number;

  constructor(start: number, name?: string);
  constructor(options: { start: number; name: string });
  constructor(start: number | { start: number; name: string }, name = "unnamed") {
    this.count = typeof start === "number" ? start : start.start;
    this.name = typeof start === "number" ? name : start.name;
    Counter.made++;
  }

  static statically(): number {
    return Counter.made;
  }

  add(n: number): number {
    this.list.push(n);
    return (this.count += n);
  }

  async addLater(n: number): Promise<number> {
    const before = this.count;
    await sleep(1);
    this.list.push(n);
    this.count = before + n;
    return this.count;
  }

  /** An overloaded method. */
  twice(n: number): number;
  twice(text: string): string;
  twice(value: number | string): number | string {
    return typeof value === "number" ? value * 2 : value + value;
  }

  readonly arrow = (n: number): number => n + this.#secret + this.hidden;

  get double(): number {
    return this.count * 2;
  }

  set double(n: number) {
    this.count = n / 2;
  }

  fail(): never {
    throw new RangeError(`failed at ${this.count}`);
  }

  self(): this {
    return this;
  }

  *items(): Generator<number> {
    yield* this.list;
  }

  exit(code: number): never {
    process.exit(code);
  }

  forever(): void {
    for (;;);
  }

  bytes(buffer: ArrayBuffer): number {
    return buffer.byteLength;
  }
}

const endedTables: string[] = [];

/** A class with generator methods. */
export class Table {
  readonly name: string;
  readonly #rows: number[];
  /** How many rows its generators have yielded. */
  yielded = 0;

  constructor(name: string, rows: number) {
    this.name = name;
    this.#rows = Array.from({ length: rows }, (_, i) => i);
  }

  *rows(from = 0): Generator<number, string> {
    try {
      for (const row of this.#rows.slice(from)) {
        this.yielded++;
        yield row;
      }
      return `end of ${this.name}`;
    } finally {
      endedTables.push(this.name);
    }
  }

  async *rowsLater(): AsyncGenerator<number, void> {
    for (const row of this.#rows) {
      await sleep(0);
      yield row;
    }
  }

  *endless(): Generator<number, never> {
    try {
      for (let i = 0; ; i++) {
        this.yielded++;
        yield i;
      }
    } finally {
      endedTables.push(this.name);
    }
  }

  *failing(at: number): Generator<number, void> {
    for (let i = 0; i < at; i++) yield i;
    throw new RangeError(`failed in ${this.name}`);
  }

  *exiting(at: number): Generator<number, void> {
    for (let i = 0; i < at; i++) yield i;
    process.exit(3);
  }

  *stuck(): Generator<number, void> {
    yield 1;
    for (;;);
  }

  *functions(): Generator<() => void, void> {
    yield () => {};
  }

  *lengths(...buffers: ArrayBuffer[]): Generator<number, void> {
    for (const { byteLength } of buffers) yield byteLength;
  }

  /** Generators, but not of generator functions. */
  returned(): Generator<number, string> {
    return this.rows();
  }

  async opened(): Promise<AsyncGenerator<number, void>> {
    await sleep(0);
    return this.rowsLater();
  }

  entries(): IterableIterator<[number, number]> {
    return this.#rows.entries();
  }

  all(): number[] {
    return this.#rows;
  }
}

/** Its method hides one of its base, which is of the other kind. */
export class Hiding extends Table {
  override entries(): IterableIterator<[number, number]> {
    return [...super.entries()].reverse().values();
  }
}
export class HidingGenerator extends Table {
  override *entries(): Generator<[number, number], void> {
    yield* super.entries();
  }
}

export const endedTablesSoFar = (): string[] => endedTables;

export class Base {
  greet(): string {
    return `hello from ${this.constructor.name}`;
  }
}

export class Derived extends Base {
  /** A method that a proxy has one of its own for. */
  get(key: string): string {
    return `got ${key}`;
  }
}

const ended: string[] = [];

export class Closable {
  readonly #name: string;
  constructor(name: string) {
    this.#name = name;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await sleep(1);
    ended.push(this.#name);
  }
}

export class ClosableAtOnce {
  [Symbol.dispose](): void {
    ended.push("at once");
  }
}

export class BadToEnd {
  ping(): string {
    return "pong";
  }
  [Symbol.dispose](): void {
    throw new Error("cannot end");
  }
}

export class Fails {
  constructor(text: string) {
    throw new TypeError(text);
  }
  ping(): void {}
}

export class Thenable {
  then(): number {
    return 1;
  }
  ping(): string {
    return "pong";
  }
}

export const endedSoFar = (): string[] => ended;

const alive = new Set<number>();
const registry = new FinalizationRegistry<number>((n) => alive.delete(n));
export class Tracked {
  readonly n: number;
  constructor(n: number) {
    this.n = n;
    alive.add(n);
    registry.register(this, n);
  }
  ping(): number {
    return this.n;
  }
}
/** Keeps a callback of another interpreter. */
export class Listening extends Tracked {
  #listener: ((n: number) => Promise<number>) | undefined;
  listen(listener: (n: number) => Promise<number>): void {
    this.#listener = listener;
  }
  async tell(n: number): Promise<number | undefined> {
    return await this.#listener?.(n);
  }
}
export const aliveNow = (): number => {
  gc();
  return alive.size;
};

export const arrow = (): number => 1;
