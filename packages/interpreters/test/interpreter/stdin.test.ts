/** What `process.stdin` reads in an interpreter is what `create({ stdin })` says; without that, reading is an error. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createReadStream, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough, Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import {
  create,
  createQueue,
  type CreateOptions,
  ExecutionFailed,
  type Interpreter,
  InterpreterError,
  InterpreterPoolExecutor,
  listAll,
  prewarm,
  UNBOUND_KEEP,
} from "interpreters";
import { startScenario, until, WATCHDOG } from "../support/processes.js";
import { rejection } from "../support/ways.js";

const limits = { timeout: WATCHDOG };
const folder = mkdtempSync(path.join(tmpdir(), "interpreters-stdin-"));
after(() => rmSync(folder, { recursive: true }));

const readAll = async (): Promise<string> => {
  let text = "";
  process.stdin.setEncoding("utf8");
  for await (const chunk of process.stdin) text += chunk as string;
  return text;
};

async function read(stdin: CreateOptions["stdin"]): Promise<string> {
  await using interp = create({ stdin });
  return await interp.call(readAll);
}

test("without stdin, reading is an error that says so, and looking is none", limits, async () => {
  prewarm(1);
  for (const options of [{}, { stdin: undefined }, { stdin: "ignore" }, { env: {} }] as const) {
    await using interp = create(options);
    assert.equal(
      await interp.call(() => process.stdin.readable && process.stdin === process.stdin.pause()),
      true,
    );
    const failed = await rejection(interp.call(readAll));
    assert.ok(failed instanceof ExecutionFailed);
    assert.ok(failed.cause instanceof InterpreterError);
    assert.equal(failed.cause.code, "ERR_INTERPRETER_STDIN");
    assert.match(failed.cause.message, /Cannot read process\.stdin: .*create\(\{ stdin \}\)/);
  }
  prewarm(0);
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  assert.equal((await rejection<InterpreterError>(pool.submit(readAll))).code, "ERR_INTERPRETER_STDIN");
});

test("a text and bytes", limits, async () => {
  assert.equal(await read(""), "");
  assert.equal(await read("line 1\nzwölf\n"), "line 1\nzwölf\n");
  assert.equal(await read(Buffer.from("inherit")), "inherit");
  const large = "0123456789".repeat(1_000_000);
  assert.equal(await read(large), large);
});

test("a stream of any kind", limits, async () => {
  async function* chunks(): AsyncGenerator<string | Uint8Array> {
    yield "one ";
    yield Buffer.from("zw");
    yield Buffer.from("ölf").subarray(0, 2);
    yield Buffer.from("ölf").subarray(2);
  }
  const web = new ReadableStream<string>({
    start(controller) {
      controller.enqueue("a");
      controller.enqueue("b");
      controller.close();
    },
  });
  const queue = createQueue<string>(0, { unboundItems: UNBOUND_KEEP });
  for (const item of ["x", "", "y"]) queue.putNowait(item);
  queue.shutdown();
  const later = new PassThrough();
  setImmediate(() => later.end("later"));
  assert.equal(await read(chunks()), "one zwölf");
  assert.equal(await read(Readable.from(["1", "2"])), "12");
  assert.equal(await read(web), "ab");
  assert.equal(await read(queue), "xy");
  assert.equal(await read(later), "later");
  assert.equal(await read(Readable.from([])), "");
});

test("a stream is read as far as the interpreter reads, and ends with it", limits, async () => {
  let given = 0;
  let ended = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield Buffer.alloc(10_000, ++given);
    } finally {
      ended = true;
    }
  }
  const interp = create({ stdin: endless() });
  const first = await interp.call(async () => {
    const { once } = process.getBuiltinModule("node:events").EventEmitter;
    await once(process.stdin, "readable");
    return (process.stdin.read(1) as Buffer)[0];
  });
  assert.equal(first, 1);
  const before = given;
  for (let i = 0; i < 20; i++) await interp.call(() => 0);
  assert.ok(given <= Math.max(before, 20), `${given} chunks`);
  await interp.terminate();
  await until(() => ended);
});

test("what goes wrong in a stream goes wrong where it is read", limits, async () => {
  async function* failing(): AsyncGenerator<string> {
    yield "before";
    throw new RangeError("disk");
  }
  const errorOf = async (stdin: CreateOptions["stdin"]): Promise<Error> =>
    (await rejection<ExecutionFailed>(read(stdin))).cause as Error;
  const failed = await errorOf(failing());
  assert.ok(failed instanceof RangeError);
  assert.equal(failed.message, "disk");
  const wrong = await errorOf(Readable.from([{ no: "bytes" }]));
  assert.match(
    String(wrong),
    /TypeError: The stream of create\(\{ stdin \}\) must give strings and bytes, found/,
  );
});

test("an error of a stream arrives as it is, whatever it is", limits, async () => {
  const thrown = async (error: unknown): Promise<unknown> => {
    async function* failing(): AsyncGenerator<string> {
      yield "before";
      throw error;
    }
    return (await rejection<ExecutionFailed>(read(failing()))).cause;
  };
  const failed = await thrown(
    Object.assign(new RangeError("disk", { cause: () => 1 }), { code: "EIO", retry() {} }),
  );
  assert.ok(failed instanceof RangeError);
  assert.equal((failed as Error & { code?: unknown }).code, "EIO");
  assert.deepEqual(await thrown("a text"), "a text");
  for (const value of [undefined, null, 0, Symbol("s"), { retry() {} }, Promise.resolve()]) {
    assert.match(inspect(await thrown(value)), /retry|Symbol|threw|Promise/);
  }
});

test("a stream that fails before it is read brings down nothing", limits, async () => {
  for (const look of [false, true]) {
    const stream = createReadStream(path.join(folder, "missing"));
    await using interp = create({ stdin: stream });
    if (look) await until(() => stream.destroyed);
    const { cause } = await rejection<ExecutionFailed>(interp.call(readAll));
    assert.equal((cause as NodeJS.ErrnoException).code, "ENOENT");
  }
});

test("a chunk that is part of a large buffer costs what it is", limits, async () => {
  const large = Buffer.alloc(256 * 2 ** 20, "x");
  async function* parts(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 1000; i++) yield large.subarray(i, i + 1);
  }
  // Copies of all of it would take minutes.
  assert.equal(await read(parts()), "x".repeat(1000));
});

test("the end of the thread that has the stream is an error", limits, async () => {
  const creator = create();
  const id = await creator.call(async () => {
    const { create } = await import("interpreters");
    const { PassThrough } = await import("node:stream");
    const interp = create({ stdin: new PassThrough() });
    Object.assign(globalThis, { interp });
    return interp.id;
  });
  const reader = listAll().find((interp) => interp.id === id) as Interpreter;
  const reading = reader.call(readAll);
  await until(() => reader.isRunning());
  await creator.terminate();
  const failed = await rejection<ExecutionFailed>(reading);
  assert.match(String(failed.cause), /has ended/);
  await reader.close();
});

test("bad values are refused at once", limits, () => {
  for (const stdin of [5, null, {}, [], () => {}, Symbol("s"), new ArrayBuffer(1)]) {
    assert.throws(() => create({ stdin: stdin as never }), /TypeError: create: stdin must be "ignore"/);
  }
  assert.throws(
    () => new InterpreterPoolExecutor({ stdin: "text" } as never),
    (error) => error instanceof TypeError && /stdin/.test(error.message),
  );
  assert.equal(listAll().length, 1);
});

const scenarios = fileURLToPath(new URL("./stdin.scenarios.js", import.meta.url));

test("inherit reads what the process has: a pipe, a file, nothing", limits, () => {
  const file = path.join(folder, "input.txt");
  writeFileSync(file, "from a file\n");
  const run = (options: object): string => {
    const { stdout, stderr } = spawnSync(process.execPath, [scenarios, "inherit"], {
      encoding: "utf8",
      ...options,
    });
    return stdout + stderr;
  };
  assert.equal(run({ input: "from a pipe\n" }), "[from a pipe\n] []\n");
  assert.equal(run({ stdio: [openSync(file, "r"), "pipe", "pipe"] }), "[from a file\n] []\n");
  assert.equal(run({ stdio: ["ignore", "pipe", "pipe"] }), "[] []\n");
});

test("input that nobody reads, or that has no end, keeps no process alive", limits, async () => {
  const { code, stdout, stderr } = await startScenario(
    new URL("./stdin.scenarios.js", import.meta.url),
    "idle",
  ).ended;
  assert.deepEqual([code, stdout, stderr], [0, "first\n", ""]);
});

test("closing does not wait for input", limits, async () => {
  const stream = new PassThrough();
  const interp = create({ stdin: stream });
  stream.write("x");
  await interp.call(async () => {
    const { once } = process.getBuiltinModule("node:events").EventEmitter;
    await once(process.stdin, "data");
  });
  await interp.close();
  if (!stream.destroyed) await once(stream, "close");
});
