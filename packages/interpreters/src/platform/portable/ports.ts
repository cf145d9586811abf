/** Ports, on all runtimes that run the portable build. */
import { BroadcastChannel, type MessagePort } from "node:worker_threads";
import { receiveNow as receiveNowOfNode } from "../node/ports.js";
import { onBun, onDeno } from "./runtime.js";

export * from "../node/ports.js";

export const receivesBroadcasts = !onBun && !onDeno;

/** Deno has no such receive for a BroadcastChannel, and throws. Its messages arrive on the event loop. (In Bun there never is one.) */
export function receiveNow(port: MessagePort | BroadcastChannel): { message: unknown } | undefined {
  return onDeno && port instanceof BroadcastChannel ? undefined : receiveNowOfNode(port);
}
