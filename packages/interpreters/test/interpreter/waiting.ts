/** What runs in the interpreters of deadlock.property.test.ts: blocking calls, as they are ordered. */
import type { Interpreter, Queue } from "interpreters";

/** What came of the call that an interpreter was told to make: "answered", or the code of the error. */
export interface Report {
  readonly caller: number;
  readonly outcome: string;
}

/** Calls others as it is told, blocking, until it is told -1. */
export function obey(
  me: number,
  orders: Queue<number, never>,
  reports: Queue<Report, never>,
  interps: readonly Interpreter[],
): void {
  for (;;) {
    const target = orders.getSync();
    if (target === -1) return;
    let outcome = "answered";
    try {
      interps[target].callSync(Math.max, 1);
    } catch (error) {
      outcome = (error as { code?: string }).code ?? String(error);
    }
    reports.putSync({ caller: me, outcome });
  }
}
