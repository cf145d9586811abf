/** Functions that tell in which interpreter they run. */
import { getCurrent, type Queue } from "interpreters";

export function where(): number {
  return getCurrent().id;
}

export async function whereLater(): Promise<number> {
  await new Promise((resolve) => setImmediate(resolve));
  return getCurrent().id;
}

/** Puts that into a queue, and dies as long as there are not more than `runs` in it. */
export function dieOnce(queue: Queue<number, never>, runs: number): number {
  queue.putSync(getCurrent().id);
  if (queue.qsize() <= runs) process.exit(1);
  return getCurrent().id;
}
