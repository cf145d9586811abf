/**
 * The state that only a thread itself knows, for `interpreters top`: its pools, and how busy its event loop is. The supervisor, which answers, may not wait
 * for any thread, so each thread that is inspected publishes this from time to time.
 */
import { performance } from "../platform/performance.js";
import { inThreadContext } from "../platform/async-context.js";
import { BroadcastChannel } from "../platform/broadcast.js";
import { process } from "../platform/process.js";
import { setInterval } from "../platform/timers.js";
import type { PoolView } from "../thread/tracer.js";
import { JOIN_SLOT } from "../kernel/registry.js";
import type { Runtime } from "../thread/runtime.js";

/** Milliseconds. */
export const PUBLISH_EVERY = 250;

export const channelName = `interpreters:inspect:${process.pid}`;

/** The state that a thread publishes. */
export interface Published {
  readonly id: number;
  /** The program that the process runs. */
  readonly title: string;
  readonly pools: readonly PoolView[];
  /** How busy its event loop has been since the last time, from 0 to 1. */
  readonly utilisation: number;
  /** Bytes of its JavaScript heap. */
  readonly heap: number;
}

/** Publishes from now on. */
export function publishPools(rt: Runtime): void {
  inThreadContext(() => {
    const title = process.argv.slice(1).join(" ");
    let last = performance.eventLoopUtilization();
    const publish = (): void => {
      // A thread that is not an interpreter yet has no id of its own.
      if (rt.m.slot === JOIN_SLOT) return;
      const pools = [...rt.pools].map((pool) => pool()).filter((view) => view !== undefined);
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      const { heapUsed } = process.memoryUsage();
      const published: Published = { id: rt.id, title, pools, utilisation: utilization, heap: heapUsed };
      // A channel that stays open receives what all other threads publish, which would pile up in one that blocks.
      const channel = new BroadcastChannel(channelName);
      channel.postMessage(published);
      channel.close();
    };
    setInterval(publish, PUBLISH_EVERY).unref();
    publish();
  });
}
