/** Items of a generator in another thread, with back-pressure: by this package, and by a MessagePort with the usual credits. */
import { MessageChannel, Worker } from "node:worker_threads";
import type { IterationOrder, IterationReply } from "./iterations.worker.js";
import type { OneWayMaker } from "./link.js";
import { checkLast, type PayloadKind } from "./payloads.js";

/** How many items the generator may be ahead: the default of `iterate`. */
export const AHEAD = 128;

async function consume(items: AsyncIterable<unknown>, kind: PayloadKind, count: number): Promise<void> {
  let last: unknown;
  for await (const item of items) last = item;
  checkLast(last, kind, count);
}

/** In the main thread, from an interpreter or from a pool. */
function ours(name: string, where: "interpreter" | "pool"): OneWayMaker {
  return {
    name,
    ours: true,
    async make(kind) {
      const { create, fromModule, InterpreterPoolExecutor } = await import("interpreters");
      const { produce } = fromModule<typeof import("./iterations.worker.js")>(
        new URL("./iterations.worker.js", import.meta.url),
      );
      const source = where === "pool" ? new InterpreterPoolExecutor({ maxWorkers: 1 }) : create();
      return {
        send: (count) => consume(source.iterate(produce, kind, count), kind, count),
        stop: () => source[Symbol.asyncDispose](),
      };
    },
  };
}

export const iterateInterpreter = ours("interpreters: iterate", "interpreter");
export const iteratePool = ours("interpreters: executor.iterate", "pool");

/** Written by hand: the consumer gives credit back when half of it is used up. */
export const creditPort: OneWayMaker = {
  name: "MessagePort with credits",
  async make(kind) {
    const { port1: port, port2 } = new MessageChannel();
    const worker = new Worker(new URL("./iterations.worker.js", import.meta.url), {
      workerData: { port: port2 },
      transferList: [port2],
    });
    async function* receive(count: number): AsyncGenerator<unknown> {
      const arrived: IterationReply[] = [];
      let wake: (() => void) | undefined;
      const note = (reply: IterationReply): void => {
        arrived.push(reply);
        wake?.();
      };
      port.on("message", note);
      port.postMessage({ kind, count, ahead: AHEAD } satisfies IterationOrder);
      try {
        for (let taken = 1; ;) {
          while (arrived.length === 0) await new Promise<void>((resolve) => (wake = resolve));
          for (const reply of arrived.splice(0)) {
            if ("done" in reply) return;
            yield reply.value;
            if (taken++ % (AHEAD / 2) === 0) port.postMessage({ credit: AHEAD / 2 });
          }
        }
      } finally {
        port.off("message", note);
      }
    }
    return {
      send: (count) => consume(receive(count), kind, count),
      async stop() {
        await worker.terminate();
      },
    };
  },
};
