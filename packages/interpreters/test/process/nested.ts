/** Scenarios run it inside an interpreter. */
import { create, type Queue } from "interpreters";

export async function createAndLoop(started: Queue<number>): Promise<void> {
  const inner = create();
  await inner.call((queue: Queue<number>) => {
    queue.putSync(1);
    for (;;);
  }, started);
}
