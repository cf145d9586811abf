/** The state of a worker for those who watch it: `/health`, and `/metrics` in Prometheus' text format. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ExecutorStats } from "interpreters";

/** Counters of a worker. */
export interface WorkerCounts {
  /** Tasks by their outcome. */
  readonly completed: number;
  readonly failed: number;
  /** Tasks that failed because their worker or interpreter died. */
  readonly died: number;
  /** Tasks that were given back to Redis at the end of a worker. */
  readonly handedBack: number;
  /** Tasks that run now. */
  readonly running: number;
  /** Seconds that the tasks ran, added up. */
  readonly seconds: number;
  /** Whether Redis is connected. */
  readonly connected: boolean;
  /** Whether it takes no more tasks. */
  readonly closing: boolean;
  /** Of the pool of interpreters. */
  readonly pool: ExecutorStats;
}

/**
 * Serves both. Resolves when it listens.
 *
 * @param counts undefined while there is no worker yet: `/metrics` then answers 503, too
 * @throws what `listen` reports
 */
export async function serveHealth(
  counts: () => WorkerCounts | undefined,
  queue: string,
  port: number,
  host: string,
): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer((request, response) => {
    const path = (request.url ?? "").split("?")[0];
    const now = counts();
    if (path === "/metrics" && now === undefined) {
      response.writeHead(503, { "content-type": "text/plain" });
      response.end("The worker has no connection to Redis yet.\n");
    } else if (path === "/metrics" && now !== undefined) {
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
      response.end(metricsText(now, queue));
    } else if (path === "/health" || path === "/") {
      const closing = now?.closing === true;
      const well = now?.connected === true && !closing;
      response.writeHead(well ? 200 : 503, { "content-type": "application/json" });
      const status = well ? "ok" : closing ? "closing" : "Redis is not connected";
      response.end(`${JSON.stringify({ status, queue, running: now?.running ?? 0 })}\n`);
    } else {
      response.writeHead(404, { "content-type": "text/plain" });
      response.end("This worker serves /health and /metrics.\n");
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, server };
}

/** The metrics as Prometheus reads them. */
export function metricsText(now: WorkerCounts, queue: string): string {
  const label = `queue="${queue.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
  const lines: string[] = [];
  const add = (
    name: string,
    type: string,
    help: string,
    values: readonly (readonly [string, number])[],
  ): void => {
    lines.push(`# HELP interpreters_${name} ${help}`, `# TYPE interpreters_${name} ${type}`);
    for (const [more, value] of values) lines.push(`interpreters_${name}{${label}${more}} ${value}`);
  };
  add("tasks_total", "counter", "Tasks by outcome.", [
    [',outcome="completed"', now.completed],
    [',outcome="failed"', now.failed],
    [',outcome="died"', now.died],
    [',outcome="handed_back"', now.handedBack],
  ]);
  add("tasks_running", "gauge", "Tasks that run now.", [["", now.running]]);
  add("task_seconds_total", "counter", "Seconds that tasks ran.", [["", now.seconds]]);
  add("interpreters", "gauge", "Interpreters that the worker has.", [["", now.pool.workers]]);
  add("utilisation", "gauge", "Share of the interpreters' time in which they ran tasks.", [
    ["", now.pool.utilisation],
  ]);
  add("redis_connected", "gauge", "1 if Redis is connected.", [["", now.connected ? 1 : 0]]);
  add("closing", "gauge", "1 if the worker takes no more tasks.", [["", now.closing ? 1 : 0]]);
  add("resident_memory_bytes", "gauge", "Memory of the process.", [["", process.memoryUsage.rss()]]);
  return `${lines.join("\n")}\n`;
}
