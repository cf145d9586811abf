/** The view that an observer of a thread has (observing.ts). */
import type { Received } from "../kernel/receive.js";
import type { Pointer } from "../memory/brands.js";
import type { Death } from "./death.js";

/** An operation, for those who watch. */
export interface Traced {
  /** The error that it failed with, once it is settled. */
  failure?(): unknown;
  /** The code of the function that it calls, while it is pending. */
  readonly code?: { readonly id: number; readonly pointer: Pointer } | undefined;
  /** A verb phrase: "execute a script in interpreter 3". */
  readonly what?: string;
}

/** Writes down this thread's operations, each from its beginning to its one end. */
export interface Tracer {
  /** The operation gets its number; it is sent in this step. */
  began(sequence: number): void;
  /** A reply to it arrived, and is about to settle it. Returns what to call then, if there is more to say. */
  replied(
    sequence: number,
    operation: Traced,
    status: number,
    received: Received,
  ): ((operation: Traced) => void) | undefined;
  /** Its interpreter died. */
  died(sequence: number, operation: Traced, death: Death): void;
  /** It was taken back, or was never sent. */
  forgotten(sequence: number): void;
}

/** A pool as it is at present, for those who watch. */
export interface PoolView {
  /** The prefix of the names of its interpreters. */
  readonly name: string;
  readonly maxWorkers: number;
  readonly concurrency: number;
  /** Its queues, one for each priority. */
  readonly lanes: readonly Pointer[];
  /** The ids of its interpreters. */
  readonly workers: readonly number[];
  /** `executor.stats()`. */
  readonly stats: unknown;
}
