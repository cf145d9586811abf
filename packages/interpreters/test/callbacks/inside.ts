/** Functions that run in other interpreters. */
import {
  type Callback,
  callback,
  type Interpreter,
  InterpreterDiedError,
  type Lock,
  move,
  type Queue,
} from "interpreters";
import { gc } from "../support/garbage.js";

type AnyCallback = Callback<[n: number], number>;

export function callGlobal(name: string, blocking: boolean, n = 3): Promise<number> | number {
  const f = (globalThis as unknown as Record<string, AnyCallback>)[name];
  return blocking ? f.sync(n) : f(n);
}

export const isGlobal = (f: unknown, name: string): boolean =>
  (globalThis as Record<string, unknown>)[name] === f;

export const make = (result: number): Callback<[n: number], number> => callback((_n: number) => result);

export const makeDeadly = (): Callback<[n: number], number> => callback((n: number) => process.exit(n));

export async function moveTo(f: Callback<[ArrayBuffer], number>, size: number): Promise<[number, number]> {
  const buffer = new ArrayBuffer(size);
  const result = await f(move(buffer));
  return [result, buffer.byteLength];
}

export async function askOther(other: Interpreter): Promise<number[]> {
  using f = callback((n: number) => n * 2);
  return await other.call(async (f: Callback<[number], number>) => [await f(1), f.sync(2)], f);
}

export async function nextOf(queue: Queue<{ f: AnyCallback }>, n: number): Promise<number> {
  const item = await queue.get();
  return typeof item === "symbol" ? -1 : await item.f(n);
}

export const collectGarbage = (): void => gc();

/** Calls callbacks, in turns as a promise and blocking, until it is stopped. Returns how many calls had which outcome. */
export async function keepCalling(
  callbacks: readonly AnyCallback[],
  calls: number,
): Promise<{ done: number; died: number }> {
  const tally = { done: 0, died: 0 };
  for (let i = 0; i < calls; i++) {
    const f = callbacks[i % callbacks.length];
    try {
      const result = i % 3 === 0 ? f.sync(i) : await f(i);
      if (result !== i * 2) throw new Error(`wrong result ${result} for ${i}`);
      tally.done++;
    } catch (error) {
      if (!(error instanceof InterpreterDiedError)) throw error;
      tally.died++;
    }
  }
  return tally;
}

export const makeDouble = (): AnyCallback => callback((n: number) => n * 2);

/** Waits for a lock that its caller holds, as soon as that runs a callback. */
export function acquireWhile(lock: Lock, running: Queue<string>, waits: Queue<string>): string {
  running.getSync();
  waits.putNowait("waits");
  using _ = lock.acquireSync();
  return "acquired";
}
