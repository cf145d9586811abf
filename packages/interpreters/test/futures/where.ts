/** Functions that return the id of the interpreter in which they run. */
import { getCurrent, type Queue } from "interpreters";

export function where(): number {
  return getCurrent().id;
}

export async function whereLater(): Promise<number> {
  await new Promise((resolve) => setImmediate(resolve));
  return getCurrent().id;
}

/** Puts that id into a queue, and dies as long as the queue has no more than `runs` items. */
export function dieOnce(queue: Queue<number, never>, runs: number): number {
  queue.putSync(getCurrent().id);
  if (queue.qsize() <= runs) process.exit(1);
  return getCurrent().id;
}
