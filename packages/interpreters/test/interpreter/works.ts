/** Functions that tests call in an interpreter: stateless, so that their source text can travel. */
import type { Queue } from "interpreters";

type Text = Queue<string>;

const outsideOne = 1;
const outsideTwo = { two: 2 };

export const works = {
  add: (a: number, b: number): number => a + b,
  echo: (...args: unknown[]): unknown[] => args,
  later: async (value: unknown): Promise<unknown> => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return value;
  },
  self: function (this: unknown): string {
    return typeof this;
  },
  global: (name: string): unknown => (globalThis as Record<string, unknown>)[name],
  fail: (message: string): never => {
    throw new RangeError(message, { cause: new TypeError("why") });
  },
  failLater: async (message: string): Promise<never> => {
    await new Promise((resolve) => setImmediate(resolve));
    throw new RangeError(message);
  },
  makeFunction: (): unknown => ({ deep: [{ fn: () => 1 }] }),
  capturing: (): unknown => [((globalThis as { ran?: number }).ran = 1), outsideOne, outsideTwo],
  /** Appends to a queue, which then shows the order of execution. */
  say: (queue: Text, word: string): void => queue.putNowait(word),
  /** Waits at a gate. */
  wait: (started: Text, gate: Text): unknown => {
    started.putNowait("started");
    return gate.getSync();
  },
  waitLater: async (started: Text, gate: Text): Promise<unknown> => {
    started.putNowait("started");
    return await gate.get();
  },
  spin: (started: Text): never => {
    started.putNowait("started");
    for (;;) continue;
  },
  /** Never settles, and leaves its event loop free. */
  hang: (started: Text): Promise<never> => {
    started.putNowait("started");
    return new Promise(() => {});
  },
  exit: (code?: number): never => process.exit(code),
  exitLater: (code: number): Promise<never> => {
    setImmediate(() => process.exit(code));
    return new Promise(() => {});
  },
  throwFromTimer: (message: string): Promise<never> => {
    setTimeout(() => {
      throw new RangeError(message);
    });
    return new Promise(() => {});
  },
  rejectUnseen: (message: string): Promise<never> => {
    void Promise.reject(new RangeError(message));
    return new Promise(() => {});
  },
  hoard: (): never => {
    const hoard: unknown[] = [];
    for (;;) hoard.push(Array.from({ length: 100 }, () => ({ index: hoard.length })));
  },
};
