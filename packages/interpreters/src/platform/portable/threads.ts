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

// Taken before any user code.
const close = onDeno ? (globalThis as { close?: () => void }).close : undefined;

/**
 * Deno stops a thread once. If the thread sees that before it can see that it is to end, or while an exception is on its way out, the runtime takes the stop
 * for an exception: it sends the event `exit` in the thread, and lets all promises go on that are settled, with nothing that would stop them.
 */
function leaveInDeno(): never {
  close!();
  // It marks the thread, which stops at the next turn of a loop; unless the thread was marked before.
  for (let i = 0; i < 1000; i++);
  throw new Error("This interpreter was terminated.");
}

export const leaveThread: (() => never) | undefined = onDeno ? leaveInDeno : undefined;
