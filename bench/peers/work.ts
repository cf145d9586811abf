/** The tasks that every pool runs: plain functions, the same ones for everybody. */

export function empty(): undefined {
  return undefined;
}

/** Keeps a core busy for `iterations` steps. Counted, not timed: a thread that is held up must not get away with less. */
export function spin(iterations: number): number {
  let x = 1;
  for (let i = 0; i < iterations; i += 1) x = (Math.imul(x, 1_103_515_245) + 12_345) | 0;
  return x;
}

/** How many iterations of `spin` take a millisecond here. */
export function iterationsPerMillisecond(): number {
  const sample = 2_000_000;
  spin(sample);
  let best = Infinity;
  for (let i = 0; i < 5; i += 1) {
    const start = performance.now();
    spin(sample);
    best = Math.min(best, performance.now() - start);
  }
  return Math.round(sample / best);
}

/** What a pool is asked to do: nothing (0), `spin` for that long, or to send bytes back. */
export type Task = number | Uint8Array;

export function work(task: Task): Task {
  if (typeof task !== "number") return task;
  return task === 0 ? 0 : spin(task);
}

export default work;
