/** `interpreters worker`, for the package interpreters-cli, which loads this only when it is asked for. */
import { placeOf, connectionOf } from "./connection.js";
import { messageOf } from "./errors.js";
import { serveHealth } from "./health.js";
import { type QueueWorker, startWorker } from "./worker.js";

/** The options of the command line. */
export interface WorkerCommandOptions {
  readonly queue: string;
  readonly redis: string;
  readonly prefix?: string;
  readonly root?: string;
  readonly workers?: number;
  readonly concurrency?: number;
  /** Milliseconds that running tasks get to end after a signal. */
  readonly grace: number;
  /** `PORT` or `HOST:PORT` of the endpoint for health and metrics. */
  readonly listen?: string;
  readonly lockDuration?: number;
}

/**
 * Serves a queue until the signal aborts, and returns the exit code: 0 after an end that was asked for, 1 if it cannot serve.
 *
 * @param log writes a line for the operator
 * @param stop aborts when the worker must end
 */
export async function runWorkerCommand(
  options: WorkerCommandOptions,
  log: (line: string) => void,
  stop: AbortSignal,
): Promise<number> {
  const { queue, redis, prefix, root, workers, concurrency, grace, listen, lockDuration } = options;
  let worker: QueueWorker | undefined;
  let endpoint: { close(): void } | undefined;
  try {
    // A worker that cannot be watched must take no tasks.
    if (listen !== undefined) endpoint = await serve(() => worker?.counts(), queue, listen, log);
    const given = { queue, connection: redis, prefix, root, workers, concurrency, lockDuration, log };
    worker = await startWorker(given, stop);
    const place = placeOf(connectionOf(redis, "worker"));
    log(`interpreters worker: process ${process.pid} serves the queue ${queue} on ${place}`);
    await new Promise<void>((resolve) => {
      if (stop.aborted) resolve();
      else stop.addEventListener("abort", () => resolve(), { once: true });
    });
    const { running } = worker.counts();
    log(`interpreters worker: ending; ${running} running tasks have ${grace} ms to end`);
    await worker.close({ grace });
    const { completed, failed, died, handedBack } = worker.counts();
    log(
      `interpreters worker: ended; ${completed} tasks completed, ${failed + died} failed, ${handedBack} given back`,
    );
    return 0;
  } catch (error) {
    if (stop.aborted && worker === undefined) {
      log("interpreters worker: ended before it was connected");
      return 0;
    }
    log(`interpreters worker: ${messageOf(error)}`);
    return 1;
  } finally {
    endpoint?.close();
  }
}

async function serve(
  counts: Parameters<typeof serveHealth>[0],
  queue: string,
  listen: string,
  log: (line: string) => void,
): Promise<{ close(): void }> {
  const [, host = "127.0.0.1", port] = /^(?:(.*):)?(\d+)$/.exec(listen) ?? [];
  if (port === undefined || Number(port) > 65_535)
    throw new TypeError(`--listen must be PORT or HOST:PORT, found ${listen}`);
  const { port: actual, server } = await serveHealth(counts, queue, Number(port), host);
  log(`interpreters worker: /health and /metrics at http://${host}:${actual}`);
  return server;
}
