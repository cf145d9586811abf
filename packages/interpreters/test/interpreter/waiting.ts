/** Runs in the interpreters of deadlock.property.test.ts: makes blocking calls to order. */
import type { Interpreter, Queue } from "interpreters";

/** The outcome of a call that an interpreter was ordered to make: "answered", or the code of the error. */
export interface Report {
  readonly caller: number;
  readonly outcome: string;
}

/** Makes a blocking call to each interpreter that `orders` names, until -1 comes. */
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
