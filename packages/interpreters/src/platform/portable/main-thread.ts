/** Reaching the main thread, on all runtimes that run the portable build. */
import {
  canInterruptMain as canInterruptMainOfNode,
  type Interrupter,
  openInterrupter as openInterrupterOfNode,
} from "../node/main-thread.js";
import { onBun, onDeno } from "./runtime.js";

export type { Interrupter } from "../node/main-thread.js";

/** Bun's inspector connects to the main thread, but evaluates nothing there; Deno's does not connect. */
export function canInterruptMain(): boolean {
  return !onBun && !onDeno && canInterruptMainOfNode();
}

export function openInterrupter(): Interrupter | undefined {
  return canInterruptMain() ? openInterrupterOfNode() : undefined;
}
