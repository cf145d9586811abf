/** The work that a search for leaks repeats, and a process's footprint before and after. */
import { readdirSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { create } from "interpreters";
import { gc } from "../support/queues.js";

export interface Kind {
  /** Describes one round. */
  readonly title: string;
  round(): Promise<void>;
  /** Called after the last round. */
  stop(): Promise<void>;
}

/** The function to call. Its result is an object, so that it is encoded and decoded. */
const describe = (n: number): { n: number; square: number } => ({ n, square: n * n });

const BARE = `const { parentPort } = require("node:worker_threads");
parentPort.on("message", (n) => n < 0 ? parentPort.close() : parentPort.postMessage({ n, square: n * n }));`;

/** Starts a worker that replies once, and then ends by itself or is terminated. */
async function bare(terminate: boolean): Promise<void> {
  const worker = new Worker(BARE, { eval: true });
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  const answered = new Promise((resolve) => worker.once("message", resolve));
  worker.postMessage(3);
  await answered;
  if (terminate) await worker.terminate();
  else worker.postMessage(-1);
  await ended;
}

async function ours(terminate: boolean): Promise<void> {
  const interp = create();
  await interp.exec("const seen = []; let last: number = 0");
  await interp.call(describe, 3);
  await (terminate ? interp.terminate() : interp.close());
}

function rounds(title: string, round: () => Promise<void>): Kind {
  return { title, round, stop: () => Promise.resolve() };
}

function calls(): Kind {
  const interp = create();
  return {
    title: "100 calls of one interpreter",
    async round() {
      await Promise.all(Array.from({ length: 100 }, (_, n) => interp.call(describe, n)));
    },
    stop: () => interp.close(),
  };
}

/** The kinds of rounds: with this package, and the same with bare workers. */
export const KINDS: Readonly<Record<string, () => Kind>> = {
  closed: () => rounds("create, exec, call, close", () => ours(false)),
  "bare-closed": () => rounds("bare Worker: start, message, end", () => bare(false)),
  terminated: () => rounds("create, exec, call, terminate", () => ours(true)),
  "bare-terminated": () => rounds("bare Worker: start, message, terminate", () => bare(true)),
  calls,
};

/** The resources of the process that could leak, in addition to the shared memory. */
export interface Footprint {
  /** Threads of the operating system; undefined if it does not report them. */
  readonly threads: number | undefined;
  /** Handles of the event loop: timers, ports, workers. */
  readonly resources: number;
  /** Bytes of resident memory. */
  readonly resident: number;
}

export function footprint(): Footprint {
  gc();
  return {
    threads: process.platform === "linux" ? readdirSync("/proc/self/task").length : undefined,
    resources: process.getActiveResourcesInfo().length,
    resident: process.memoryUsage.rss(),
  };
}
