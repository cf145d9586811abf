import type * as WorkerThreads from "node:worker_threads";

export type { WorkerOptions } from "node:worker_threads";
export { isMainThread, parentPort, SHARE_ENV, threadId, Worker, workerData } from "node:worker_threads";

/** Why the memory of threads cannot be limited, if it cannot. */
export const refusedLimits: string | undefined = undefined;

/** Whether a thread can tell how busy another one is, and how large its heap. */
export const measuresThreads: boolean = true;

/**
 * How long a thread that is terminated may take to come to a place where it can be stopped safely, also if it has not booted yet; milliseconds. Where that
 * is any place, 0.
 */
export const stopPatience: { readonly running: number; readonly booting: number } = {
  running: 0,
  booting: 0,
};

/** Ends this thread, which the runtime was asked to end, if the runtime may fail to. */
export const leaveThread: (() => never) | undefined = undefined;

const { getBuiltinModule } = process;

/** What code in a thread that another one has started finds in `node:worker_threads`. */
export interface Parent {
  readonly workerData: unknown;
  readonly parentPort: WorkerThreads.MessagePort | null;
}

/**
 * From now on, code in this thread finds these, and not this package's own: what it posted there would be lost. Call it before any user
 * code, except what Node loads by its options (`--import`).
 */
export function showParent({ workerData, parentPort }: Parent): void {
  const threads = getBuiltinModule("node:worker_threads") as {
    -readonly [K in keyof typeof WorkerThreads]: unknown;
  };
  threads.parentPort = parentPort;
  threads.workerData = workerData;
  // An ES module may have imported them already. Loading `node:module` takes a good part of the start-up time.
  if (
    /--(?:import|experimental-loader|loader)\b/.test(
      `${process.execArgv.join(" ")} ${process.env["NODE_OPTIONS"] ?? ""}`,
    )
  ) {
    getBuiltinModule("node:module").syncBuiltinESMExports();
  }
}
