/** The function that all contenders call, and the ends of queues. Interpreters import this module; the workers of the others have it in their scripts. */
import type { Queue } from "interpreters";

export const same = (value: number): number => value;

/** Puts `count` numbers, and waits whenever the queue is full. */
export function produce(queue: Queue<number>, count: number): void {
  for (let i = 0; i < count; i++) queue.putSync(i);
}

/** Takes `count` numbers. */
export function consume(queue: Queue<number>, count: number): void {
  for (let i = 0; i < count; i++) queue.getSync();
}
