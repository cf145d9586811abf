/** What the suite of executors runs. */
import { existsSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

export function square(n: number): number {
  return n * n;
}

export function power(base: number, exponent: number): number {
  return base ** exponent;
}

export function same<T>(value: T): T {
  return value;
}

export async function later<T>(milliseconds: number, value: T): Promise<T> {
  return await delay(milliseconds, value);
}

export function throws(message: string): never {
  throw Object.assign(new RangeError(message, { cause: new Error("inner") }), { detail: 7 });
}

export function throwsText(): never {
  // oxlint-disable-next-line no-throw-literal -- users do that
  throw "text";
}

export function oddOnly(n: number): number {
  if (n % 2 === 0) throw new RangeError(`${n} is even`);
  return n;
}

/** Makes the file `begun`, and returns when there is a file `go`. */
export async function gate(folder: string, value: number): Promise<number> {
  writeFileSync(`${folder}/begun`, "");
  while (!existsSync(`${folder}/go`)) await delay(5);
  return value;
}

export function hang(folder: string): never {
  writeFileSync(`${folder}/begun`, "");
  for (;;);
}

export function exit(): never {
  process.exit(3);
}

/** Ends its interpreter the first time. */
export function exitOnce(file: string): string {
  if (existsSync(file)) return "second run";
  writeFileSync(file, "");
  process.exit(3);
}

let order: number[] = [];

/** Notes its argument, in this interpreter. */
export function note(n: number): void {
  order.push(n);
}

export function noted(): number[] {
  const all = order;
  order = [];
  return all;
}

export function unshareable(): unknown {
  return { inner: [() => 1] };
}
