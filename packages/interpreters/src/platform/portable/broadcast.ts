/** Broadcast channels, on all runtimes that run the portable build. */
export * from "../node/broadcast.js";
import { onBun, onDeno } from "./runtime.js";

/** Neither receives messages of a BroadcastChannel but on the event loop, and Deno drops those that 256 others have followed. */
export const takesBroadcastsAtOnce: boolean = !onBun && !onDeno;
