/** Ports, on all runtimes that run the portable build. */
import { BroadcastChannel, type MessagePort } from "node:worker_threads";
import { receiveNow as receiveNowOfNode } from "../node/ports.js";
import { onBun, onDeno } from "./runtime.js";

export * from "../node/ports.js";

/** `receiveNow` does not give the messages of a BroadcastChannel. */
export const refusedBuffers =
  onBun || onDeno
    ? "this package did not start this thread, and nothing here receives in a blocking way what comes to such a thread. Use an interpreter " +
      "that create() made, or send less than 3 MiB at a time"
    : undefined;

/** On Deno a listener may have taken a message already that it gets in a later turn of the event loop. */
export const receivesBesideListener: boolean = !onDeno;

/** Deno has no such receive for a BroadcastChannel, and throws. Its messages arrive on the event loop. (In Bun there never is one.) */
export function receiveNow(port: MessagePort | BroadcastChannel): { message: unknown } | undefined {
  return onDeno && port instanceof BroadcastChannel ? undefined : receiveNowOfNode(port);
}
