/** A program whose calls are spans; opentelemetry.test.ts reads what it prints. */
import { propagation, context, trace } from "@opentelemetry/api";
import { create, InterpreterPoolExecutor } from "interpreters";

const tracer = trace.getTracer("test");

async function main(): Promise<void> {
  const executor = new InterpreterPoolExecutor({ maxWorkers: 1, retries: 1 });
  const interp = create();
  // Without an active span, nothing travels.
  await interp.call(Math.abs, -1);
  await tracer.startActiveSpan("request", async (span) => {
    const submitted = executor.submit(async function task(name: string) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      const api = await import("@opentelemetry/api");
      return api.propagation.getActiveBaggage()?.getEntry(name)?.value;
    }, "user");
    // Without baggage.
    console.log(JSON.stringify({ baggage: await submitted }));
    const baggage = propagation.createBaggage({ user: { value: "ada" } });
    const withBaggage = propagation.setBaggage(context.active(), baggage);
    const carried = context.with(withBaggage, () =>
      executor.submit(async function baggage(name: string) {
        const api = await import("@opentelemetry/api");
        return api.propagation.getActiveBaggage()?.getEntry(name)?.value;
      }, "user"),
    );
    console.log(JSON.stringify({ baggage: await carried }));
    const failing = executor.submit(function fails() {
      throw new RangeError("too far");
    });
    await failing.catch(() => {});
    for await (const _ of executor.map(Math.sqrt, [1, 4, 9], { chunksize: 3 }));
    const items: number[] = [];
    for await (const item of interp.iterate(function* counts() {
      yield 1;
    }))
      items.push(item);
    interp.execSync("globalThis.x = 1");
    await interp.call(async function outer() {
      const { create } = await import("interpreters");
      const inner = create();
      await inner.call(function innermost() {});
      await inner.close();
    });
    span.end();
  });
  await executor.shutdown();
  await interp.close();
}

/** What is thrown is no error, and telemetry fails. */
async function odd(): Promise<void> {
  const interp = create();
  await tracer.startActiveSpan("request", async () => {
    for (const thrown of ["null", "an object"]) {
      const failing = interp.call((what) => {
        throw what === "null" ? null : Object.assign(Object.create(null), { own: 1 });
      }, thrown);
      await failing.catch((error: { message: string }) => console.log(error.message.split("\n")[0]));
    }
    console.log(await interp.call(Math.sqrt, 4));
    console.log(await interp.call(async (n: number) => n, 5));
  });
  await interp.close();
}

void (process.argv[2] === "odd" ? odd() : main());
