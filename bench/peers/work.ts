/** The tasks of all pools: plain functions, the same for every package. */

export function empty(): undefined {
  return undefined;
}

/** Keeps a core busy for `iterations` steps. Counted, not timed: a thread that is preempted must not do less work. */
export function spin(iterations: number): number {
  let x = 1;
  for (let i = 0; i < iterations; i += 1) x = (Math.imul(x, 1_103_515_245) + 12_345) | 0;
  return x;
}

/** Measures how many iterations of `spin` take a millisecond on this machine. */
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

/** The argument of `work`: 0 does nothing, another number is the iterations of `spin`, and bytes and texts are sent back. */
export type Task = number | Uint8Array | string;

export function work(task: Task): Task {
  if (typeof task !== "number") return task;
  return task === 0 ? 0 : spin(task);
}

export default work;
