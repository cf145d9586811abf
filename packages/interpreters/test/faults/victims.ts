/** The work that interpreters do until they are killed, or end themselves. The tests in this folder run it there. */
import { setImmediate as turn } from "node:timers/promises";
import { getEnvironmentData } from "node:worker_threads";
import {
  create,
  ExecutionFailed,
  fromModule,
  type Interpreter,
  InterpreterDiedError,
  InterpreterError,
  InterpreterNotFoundError,
  ItemInterpreterDestroyed,
  type Queue,
  QueueShutDown,
  UNBOUND,
} from "interpreters";

/** The functions below, to be called by name in this same module. */
const here = fromModule<typeof import("./victims.js")>(new URL(import.meta.url));

/** Words that all interpreters of a test share without this package. They record what was certainly done before a death. */
export const LEDGER = "faults.ledger";
let words: Int32Array | undefined;
export function ledger(): Int32Array {
  return (words ??= new Int32Array(getEnvironmentData(LEDGER) as unknown as SharedArrayBuffer));
}

/** How an interpreter ends itself: after how many steps, and in which way. With "return", it is closed from outside. */
export interface Fuse {
  readonly way: "none" | "exit" | "throw" | "memory" | "return";
  readonly steps: number;
}

export function burn({ way, steps }: Fuse, step: number): void {
  if (way === "none" || way === "return" || step !== steps) return;
  if (way === "exit") process.exit(7);
  if (way === "memory") outOfMemory();
  setImmediate(() => {
    throw new Error("on purpose");
  });
}

export function outOfMemory(): never {
  const hoard: number[][] = [];
  for (;;) hoard.push(Array.from({ length: 5000 }, Math.random));
}

/** producer, number, padding */
export type Item = readonly [number, number, string];
export type Items = Queue<Item, unknown>;

/** Puts items without end, or `count` of them, and notes in the ledger how many were put. */
export async function produce(
  items: Items,
  producer: number,
  count: number,
  seed: number,
  fuse: Fuse,
): Promise<void> {
  const put = ledger();
  for (let i = 0; i !== count; i++) {
    const kind = Math.imul(seed + i, 0x9e3779b1) >>> 16;
    // Some are large enough for pages of their own.
    const item: Item = [producer, i, "x".repeat(kind % 16 === 0 ? 3000 + (kind % 9000) : kind % 50)];
    if (kind % 3 === 0) await items.put(item);
    else if (kind % 3 === 1) items.putSync(item);
    else if (!(await tryPut(items, item, kind % 5))) i--;
    Atomics.store(put, producer, i + 1);
    burn(fuse, i);
    if (fuse.way === "throw" && i >= fuse.steps) await turn();
  }
}

async function tryPut(items: Items, item: Item, timeout: number): Promise<boolean> {
  try {
    await items.put(item, { timeout });
    return true;
  } catch (error) {
    if ((error as Error).name === "QueueFull") return false;
    throw error;
  }
}

/** consumer, and the item that it got */
export type Report = readonly [number, Item | typeof UNBOUND | "destroyed"];

/** Gets items until the queue is shut down, and reports each. */
export async function consume(
  items: Items,
  reports: Queue<Report, never>,
  consumer: number,
  fuse: Fuse,
): Promise<void> {
  for (let step = 0; ; step++) {
    try {
      const kind = (Math.imul(step + consumer, 0x9e3779b1) >>> 16) % 3;
      if (kind === 0) reports.putSync([consumer, items.getSync() as Item]);
      else if (kind === 1) reports.putSync([consumer, (await items.get()) as Item]);
      else reports.putSync([consumer, (await items.get({ timeout: step % 4 })) as Item]);
    } catch (error) {
      if (error instanceof QueueShutDown) return;
      if (error instanceof ItemInterpreterDestroyed) reports.putSync([consumer, "destroyed"]);
      else if ((error as Error).name !== "QueueEmpty") throw error;
    }
    burn(fuse, step);
    if (fuse.way === "throw" && step >= fuse.steps) await turn();
  }
}

export function double(n: number): number {
  return n * 2;
}

export async function doubleLater(n: number): Promise<number> {
  await turn();
  return n * 2;
}

/** A call within a call. */
export function doubleThere(n: number, there: Interpreter): number {
  return there.callSync(here.double, n);
}

export interface Tally {
  right: number;
  died: number;
  gone: number;
  readonly wrong: string[];
}

/** Calls interpreters without end, or `count` times. Returns how the calls ended. */
export async function converse(
  callees: Interpreter[],
  count: number,
  seed: number,
  fuse: Fuse,
): Promise<Tally> {
  const tally: Tally = { right: 0, died: 0, gone: 0, wrong: [] };
  const note = (error: unknown): void => {
    // The inner call of a call may be the one that failed.
    const cause = error instanceof ExecutionFailed ? error.cause : error;
    if (cause instanceof InterpreterDiedError) tally.died++;
    else if (cause instanceof InterpreterNotFoundError) tally.gone++;
    else tally.wrong.push(String(cause));
  };
  const check = (n: number, result: number): void => {
    if (result === n * 2) tally.right++;
    else tally.wrong.push(`${n} gave ${result}`);
  };
  for (let i = 0; i !== count; i++) {
    const kind = Math.imul(seed + i, 0x9e3779b1) >>> 16;
    const index = kind % callees.length;
    const callee = callees[index];
    // Only towards the end of the list, so that callees never wait for each other.
    const inner = callees.at(index + 1);
    try {
      if (kind % 4 === 0) check(i, callee.callSync(here.double, i));
      else if (kind % 4 === 1) check(i, await callee.call(here.doubleLater, i));
      else if (kind % 4 === 2 && inner !== undefined) check(i, await callee.call(here.doubleThere, i, inner));
      else {
        const several = [i, i + 1, i + 2].map((n) =>
          callee.call(here.double, n).then((result) => result - n),
        );
        const results = await Promise.allSettled(several);
        results.forEach((result, j) =>
          result.status === "fulfilled" ? check(i + j, result.value + i + j) : note(result.reason),
        );
      }
    } catch (error) {
      note(error);
    }
    burn(fuse, i);
    if (fuse.way === "throw" && i >= fuse.steps) await turn();
  }
  return tally;
}

/** Creates interpreters without end, and drops some of them without ending them. */
export async function beget(seed: number, fuse: Fuse): Promise<void> {
  for (let i = 0; ; i++) {
    const kind = Math.imul(seed + i, 0x9e3779b1) >>> 16;
    try {
      const child = create();
      if (kind % 4 === 0) await child.call(here.double, i);
      else if (kind % 4 === 1) child.call(here.doubleLater, i).catch(() => {});
      else if (kind % 4 === 2) child.callSync(here.double, 1);
      if (kind % 3 !== 0) await child.terminate();
    } catch (error) {
      if (!(error instanceof InterpreterError)) throw error;
    }
    burn(fuse, i);
    await turn();
  }
}
