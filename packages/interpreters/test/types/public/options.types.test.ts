/** Options that are undefined, classes as values and as types, moves and registered types, as the other programs here test the rest. */
import { strict as assert } from "node:assert";
import * as net from "node:net";
import { PassThrough } from "node:stream";
import * as streams from "node:stream/web";
import { test } from "node:test";
import * as threads from "node:worker_threads";
import {
  create,
  createQueue,
  type CreateOptions,
  type DeathReason,
  ExecutionFailed,
  fromModule,
  functionsOf,
  Future,
  getCurrent,
  getMain,
  Interpreter,
  InterpreterDiedError,
  type InterpreterEnd,
  InterpreterError,
  InterpreterPoolExecutor,
  isShareable,
  listQueues,
  type Movable,
  move,
  NotShareableError,
  prewarm,
  Queue,
  QueueEmpty,
  QueueFull,
  QueueNotFoundError,
  registerType,
  type TypeCodec,
  UNBOUND,
  UNBOUND_KEEP,
  type UnboundItems,
} from "interpreters";

/** Compiles only where `A` and `B` are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void {}

test("options of interpreters and queues may be undefined, and are not given then", async () => {
  const limits = (signal?: AbortSignal, timeout?: number) => ({ signal, timeout });
  const options: CreateOptions = {
    name: undefined,
    env: { ...process.env, INTERPRETERS_A: "a", INTERPRETERS_B: undefined },
    argv: undefined,
    execArgv: undefined,
    resourceLimits: { stackSizeMb: undefined, maxOldGenerationSizeMb: 64 },
    config: { allowThreads: undefined, addonTimeout: undefined, shareEnv: false },
    stdout: undefined,
    stderr: undefined,
    language: undefined,
    concurrency: undefined,
    workerData: undefined,
    parentPort: undefined,
    environmentData: undefined,
    transfer: undefined,
  };
  await using interp = create(options);
  const view = interp.with({
    ...limits(),
    waitTimeout: undefined,
    resultTimeout: undefined,
    ref: undefined,
    transfer: undefined,
  });
  assert.deepEqual(
    await view.call(() => ["INTERPRETERS_A" in process.env, "INTERPRETERS_B" in process.env]),
    [true, false],
  );
  await using plain = create({ env: undefined, resourceLimits: undefined, config: undefined });
  await plain.exec("1", { ...limits(), base: undefined });
  plain.execSync("1", { ...limits(), base: undefined });
  assert.equal(await plain.call(() => process.env["PATH"]), process.env["PATH"]);
  const queue = createQueue<number>(undefined, { unboundItems: undefined });
  same<typeof queue, Queue<number>>();
  await queue.put(1, { ...limits(), unboundItems: undefined, transfer: undefined });
  queue.putSync(2, { ...limits(), unboundItems: undefined, transfer: undefined });
  queue.putNowait(3, { unboundItems: undefined, transfer: undefined });
  await queue.putMany([4], { ...limits(), unboundItems: undefined });
  assert.deepEqual([await queue.get(limits()), queue.getSync(limits())], [1, 2]);
  assert.deepEqual(await queue.getMany(5, limits()), [3, 4]);
  queue.shutdown({ immediate: undefined });
  assert.deepEqual(await functionsOf("node:path", { in: undefined }), await functionsOf("node:path"));
  prewarm(0, { language: undefined });
  const error = new InterpreterError("m", { cause: undefined, code: undefined });
  assert.equal(error.code, "ERR_INTERPRETER");
  await plain.close({ wait: undefined });
});

test("streams of Node and of the web are sinks", async () => {
  const sinks: CreateOptions["stdout"][] = [
    process.stdout,
    new PassThrough(),
    new WritableStream<string>(),
    new streams.WritableStream<string>(),
    { write: (text: string) => text.length },
    "ignore",
  ];
  assert.equal(sinks.length, 6);
  const text: string[] = [];
  await using interp = create({ stdout: { write: (more) => text.push(more) } });
  await interp.exec("console.log('hello')");
  assert.deepEqual(text, ["hello\n"]);
  // @ts-expect-error a number is no sink
  assert.throws(() => create({ stdout: 5 }), TypeError);
});

test("classes are values and types", async () => {
  const queue = createQueue<string>();
  const bound = new Queue<string>(queue.id);
  same<typeof bound, Queue<string>>();
  assert.equal(bound, queue);
  same<ReturnType<typeof listQueues>, Queue[]>();
  const main: Interpreter = new Interpreter(getMain().id);
  assert.ok(main instanceof Interpreter && main === getCurrent());
  const take = (from: Queue<string, never>): string => from.getNowait();
  const kept = createQueue<string>(0, { unboundItems: UNBOUND_KEEP });
  kept.putNowait("kept");
  assert.equal(take(kept), "kept");
  const rule: UnboundItems = UNBOUND;
  assert.equal(rule, queue.unboundItems);
  class Mine extends InterpreterError {
    readonly mine = true;
  }
  const errors: unknown[] = [new Mine("m"), new QueueEmpty("e")];
  for (const error of errors) {
    if (error instanceof Mine) same<typeof error.mine, true>();
    if (error instanceof ExecutionFailed) same<typeof error.excinfo.errdisplay, string>();
    if (error instanceof InterpreterDiedError) same<typeof error.interpreterId, number>();
    if (error instanceof InterpreterError) same<typeof error.code, string>();
  }
  same<QueueFull["put"], number | undefined>();
  same<QueueNotFoundError["put"], number | undefined>();
  same<NotShareableError["items"], readonly unknown[] | undefined>();
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const future = pool.submit((n: number) => n, 1);
  assert.ok(future instanceof Future && pool instanceof InterpreterPoolExecutor);
  const values = await Promise.all([future, pool.submit((s: string) => s, "s")]);
  same<typeof values, [number, string]>();
  assert.deepEqual(values, [1, "s"]);
});

test("map and queues infer from arrays and asynchronous sources", async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  async function* source(): AsyncGenerator<number> {
    yield 1;
    yield 2;
  }
  const results: string[] = [];
  const from: (Iterable<number> | AsyncIterable<number>)[] = [[1, 2], new Set([3]), source()];
  for (const each of from) {
    for await (const text of pool.map((n: number, times = 2) => String(n).repeat(times), each)) {
      same<typeof text, string>();
      results.push(text);
    }
  }
  const untyped = pool.map((n) => n * 2, source());
  same<typeof untyped, AsyncGenerator<number, void, undefined>>();
  for await (const n of untyped) results.push(String(n));
  assert.deepEqual(results, ["11", "22", "33", "11", "22", "2", "4"]);
  const { basename } = fromModule<typeof import("node:path")>("node:path");
  const names = pool.map(basename, ["/a/b"]);
  same<typeof names, AsyncGenerator<string, void, undefined>>();
  for await (const name of names) assert.equal(name, "b");
});

test("move keeps the type, and registerType infers what encode makes", () => {
  const bytes = move(new Uint8Array(8));
  assert.equal(bytes.length, 8);
  const part = { bytes: new ArrayBuffer(8), name: "n" };
  same<typeof part, ReturnType<typeof move<typeof part>>>();
  const { port1, port2 } = new MessageChannel();
  const channel = new threads.MessageChannel();
  const transfer: Movable[] = [part.bytes, port1, channel.port1];
  transfer.push(
    new ReadableStream<string>(),
    new WritableStream<string>(),
    new TransformStream<string, number>(),
  );
  transfer.push(
    new streams.ReadableStream<string>(),
    AbortSignal.abort(),
    new net.Socket(),
    net.createServer(),
  );
  assert.equal(transfer.length, 10);
  channel.port1.close();
  port1.close();
  port2.close();
  class Point {
    constructor(
      readonly x: number,
      readonly y: number,
    ) {}
  }
  registerType("types/Point", Point, {
    encode: ({ x, y }) => [x, y] as const,
    decode: ([x, y]) => new Point(x, y),
  });
  const shareable: boolean = isShareable(new Point(1, 2));
  assert.ok(shareable);
  const never = (): void => {
    const codec: TypeCodec<Point, string> = { encode: String, decode: () => new Point(0, 0) };
    registerType("types/Point", Point, codec);
    // @ts-expect-error decode gets what encode returns
    registerType<Point, string>("types/Point", Point, { encode: () => 1, decode: () => new Point(0, 0) });
    // @ts-expect-error only objects move
    move(5);
  };
  assert.equal(typeof never, "function");
});

test("the end and the thread of an interpreter, and its parent", async () => {
  const { port1, port2 } = new threads.MessageChannel();
  const interp = create({
    concurrency: 2,
    workerData: { any: ["value"] },
    parentPort: port2,
    environmentData: new Map([["key", 1]]),
  });
  same<typeof interp.threadId, number | undefined>();
  same<typeof interp.ended, Promise<InterpreterEnd>>();
  same<InterpreterEnd["reason"], DeathReason | "closed">();
  same<InterpreterEnd["exitCode"], number | undefined>();
  same<InterpreterEnd["error"], unknown>();
  const global: { port1: unknown; port2: InstanceType<typeof MessageChannel>["port2"] } =
    new globalThis.MessageChannel();
  await using other = create({ parentPort: global.port2, environmentData: { key: 1 } });
  const queue = createQueue<number>(0, { unboundItems: UNBOUND_KEEP });
  queue.putNowait(1);
  same<number, Awaited<ReturnType<typeof queue.get>>>();
  assert.equal(await queue.get({ ref: false, timeout: 1000 }), 1);
  assert.throws(() => {
    // @ts-expect-error a blocking form keeps the process alive in any case
    queue.getSync({ ref: false });
  }, TypeError);
  assert.throws(() => {
    // @ts-expect-error not a port
    create({ parentPort: "port" });
  }, TypeError);
  assert.throws(() => {
    // @ts-expect-error read-only
    interp.threadId = 1;
  }, TypeError);
  await other.call(() => 1);
  await interp.close();
  port1.close();
});
