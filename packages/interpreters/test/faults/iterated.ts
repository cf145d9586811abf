/** Generators that end their interpreter, or themselves, after some items. */
export type Fate = "exit" | "throw" | "fail" | "hang" | "none";

function meet(fate: Fate): void {
  if (fate === "exit") process.exit(7);
  if (fate === "throw") {
    queueMicrotask(() => {
      throw new RangeError("uncaught");
    });
  }
  if (fate === "fail") throw new RangeError("failed");
  if (fate === "hang") for (;;);
}

export function* steps(fate: Fate, at: number): Generator<number> {
  for (let n = 1; ; n++) {
    if (n > at) meet(fate);
    yield n;
  }
}

export async function* stepsLater(fate: Fate, at: number): AsyncGenerator<number> {
  for (let n = 1; ; n++) {
    if (n % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (n > at) meet(fate);
    yield n;
  }
}
