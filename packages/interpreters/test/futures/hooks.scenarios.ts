/** Programs that hooks.test.ts runs, each in its own process: `node hooks.scenarios.js <name>`. */
import { subscribe } from "node:diagnostics_channel";
import { InterpreterPoolExecutor } from "interpreters";

const reported: string[] = [];
process.on("uncaughtException", (error: unknown) => void reported.push((error as Error).message));

/** The outcome of a future. Calls no hook of errors. */
async function outcome(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    return Object.prototype.toString.call(error) === "[object Error]"
      ? [(error as Error).name, (error as Error).message]
      : error;
  }
}

const fail = (): never => {
  throw new Error("a hook");
};

const define = (target: object, key: PropertyKey, descriptor: PropertyDescriptor): (() => void) => {
  const before = Object.getOwnPropertyDescriptor(target, key);
  Object.defineProperty(target, key, { configurable: true, ...descriptor });
  return () => {
    if (before === undefined) Reflect.deleteProperty(target, key);
    else Object.defineProperty(target, key, before);
  };
};

/** Each hook, and how to remove it. */
const hooks: Record<string, () => () => void> = {
  "sites as a stack": () =>
    define(Error, "prepareStackTrace", { value: (_: Error, sites: unknown) => sites, writable: true }),
  "a prepareStackTrace that throws": () =>
    define(Error, "prepareStackTrace", { value: fail, writable: true }),
  "a cause that throws": () => define(Error.prototype, "cause", { get: fail }),
  "errors that throw": () => define(Error.prototype, "errors", { get: fail }),
  "a hasInstance that throws": () => define(Error, Symbol.hasInstance, { value: fail }),
  "a property of errors that throws": () =>
    define(Object.prototype, "executionFailed", { get: fail, set: fail }),
  "subscribers that throw": () => {
    for (const name of ["submit", "retry", "settle"]) subscribe(`interpreters:task:${name}`, fail);
    for (const name of ["start", "end"]) subscribe(`interpreters:worker:${name}`, fail);
    return () => {};
  },
};

const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
await pool.submit(() => 0);
const remove = hooks[process.argv[2]]();
const failing = pool.submit(() => {
  throw new AggregateError([new RangeError("part")], "failed", { cause: new TypeError("why") });
});
const refused = pool.submit(() => () => 0);
const dying = pool.submit(() => process.exit(3));
const next = pool.submit(() => 1);
const calls: string[] = [];
for (const [name, future] of Object.entries({ failing, refused, dying, next })) {
  future.addDoneCallback(() => {
    calls.push(name);
    throw new Error(`callback of ${name}`);
  });
}
const settled = [await outcome(failing), await outcome(refused), await outcome(dying), await outcome(next)];
const mapped = await outcome(
  pool
    .map(
      (n: number): number => {
        throw new Error(`item ${n}`);
      },
      [1],
      { chunksize: 2 },
    )
    .next(),
);
let thrown: unknown;
try {
  pool.submit(
    (fn: unknown) => fn,
    () => 0,
  );
} catch (error) {
  thrown = (error as Error).name;
}
await new Promise((resolve) => setImmediate(resolve));
const { stack } = (await failing.exception()) as Error;
remove();
const { completed, failed } = pool.stats();
await pool.shutdown();
const submitted = typeof stack === "string" && stack.includes("--- submitted ---");
console.log(
  JSON.stringify({ submitted, settled, mapped, thrown, calls, reported, counts: [completed, failed] }),
);
