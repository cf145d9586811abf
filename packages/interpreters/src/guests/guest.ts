/**
 * What a guest language implements. The core knows no language: it carries bytes, and asks the guest of an interpreter
 * to do what they say. A guest is loaded by the worker's entry (interpreter/worker.ts) in the interpreter's own thread.
 */
import type { ExceptionInfo } from "../base/errors.js";

export interface Guest {
  /** Runs a script, as its caller described it, in `__main__`. What it returns is awaited and dropped. */
  exec(script: unknown): unknown;
  /** Binds shareable values as globals of `__main__`. */
  prepare(namespace: Record<string, unknown>): void;
  /** Turns a code description (interpreter/code.ts) into something to call; asked until it is there. */
  load(description: unknown): GuestFunction | Promise<GuestFunction>;
  /** What is told of an exception that left the guest. Must not throw, whatever was thrown. */
  describeFailure(thrown: unknown): ExceptionInfo;
}

export type GuestFunction = (...args: unknown[]) => unknown;
