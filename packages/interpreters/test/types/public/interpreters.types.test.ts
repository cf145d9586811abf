/**
 * Code that the compiler must accept, and code that it must refuse. Compiling this file tests the types: a `@ts-expect-error`
 * fails the build where its code has no error any more. Running it also checks the values.
 */
import { strict as assert } from "node:assert";
import { test } from "node:test";
import {
  create,
  createQueue,
  type CreateOptions,
  type ExecutionFailed,
  fromModule,
  type Future,
  type Interpreter,
  InterpreterDiedError,
  InterpreterError,
  InterpreterPoolExecutor,
  listAll,
  type ModuleClass,
  NotShareableError,
  type Queue,
  QueueEmpty,
  QueueError,
  UNBOUND,
  UNBOUND_ERROR,
  UNBOUND_KEEP,
  UNBOUND_REMOVE,
  type Whence,
} from "interpreters";

/** Compiles only where `A` and `B` are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void {}

interface Point {
  readonly x: number;
  readonly y?: string;
}

test("of a module's type, fromModule has the functions", () => {
  const module = fromModule<typeof import("node:path")>("node:path");
  same<typeof module.basename, typeof import("node:path").basename>();
  // @ts-expect-error a constant: nothing has loaded the module here, so nothing can read it
  void module.sep;
  // @ts-expect-error a namespace of more functions
  void module.posix;
  const { EventEmitterAsyncResource } = fromModule<typeof import("node:events")>("node:events");
  same<
    typeof EventEmitterAsyncResource,
    ModuleClass<typeof import("node:events").EventEmitterAsyncResource>
  >();
  // @ts-expect-error a class, which construct() takes and call() refuses
  void (() => create().call(EventEmitterAsyncResource));
  assert.throws(() => {
    // @ts-expect-error the module of other interpreters cannot be changed
    module.basename = () => "";
  }, TypeError);
  const named = fromModule<Record<string, (n: number) => number>>("node:path");
  same<(typeof named)[string], (n: number) => number>();
});

test("results of calls have the function's type, awaited", async () => {
  await using interp = create();
  const number = interp.call((a: number) => a, 1);
  same<typeof number, Promise<number>>();
  const awaited = interp.call(async (a: number) => [a], 1);
  same<typeof awaited, Promise<number[]>>();
  const blocking = interp.callSync(async (a: string) => a.length, "four");
  same<typeof blocking, number>();
  const nothing = interp.call(() => {});
  same<typeof nothing, Promise<void>>();
  const view = interp.with({ timeout: 10_000 }).callSync((p: Point) => p.x, { x: 1 });
  same<typeof view, number>();
  const builtin = interp.call(Math.hypot, 3, 4);
  same<typeof builtin, Promise<number>>();
  const inferred = interp.call((a, b) => a + b, 1, 2);
  same<typeof inferred, Promise<number>>();
  const rest = interp.call((...all: number[]) => all.length, 1, 2, 3);
  same<typeof rest, Promise<number>>();
  const optional = interp.call((a: number, b: number = 2) => a * b, 4);
  same<typeof optional, Promise<number>>();
  const { gzipSync } = fromModule<typeof import("node:zlib")>("node:zlib");
  same<typeof gzipSync, typeof import("node:zlib").gzipSync>();
  const exec = interp.exec("1");
  same<typeof exec, Promise<void>>();
  assert.deepEqual(
    [
      await number,
      await awaited,
      blocking,
      await nothing,
      view,
      await builtin,
      await inferred,
      await rest,
      await optional,
      await exec,
    ],
    [1, [1], 4, undefined, 1, 5, 3, 3, 8, undefined],
  );
});

test("arguments are checked against the function's parameters", () => {
  // Never called: only the compiler checks it.
  const never = (interp: Interpreter): void => {
    // @ts-expect-error a string is not a number
    void interp.call((a: number) => a, "1");
    // @ts-expect-error an argument is missing
    void interp.call((a: number) => a);
    // @ts-expect-error there is one argument too many
    void interp.call((a: number) => a, 1, 2);
    // @ts-expect-error the blocking form checks the same
    interp.callSync((a: number) => a, "1");
    // @ts-expect-error so does the form with options
    void interp.with({}).call((p: Point) => p.x, { x: "1" });
    // @ts-expect-error only functions can be called
    void interp.call("Math.hypot", 1);
    // @ts-expect-error code is a string
    void interp.exec(() => 1);
    // @ts-expect-error options are named
    interp.with({ timeOut: 5 });
    // @ts-expect-error a time limit is a number
    interp.with({ timeout: "5" });
    // @ts-expect-error views are not moved, their buffers are
    interp.with({ transfer: [new DataView(new ArrayBuffer(1))] });
    // @ts-expect-error options of create are named
    create({ nmae: "x" });
    // @ts-expect-error the result has the function's type
    const text: Promise<string> = interp.call((a: number) => a, 1);
    // @ts-expect-error ids are read-only
    interp.id = 5;
    // @ts-expect-error so is whence
    interp.whence = "unknown";
    void text;
  };
  assert.equal(typeof never, "function");
});

test("properties of interpreters and errors are typed", () => {
  same<ReturnType<typeof listAll>, Interpreter[]>();
  same<Interpreter["id"], number>();
  same<Interpreter["whence"], Whence>();
  same<Interpreter["name"], string | undefined>();
  same<Whence, "runtime init" | "interpreters module" | "worker_threads" | "unknown">();
  same<ExecutionFailed["excinfo"]["type"]["name"], string>();
  same<
    InterpreterDiedError["reason"],
    "terminated" | "timeout" | "aborted" | "exit" | "out-of-memory" | "uncaught-exception" | "boot"
  >();
  same<InterpreterDiedError["exitCode"], number | undefined>();
  const died: InterpreterError = new InterpreterDiedError("x", { interpreterId: 1, reason: "exit" });
  const notShareable: TypeError = new NotShareableError("x");
  const empty: QueueError = new QueueEmpty("x");
  for (const error of [died, notShareable, empty]) assert.ok(error instanceof Error);
  const options: CreateOptions = {
    name: "n",
    env: { A: "1" },
    argv: ["a"],
    execArgv: [],
    resourceLimits: { stackSizeMb: 4 },
  };
  assert.equal(options.name, "n");
});

test("an item of a queue may be UNBOUND, unless the queue's default rules that out", async () => {
  const unbound = createQueue<number>();
  same<typeof unbound, Queue<number>>();
  same<typeof unbound, Queue<number, typeof UNBOUND>>();
  const explicit = createQueue<number>(3, { unboundItems: UNBOUND });
  same<typeof explicit, Queue<number>>();
  const queues = [
    createQueue<number>(0, { unboundItems: UNBOUND_REMOVE }),
    createQueue<number>(0, { unboundItems: UNBOUND_ERROR }),
    createQueue<number>(0, { unboundItems: UNBOUND_KEEP }),
  ] as const;
  same<(typeof queues)[0], Queue<number, never>>();
  same<(typeof queues)[1], Queue<number, never>>();
  same<(typeof queues)[2], Queue<number, never>>();
  unbound.putNowait(1);
  const item = unbound.getNowait();
  same<typeof item, number | typeof UNBOUND>();
  // @ts-expect-error it may be UNBOUND
  const wrong: number = item;
  assert.equal(wrong, 1);
  if (item !== UNBOUND) same<typeof item, number>();
  for (const queue of queues) {
    queue.putNowait(2);
    const plain = queue.getNowait();
    same<typeof plain, number>();
    await queue.put(3);
    const waited = queue.get();
    same<typeof waited, Promise<number>>();
    assert.deepEqual([plain, await waited], [2, 3]);
  }
  queues[0].putNowait(4);
  queues[0].shutdown();
  for await (const each of queues[0]) {
    same<typeof each, number>();
    assert.equal(each, 4);
  }
  const never = (): void => {
    // @ts-expect-error items have the queue's type
    unbound.putNowait("text");
    // @ts-expect-error so have those that wait for room
    void queues[0].put("text");
    // @ts-expect-error there are four behaviours
    createQueue(0, { unboundItems: 5 });
    // @ts-expect-error maxsize is a number
    createQueue("5");
  };
  assert.equal(typeof never, "function");
});

test("tasks of a pool have the function's type, awaited", async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const future = pool.submit(async (a: number) => String(a), 5);
  same<typeof future, Future<string>>();
  const result = future.result();
  same<typeof result, Promise<string>>();
  const results: string[] = [];
  for await (const each of pool.map((n: number) => `${n}`, [1, 2])) {
    same<typeof each, string>();
    results.push(each);
  }
  assert.deepEqual([await future, await result, results], ["5", "5", ["1", "2"]]);
  const never = (): void => {
    // @ts-expect-error a string is not a number
    void pool.submit((a: number) => a, "1");
    // @ts-expect-error items are the function's arguments
    void pool.map((n: number) => n, ["text"]);
    // @ts-expect-error options are named
    void new InterpreterPoolExecutor({ maxWorker: 1 });
  };
  assert.equal(typeof never, "function");
});
