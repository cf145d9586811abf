/** A program that meets a boot failure, and writes what it saw to stdout as JSON. See boot.test.ts. */
import { inspect } from "node:util";
import { create, type CreateOptions, InterpreterDiedError, InterpreterError, listAll } from "interpreters";

const [options, order] = JSON.parse(process.argv[2]) as [
  CreateOptions,
  "promises" | "blocking" | "ends" | "moments",
];

interface Seen {
  kind: string;
  code?: string;
  message?: string;
  cause?: string;
}

function look(error: unknown): Seen {
  const { name, code, message, cause } = error as InterpreterError;
  const kind =
    error instanceof InterpreterDiedError ? "died" : error instanceof InterpreterError ? "refused" : name;
  return {
    kind,
    code,
    message,
    cause: cause instanceof Error ? cause.message : inspect(cause),
  };
}

const ended = (): Seen => ({ kind: "done" });
const seen: Record<string, Seen> = {};
const interp = create(options);
if (order === "blocking") {
  try {
    interp.callSync(() => 1);
  } catch (error) {
    seen["callSync"] = look(error);
  }
} else if (order === "ends") {
  const [close, terminate] = [interp.close(), interp.terminate()];
  seen["close"] = await close.then(ended, look);
  seen["terminate"] = await terminate.then(ended, look);
} else if (order === "moments") {
  // Calls at every moment of its end. Few of these come after several hundred microseconds.
  const call = (): Promise<Seen> => interp.call(Math.max, 1).then(ended, look);
  seen["call"] = await call();
  for (let i = 0; i < 300; i++) {
    const another = create(options);
    const until = performance.now() + i * 0.005;
    while (performance.now() < until);
    const error = await another.call(Math.max, 1).then(ended, look);
    if (error.code !== seen["call"].code) seen[`call after ${i * 5} µs`] = error;
  }
} else {
  const work = {
    call: interp.call(() => 1),
    exec: interp.exec("1"),
    prepareMain: interp.prepareMain({}),
    view: interp.with({ timeout: 60_000 }).call(() => 1),
  };
  for (const [name, promise] of Object.entries(work)) seen[name] = await promise.then(ended, look);
}
try {
  interp.execSync("1");
} catch (error) {
  seen["afterwards"] = look(error);
}
const next = create();
seen["next"] = { kind: await next.call(() => "healthy") };
await next.close();
process.stdout.write(JSON.stringify({ seen, left: listAll().length }));
