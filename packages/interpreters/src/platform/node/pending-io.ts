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

/** Milliseconds: a timer that fires so late stands for none. */
const NEVER = 2 ** 30;
/** Handles of libuv that Node itself always has, and through which other threads send messages. */
const OWN_HANDLES = new Set(["async", "check", "idle", "prepare"]);

interface Handle {
  readonly type: string;
  readonly is_active: boolean;
  readonly firesInMsFromNow?: number;
}

/** When something may happen on a thread's event loop by itself, in milliseconds: Infinity if never, 0 if it is unknown when. */
export interface Quiet {
  /** An event of a timer, also of one that keeps nothing alive, of a socket, of a file. */
  readonly events: number;
  /** A task of the engine, which is a garbage collection or the time limit of an `Atomics.waitAsync`. */
  readonly engine: number;
}

const UNKNOWN: Quiet = { events: 0, engine: 0 };

/**
 * The caller's own timers must not keep the loop alive. Messages of other threads do not count. It takes some milliseconds: only Node's report lists what
 * keeps nothing alive.
 */
export function quietFor(): Quiet {
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean };
  const { excludeNetwork } = report;
  try {
    // It would look up the names of all peers.
    report.excludeNetwork = true;
    const { libuv } = report.getReport() as { libuv: Handle[] };
    // Without its entry for the loop, it is no list.
    if (libuv.at(-1)?.type !== "loop") return UNKNOWN;
    // The first timer is Node's own, for all of the program's timers.
    const timers: number[] = [];
    for (const { type, is_active: isActive, firesInMsFromNow: time = 0 } of libuv) {
      if (type === "timer") timers.push(isActive && time < NEVER ? time : Infinity);
      else if (isActive && !OWN_HANDLES.has(type)) return UNKNOWN;
    }
    return { events: timers[0] ?? Infinity, engine: Math.min(Infinity, ...timers.slice(1)) };
  } catch {
    return UNKNOWN;
  } finally {
    report.excludeNetwork = excludeNetwork ?? false;
  }
}
