/**
 * OpenTelemetry (`interpreters/opentelemetry`): the context of a call or task travels with it, and what runs in the other interpreter is a span
 * there, below the span of the caller. It needs `@opentelemetry/api`, and an SDK that is registered in each interpreter, as in every thread.
 */
import {
  context,
  diag,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { channel } from "./platform/diagnostics.js";
import type { WorkRunEvent, WorkSendEvent } from "./thread/carried.js";

/**
 * Has the active OpenTelemetry context travel with calls and tasks of this interpreter, and makes a span of each call or task that runs here. Call it once
 * in each interpreter, after the SDK was registered: in a module that `node --import` loads, which all interpreters load, too.
 *
 * The span has the function's name, and the attributes `interpreters.id` and `thread.id`. It ends when the result, awaited, is there; what
 * is thrown is recorded. The items of a `map` with `chunksize` are one span. Work without a context (no propagator, or no active span) has none.
 *
 * @returns a function that undoes it
 * @example
 * import { trace } from "@opentelemetry/api";
 * import { InterpreterPoolExecutor } from "interpreters";
 * import { instrument } from "interpreters/opentelemetry";
 *
 * const stop = instrument();
 * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
 * await trace.getTracer("example").startActiveSpan("request", async (span) => {
 *   await executor.submit(Math.hypot, 3, 4); // a child of "request"
 *   span.end();
 * });
 * stop();
 */
export function instrument(): () => void {
  const tracer = trace.getTracer("interpreters");
  const send = (message: unknown): void =>
    quietly(() => propagation.inject(context.active(), (message as WorkSendEvent).carrier));
  const run = (message: unknown): void => wrap(tracer, message as WorkRunEvent);
  const [sending, running] = [channel("interpreters:work:send"), channel("interpreters:work:run")];
  sending.subscribe(send);
  running.subscribe(run);
  return () => {
    sending.unsubscribe(send);
    running.unsubscribe(run);
  };
}

function wrap(tracer: Tracer, message: WorkRunEvent): void {
  const { carrier, interpreterId, name, run } = message;
  message.run = () => {
    const started = quietly(() => {
      const parent = propagation.extract(context.active(), carrier);
      const attributes = { "interpreters.id": interpreterId, "thread.id": interpreterId };
      const span = tracer.startSpan(name, { kind: SpanKind.CONSUMER, attributes }, parent);
      return { span, within: trace.setSpan(parent, span) };
    });
    if (started === undefined) return run();
    const { span, within } = started;
    let result: unknown;
    try {
      result = context.with(within, run);
    } catch (error) {
      failed(span, error);
      throw error;
    }
    return isThenable(result) ? follow(result, span) : ended(span, result);
  };
}

/** The exceptions of exporters, processors and propagators are theirs: no call fails because of them. */
function quietly<T>(telemetry: () => T): T | undefined {
  try {
    return telemetry();
  } catch (error) {
    diag.error("interpreters: telemetry failed", error);
    return undefined;
  }
}

/** The promise of the result, once the span has ended. */
async function follow(result: PromiseLike<unknown>, span: Span): Promise<unknown> {
  let value: unknown;
  try {
    value = await result;
  } catch (error) {
    failed(span, error);
    throw error;
  }
  return ended(span, value);
}

function ended(span: Span, result: unknown): unknown {
  quietly(() => span.end());
  return result;
}

function failed(span: Span, error: unknown): void {
  quietly(() => {
    const text = textOf(error);
    span.recordException(error instanceof Error ? error : text);
    span.setStatus({ code: SpanStatusCode.ERROR, message: text });
  });
  quietly(() => span.end());
}

/** Anything can be thrown: objects without a text, errors whose getters throw. */
function textOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return "an error that cannot be shown";
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === "object" || typeof value === "function") &&
    value !== null &&
    typeof (value as { then?: unknown }).then === "function"
  );
}
