/** Registers an SDK in each interpreter (`node --import`), which prints the spans. */
import { writeSync } from "node:fs";
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { BasicTracerProvider, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { instrument } from "interpreters/opentelemetry";

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(
  new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
);
const exporter = {
  export(spans: ReadableSpan[], done: (result: { code: number }) => void): void {
    for (const span of spans) {
      const { name, attributes, events, parentSpanContext, status } = span;
      const { spanId, traceId } = span.spanContext();
      const shown = {
        name,
        id: spanId,
        trace: traceId,
        parent: parentSpanContext?.spanId,
        attributes,
        status,
      };
      writeSync(1, `${JSON.stringify({ ...shown, exceptions: events.length })}\n`);
    }
    done({ code: 0 });
  },
  async shutdown(): Promise<void> {},
};
/** Fails wherever it is asked. */
const broken = {
  onStart(): void {},
  onEnd(): void {
    throw new Error("the processor is broken");
  },
  async forceFlush(): Promise<void> {},
  async shutdown(): Promise<void> {},
};
const processor = process.env["BROKEN"] === "1" ? broken : new SimpleSpanProcessor(exporter);
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
instrument();
