/** A function that never returns, for coverage.scenarios.ts. */
import type { Queue } from "interpreters";

export function spin(begun: Queue<number>): never {
  begun.putNowait(1);
  for (;;);
}
