/** The functions that the tests run at workers. */
import { appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

export function square(n: number): number {
  return n * n;
}

export function add(a: number, b: number): number {
  return a + b;
}

export async function later<T>(milliseconds: number, value: T): Promise<T> {
  return await delay(milliseconds, value);
}

export function same<T>(value: T): T {
  return value;
}

/** Notes that it ran, and returns its argument. */
export function noted(file: string, n: number): number {
  appendFileSync(file, `${n}\n`);
  return n;
}

/** Notes that it began, and goes on for a while. */
export async function slow(file: string, n: number, milliseconds: number): Promise<number> {
  appendFileSync(file, `${n}\n`);
  return await delay(milliseconds, n);
}

/** Kills the whole worker process. */
export function poison(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;);
}

export function exit(): never {
  process.exit(3);
}

export function hang(): never {
  for (;;);
}

export function throws(message: string): never {
  throw Object.assign(new RangeError(message, { cause: new Error("inner") }), { detail: 7 });
}

export function large(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(7);
}

export function withFunction(): unknown {
  return { inner: [() => 1] };
}

/** Burns about a millisecond. */
export function burn(milliseconds: number): number {
  const until = performance.now() + milliseconds;
  let n = 0;
  while (performance.now() < until) n++;
  return n > 0 ? 1 : 0;
}

/** As `slow`, with more arguments. */
export async function slowWith(
  file: string,
  n: number,
  milliseconds: number,
  _more: Uint8Array,
): Promise<number> {
  return await slow(file, n, milliseconds);
}

/** Notes that it ran, and kills the whole worker process if it is the one: later, so that what ran before is known. */
export function notedUnless(file: string, n: number, fatal: number): number {
  appendFileSync(file, `${n}\n`);
  if (n === fatal) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    poison();
  }
  return n;
}
