/** Threads, on all runtimes that run the portable build. */
export * from "../node/threads.js";
import { onBun, onDeno } from "./runtime.js";

export const refusedLimits = onBun
  ? "Bun does not limit the memory of threads. Leave the option out, or run the program on Node."
  : undefined;

/** `Worker.performance` throws on Bun, and has no measurements on Deno. */
export const measuresThreads = !onBun && !onDeno;
