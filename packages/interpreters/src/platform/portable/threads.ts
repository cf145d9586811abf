/** Threads, on all runtimes that run the portable build. */
export * from "../node/threads.js";
import { onBun, onDeno } from "./runtime.js";

export const refusedLimits = onBun
  ? "Bun does not limit the memory of threads. Leave the option out, or run the program on Node."
  : undefined;

/** `Worker.performance` throws on Bun, and has no measurements on Deno. */
export const measuresThreads = !onBun && !onDeno;

/** Deno ends the process where a thread is stopped that loads a part of the runtime, as each does while it boots, and many do later. */
export const stopPatience = onDeno ? { running: 100, booting: 5000 } : { running: 0, booting: 0 };
