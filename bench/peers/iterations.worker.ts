/** The producing side of the iterations: a generator, and for the bare MessagePort a loop that sends its items while it has credit. */
import { isMainThread, type MessagePort, workerData } from "node:worker_threads";
import { payloads, type PayloadKind } from "./payloads.js";

export type IterationOrder =
  | { readonly kind: PayloadKind; readonly count: number; readonly ahead: number }
  | { readonly credit: number };
export type IterationReply = { readonly value: unknown } | { readonly done: true };

export function* produce(kind: PayloadKind, count: number): Generator<unknown> {
  const payload = payloads[kind];
  for (let i = 0; i < count; i += 1) yield payload(i);
}

const { port } = (workerData ?? {}) as { port?: MessagePort };

if (!isMainThread && port !== undefined) {
  let credit = 0;
  let wake: (() => void) | undefined;
  const send = async (kind: PayloadKind, count: number): Promise<void> => {
    for (const value of produce(kind, count)) {
      while (credit === 0) await new Promise<void>((resolve) => (wake = resolve));
      credit -= 1;
      port.postMessage({ value } satisfies IterationReply);
    }
    port.postMessage({ done: true } satisfies IterationReply);
  };
  port.on("message", (order: IterationOrder) => {
    if ("credit" in order) {
      credit += order.credit;
      wake?.();
    } else {
      credit = order.ahead;
      void send(order.kind, order.count);
    }
  });
}
