/** Where this code runs. */
import { cpus as processors } from "node:os";
import { isMainThread as isMain } from "node:worker_threads";

export function isNode(nodeProcess: unknown): boolean {
  const versions = (nodeProcess as { versions?: { node?: unknown } } | undefined)?.versions;
  return versions?.node != null && String(nodeProcess) === "[object process]";
}

export const platform: "browser" | "node" = isNode(process) ? "node" : "browser";

/** Whether this is neither a worker's interpreter nor the process of a worker. */
export const isMainThread: boolean = isMain && !process.connected;

/** How many processors there are. */
export const cpus: number = processors().length;
