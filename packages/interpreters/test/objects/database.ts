/** Classes that the tests construct in other interpreters. */
import { setTimeout as sleep } from "node:timers/promises";

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
export const aliveNow = (): number => {
  collectGarbage();
  return alive.size;
};

export const arrow = (): number => 1;

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
