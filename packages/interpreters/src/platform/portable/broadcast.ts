/** Broadcast channels, on all runtimes that run the portable build. */
export * from "../node/broadcast.js";
import { onDeno } from "./runtime.js";

/** Deno keeps 256. */
export const messagesKept = onDeno ? 256 : Infinity;
