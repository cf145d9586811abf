/** A module whose functions interpreters of a page call. */
import { create, type Event, type Lock, type Queue } from "interpreters";

export const double = (n: number): number => n * 2;

export async function later(n: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return n + 1;
}

export function fail(): never {
  throw new RangeError("as asked");
}

export function* numbers(count: number): Generator<number> {
  for (let i = 0; i < count; i++) yield i;
}

export class Counter {
  #count: number;

  constructor(count: number) {
    this.#count = count;
  }

  add(n: number): number {
    this.#count += n;
    return this.#count;
  }
}

export function blockingCall(n: number): number {
  using inner = create();
  return inner.callSync((a: number) => a * 2, n + 1);
}

export const blockingGet = (queue: Queue<number>): unknown => queue.getSync();

export function tenTimes(lock: Lock, event: Event): number {
  event.set();
  let count = 0;
  for (let i = 0; i < 10; i++) {
    using _ = lock.acquireSync();
    count++;
  }
  return count;
}

export function holdForEver(lock: Lock, event: Event): never {
  lock.acquireSync();
  event.set();
  for (;;);
}

declare const close: () => void;

/** Ends its worker, and never returns. */
export function closeHere(): Promise<never> {
  close();
  return new Promise(() => {});
}

export function throwLater(): Promise<never> {
  setTimeout(() => {
    throw new Error("nothing catches this");
  });
  return new Promise(() => {});
}

export function rejectLater(): Promise<never> {
  void Promise.reject(new Error("nothing handles this"));
  return new Promise(() => {});
}

export function loopForEver(queue: Queue<string>): never {
  queue.putSync("begun");
  for (;;);
}

/** Makes an interpreter, tells its id, and loops. */
export function spawnAndLoop(queue: Queue<number>): never {
  const inner = create();
  queue.putSync(inner.id);
  for (;;);
}
