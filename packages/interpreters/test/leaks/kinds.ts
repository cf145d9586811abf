/** What is done over and over in a search for leaks, and what a process has before and after. */
import { readdirSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { create } from "interpreters";
import { gc } from "../support/queues.js";

export interface Kind {
  /** What one round does. */
  readonly title: string;
  round(): Promise<void>;
  /** After the last round. */
  stop(): Promise<void>;
}

/** What is called; what it gives back has to travel. */
const describe = (n: number): { n: number; square: number } => ({ n, square: n * n });

const BARE = `const { parentPort } = require("node:worker_threads");
parentPort.on("message", (n) => n < 0 ? parentPort.close() : parentPort.postMessage({ n, square: n * n }));`;

/** A worker that answers once, and then ends by itself or is terminated. */
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

/** This package's, and the same with bare workers. */
export const KINDS: Readonly<Record<string, () => Kind>> = {
  closed: () => rounds("create, exec, call, close", () => ours(false)),
  "bare-closed": () => rounds("bare Worker: start, message, end", () => bare(false)),
  terminated: () => rounds("create, exec, call, terminate", () => ours(true)),
  "bare-terminated": () => rounds("bare Worker: start, message, terminate", () => bare(true)),
  calls,
};

/** What the process has that could leak, besides what the shared memory says of itself. */
export interface Footprint {
  /** Of the operating system; undefined where it does not say. */
  readonly threads: number | undefined;
  /** What Node's event loop knows of: timers, ports, workers. */
  readonly resources: number;
  /** Resident memory, bytes. */
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
