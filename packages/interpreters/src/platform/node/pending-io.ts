/** Looked up once, as a program may replace it. */
const { getActiveResourcesInfo } = process;

/** Requests to the system, each of which ends by itself, and callbacks that are due: "FSReqCallback", "WriteWrap", "GetAddrInfoReqWrap" … */
const ENDS = /Req|^(?:Write|Shutdown|TCPConnect|PipeConnect|UDPSend|Send)Wrap$|^Immediate$/;

export type Reason = "io" | "timers" | "handles" | "jobs";

/**
 * The reason for which this thread's event loop goes on: I/O that ends by itself; else timers; else sockets, servers and the like, which may
 * be open for ever. With none of these, it goes on only for jobs in the libuv thread pool (zlib, crypto), which Node does not list. Some runtimes
 * need a turn to tell.
 */
export function whyAlive(): Reason | Promise<Reason> {
  const resources = getActiveResourcesInfo();
  if (resources.length === 0) return "jobs";
  if (resources.some((name) => ENDS.test(name))) return "io";
  return resources.includes("Timeout") ? "timers" : "handles";
}

/** How many timers that keep this thread alive, and callbacks for the next turn, are due some time. */
export function pendingTurns(): number {
  return getActiveResourcesInfo().filter((name) => name === "Timeout" || name === "Immediate").length;
}
