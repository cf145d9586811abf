/** The tasks of meetings.test.ts. */

/**
 * Blocks until as many tasks as the meeting takes have begun: they all return only if all of them run at the same time. Those that
 * come after a full meeting begin the next one.
 */
export function meet(came: Int32Array<SharedArrayBuffer>, size: number): number {
  const place = Atomics.add(came, 0, 1);
  const full = (Math.floor(place / size) + 1) * size;
  Atomics.notify(came, 0);
  for (let seen = Atomics.load(came, 0); seen < full; seen = Atomics.load(came, 0))
    Atomics.wait(came, 0, seen);
  return place;
}

export function nothing(): void {}
