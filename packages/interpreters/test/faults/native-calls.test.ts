/**
 * Work inside a native call, which nothing can stop: its outcome, and the work behind it, wait for the decision and not for the thread.
 * No test looks at the clock: what a thread inside the call would block for ever is what the test itself ends.
 */
import assert from "node:assert/strict";
import { mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import {
  create,
  createQueue,
  type Interpreter,
  InterpreterDiedError,
  InterpreterPoolExecutor,
  listAll,
  type Queue,
  UNBOUND,
} from "interpreters";

/** A named pipe: a native call that reads it returns when the test writes there, and not before. */
class Pipe {
  readonly file: string;
  #open = false;

  constructor(t: TestContext) {
    const folder = mkdtempSync(path.join(tmpdir(), "native-"));
    this.file = path.join(folder, "pipe");
    execFileSync("mkfifo", [this.file]);
    t.after(() => {
      this.release();
      rmSync(folder, { recursive: true });
    });
  }

  /** Ends the native call, now or as soon as it reads. */
  release(): void {
    if (this.#open) return;
    this.#open = true;
    // Reading and writing: opening does not wait for a reader. It stays open, or what was written would be lost before a reader comes.
    writeSync(openSync(this.file, "r+"), "x");
  }
}

/** Announces itself, then is inside one native call until the pipe is written to. */
const readPipe = (file: string, began: Queue): string => {
  began.putSync("began");
  return process
    .getBuiltinModule("node:child_process")
    .execFileSync("head", ["-c", "1", file], { encoding: "utf8" });
};

const died = (reason: string) => (error: unknown) =>
  error instanceof InterpreterDiedError && error.reason === reason;

async function stuck(t: TestContext): Promise<{ interp: Interpreter; call: Promise<string>; pipe: Pipe }> {
  const pipe = new Pipe(t);
  const began = createQueue();
  const interp = create({ config: "legacy" });
  const call = interp.call(readPipe, pipe.file, began);
  call.catch(() => {});
  await began.get();
  return { interp, call, pipe };
}

test("terminate() and terminateSync() do not wait for a native call", async (t) => {
  const first = await stuck(t);
  await first.interp.terminate();
  await assert.rejects(first.call, died("terminated"));
  assert.ok(!listAll().includes(first.interp));
  const second = await stuck(t);
  second.interp.terminateSync();
  await assert.rejects(second.call, died("terminated"));
});

test("a signal and a time limit end a call inside a native call, in both forms, and not when it returns", async (t) => {
  const idle = async (): Promise<[Interpreter, Pipe]> => {
    const interp = create({ config: "legacy" });
    await interp.call(() => 0);
    return [interp, new Pipe(t)];
  };
  const [second, pipe] = await idle();
  const began = createQueue();
  const controller = new AbortController();
  const call = second.with({ signal: controller.signal }).call(readPipe, pipe.file, began);
  const behind = second.call(() => 1);
  call.catch(() => {});
  behind.catch(() => {});
  await began.get();
  controller.abort("enough");
  await assert.rejects(call, (reason) => reason === "enough");
  await assert.rejects(behind, died("aborted"));
  const timedOut = { name: "TimeoutError" };
  const [third, other] = await idle();
  await assert.rejects(third.with({ timeout: 50 }).call(readPipe, other.file, createQueue()), timedOut);
  const [fourth, last] = await idle();
  assert.throws(() => fourth.with({ timeout: 50 }).callSync(readPipe, last.file, createQueue()), timedOut);
  assert.ok(![second, third, fourth].some((interp) => listAll().includes(interp)));
});

test("items of an interpreter that is inside a native call have their fate when terminate() returns", async (t) => {
  const pipe = new Pipe(t);
  const began = createQueue();
  const queue = createQueue<number>();
  const interp = create({ config: "legacy" });
  await interp.call((q: Queue<number>) => q.putSync(1), queue);
  const call = interp.call(readPipe, pipe.file, began);
  call.catch(() => {});
  await began.get();
  await interp.terminate();
  assert.equal(queue.qsize(), 1);
  assert.equal(queue.getNowait(), UNBOUND);
  await assert.rejects(call, died("terminated"));
});

test("a pool tells of a time limit at the limit, and goes on with a replacement", async (t) => {
  const pipe = new Pipe(t);
  const began = createQueue();
  await using executor = new InterpreterPoolExecutor({ maxWorkers: 1, config: "legacy" });
  await executor.submit(() => 0);
  const inside = executor.with({ timeout: 100 }).submit(readPipe, pipe.file, began);
  const next = executor.submit(() => "next");
  await assert.rejects(inside);
  assert.equal(await next, "next");
});

test("a queue's item goes to a waiter that is alive, and not to one inside a native call", async (t) => {
  const pipe = new Pipe(t);
  const began = createQueue();
  const queue = createQueue<number>();
  const interp = create({ config: "legacy" });
  const call = interp.call(
    async (file: string, announce: Queue, items: Queue<number>, read: string) => {
      void items.get().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 5));
      return (0, eval)(`(${read})`)(file, announce);
    },
    pipe.file,
    began,
    queue,
    readPipe.toString(),
  );
  call.catch(() => {});
  await began.get();
  await interp.terminate();
  const item = queue.get();
  queue.putNowait(42);
  assert.equal(await item, 42);
});

test("an interpreter that comes out of its native call afterwards does no harm", async (t) => {
  for (let i = 0; i < 5; i++) {
    const { interp, call, pipe } = await stuck(t);
    await interp.terminate();
    pipe.release();
    await assert.rejects(call, died("terminated"));
  }
  await using interp = create();
  assert.equal(await interp.call(Math.max, 1, 2), 2);
});
