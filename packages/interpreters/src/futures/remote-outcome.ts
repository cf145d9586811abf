/** How tasks of other processes end, and what their futures become by it. */
import type { ExceptionInfo } from "../base/errors.js";
import type { InterpreterId } from "../memory/brands.js";
import type { Trace } from "../thread/trace.js";
import type { CallBatchReply } from "../wire/call-batch.js";
import { REPLY_FAILURE, REPLY_REFUSED } from "../wire/protocol.js";
import { failureOf, useSubmitter } from "./failure.js";

/** How a task ended. */
export type RemoteOutcome =
  | { readonly kind: "value"; readonly value: unknown }
  /** It threw. `info` is that of its ExecutionFailed. */
  | {
      readonly kind: "threw";
      readonly info: ExceptionInfo | undefined;
      readonly thrown: unknown;
      readonly interpreter: number;
    }
  /** It failed otherwise: its interpreter died, its time limit passed, its result cannot travel. */
  | { readonly kind: "failed"; readonly error: unknown }
  /** A call batch: the results up to the first call that failed, how that failed, and the milliseconds it took. */
  | {
      readonly kind: "batch";
      readonly values: unknown[];
      readonly failure: RemoteOutcome | undefined;
      readonly took: number;
    };

/** The result of a call batch as `map` reads it. */
export function batchOf({ values, failure, took }: RemoteOutcome & { kind: "batch" }): CallBatchReply {
  if (failure === undefined) return { values, failure, took };
  const interpreter = (failure.kind === "threw" ? failure.interpreter : 0) as InterpreterId;
  if (failure.kind === "threw" && failure.info !== undefined) {
    const value = [failure.info, failure.thrown];
    return { values, failure: { status: REPLY_FAILURE, value, interpreter }, took };
  }
  const value =
    failure.kind === "threw" ? failure.thrown : failure.kind === "failed" ? failure.error : undefined;
  return { values, failure: { status: REPLY_REFUSED, value, interpreter }, took };
}

/** The error that the future of a failed task rejects with. */
export function errorOf(
  outcome: RemoteOutcome & { kind: "threw" | "failed" },
  trace: Trace | undefined,
): unknown {
  if (outcome.kind === "failed") {
    useSubmitter(outcome.error, trace);
    return outcome.error;
  }
  const { info, thrown, interpreter } = outcome;
  return info === undefined ? thrown : failureOf(REPLY_FAILURE, [info, thrown], interpreter, trace);
}
