/** Generators in a module, for iterations. */
declare global {
  /** How many generators of this interpreter have ended. */
  var ended: number | undefined;
}

/** Counts up to `n`, notes how far it is in `progress[0]`, and returns "end". */
export function* count(n: number, progress?: Int32Array): Generator<number, string> {
  try {
    for (let i = 1; i <= n; i++) {
      if (progress) Atomics.store(progress, 0, i);
      yield i;
    }
    return "end";
  } finally {
    globalThis.ended = (globalThis.ended ?? 0) + 1;
  }
}

export async function* countLater(n: number, progress?: Int32Array): AsyncGenerator<number, string> {
  try {
    for (let i = 1; i <= n; i++) {
      await Promise.resolve();
      if (progress) Atomics.store(progress, 0, i);
      yield i;
    }
    return "end";
  } finally {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.ended = (globalThis.ended ?? 0) + 1;
  }
}

function failHere(): never {
  throw new RangeError("in finally");
}

/** What happens after the third item: a way to fail. */
export type Way = "throw" | "exit" | "hang" | "closure" | "finally";

function fail(way: Way): unknown {
  if (way === "throw") throw new RangeError("after three");
  if (way === "exit") process.exit(3);
  if (way === "hang") for (;;);
  return () => 0;
}

export function* failing(way: Way): Generator<unknown> {
  try {
    yield* [1, 2, 3];
    if (way !== "finally") yield fail(way);
    for (;;) yield 4;
  } finally {
    globalThis.ended = (globalThis.ended ?? 0) + 1;
    if (way === "finally") failHere();
  }
}

export async function* failingLater(way: Way): AsyncGenerator<unknown> {
  try {
    yield* [1, 2, 3];
    await Promise.resolve();
    if (way !== "finally") yield fail(way);
    for (;;) yield 4;
  } finally {
    await Promise.resolve();
    globalThis.ended = (globalThis.ended ?? 0) + 1;
    if (way === "finally") failHere();
  }
}

/** How many generators have ended here. */
export const endedHere = (): number => globalThis.ended ?? 0;
