/** What a task failed with, as it is shown to whoever submitted it. */
import { type ExceptionInfo, ExecutionFailed } from "../base/errors.js";
import { REPLY_FAILURE } from "../wire/protocol.js";
import { type Trace, useTrace } from "../thread/trace.js";
import { callerFrames, hideOwnFrames } from "../base/stacks.js";

/** The error that an answer of `status` (not REPLY_VALUE) and `value` says. */
export function failureOf(
  status: number,
  value: unknown,
  interpreter: number,
  trace: Trace | undefined,
): unknown {
  if (status === REPLY_FAILURE) {
    const [excinfo, thrown] = value as [ExceptionInfo, unknown];
    return original(interpreter, excinfo, thrown, trace);
  }
  if (value instanceof Error) useTrace(value, trace);
  return value;
}

/** What the task threw, as itself; the full display hangs off it. */
function original(
  interpreter: number,
  excinfo: ExceptionInfo,
  thrown: unknown,
  trace: Trace | undefined,
): unknown {
  if (!(thrown instanceof Error)) return thrown;
  hideOwnFrames(thrown);
  const failure = new ExecutionFailed(interpreter, excinfo, thrown);
  failure.useCallerFrames(trace?.stack);
  Object.defineProperty(thrown, "executionFailed", { value: failure, configurable: true });
  appendFrames(thrown, trace?.stack);
  return thrown;
}

/** Lets the stack go on where the task was submitted. */
export function appendFrames(error: Error, stack: string | undefined): void {
  const frames = callerFrames(stack);
  if (frames === "") return;
  const value = `${error.stack ?? `${error.name}: ${error.message}`}\n    --- submitted ---\n${frames}`;
  Object.defineProperty(error, "stack", { value, writable: true, configurable: true });
}
