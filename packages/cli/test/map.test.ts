/** The command with a fake engine: its calls to the pool, and its handling of slow and failing streams. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { test } from "node:test";
import { runCli } from "../src/cli.js";
import { type Io, Stop } from "../src/io.js";
import { FakeEngine } from "./fake-engine.js";

class Sink extends Writable {
  text = "";
  isTTY = false;
  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.text += chunk.toString();
    done();
  }
}

interface TestIo extends Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
}

function io(stdin: string | Readable, more: Partial<TestIo> = {}): TestIo {
  return {
    stdin: typeof stdin === "string" ? Readable.from([Buffer.from(stdin)]) : stdin,
    stdout: new Sink(),
    stderr: new Sink(),
    cwd: process.cwd(),
    interrupted: new AbortController().signal,
    releaseSigint: () => undefined,
    ...more,
  };
}

const double = (value: unknown): number => Number(value) * 2;
// Any module that resolves: the fake engine never loads it.
const MODULE = "node:path";

test("results are written in order, and the pool is shut down once", async () => {
  const engine = new FakeEngine({ default: double });
  const streams = io("1\n2\n\n3\n");
  assert.equal(await runCli(["map", MODULE, "--workers", "3", "--retries", "2"], streams, engine), 0);
  assert.equal(streams.stdout.text, "2\n4\n6\n");
  assert.equal(streams.stderr.text, "");
  assert.deepEqual(engine.log, [
    "create workers=3 concurrency=1 retries=2",
    "shutdown cancelFutures=true timeout=undefined",
  ]);
});

test("--timeout applies to the items, not to loading the module", async () => {
  const engine = new FakeEngine({ default: double });
  assert.equal(await runCli(["map", MODULE, "--timeout", "50"], io("1\n"), engine), 0);
  assert.equal(engine.log[1], "with timeout=50");
  assert.equal(engine.submitted, 2);
});

test("a failed item stops the run, and the pool is not awaited", async () => {
  const engine = new FakeEngine({
    default: (value) => {
      if (value === 2) throw new RangeError("two\n  is too many");
      return value;
    },
  });
  const streams = io("1\n2\n3\n");
  assert.equal(await runCli(["map", MODULE], streams, engine), 1);
  assert.equal(streams.stdout.text, "1\n");
  assert.match(
    streams.stderr.text,
    /^stdin:2: RangeError: two is too many \(at \S+map\.test\.js:\d+:\d+\)\n$/,
  );
  assert.equal(engine.log.at(-1), "shutdown cancelFutures=true timeout=0");
});

test("thrown values that are not errors are reported with their type", async () => {
  const engine = new FakeEngine({
    default: (value) => {
      throw value;
    },
  });
  const streams = io('"text"\nnull\n{"a":1}\n');
  assert.equal(await runCli(["map", MODULE, "--on-error", "skip"], streams, engine), 1);
  assert.deepEqual(streams.stderr.text.split("\n"), [
    "stdin:1: string: 'text' was thrown, which is no error",
    "stdin:2: null: null was thrown, which is no error",
    "stdin:3: object: { a: 1 } was thrown, which is no error",
    "interpreters: 3 of 3 items failed",
    "",
  ]);
});

test("the export is the named one, the default one, or the only function; otherwise the functions are listed", async () => {
  const run = async (module: string, exports: Record<string, () => string>): Promise<string> => {
    const streams = io("0\n");
    const code = await runCli(["map", module], streams, new FakeEngine(exports));
    return `${code}: ${streams.stdout.text}${streams.stderr.text}`.trim();
  };
  const a = (): string => "a";
  const b = (): string => "b";
  assert.equal(await run(MODULE, { a, default: b }), '0: "b"');
  assert.equal(await run(MODULE, { a }), '0: "a"');
  assert.equal(await run(`${MODULE}#b`, { a, b }), '0: "b"');
  assert.equal(
    await run(MODULE, { a, b }),
    "2: interpreters: node:path has no default function: say which one, as in node:path#a " +
      "(the functions it exports are a, b)",
  );
  assert.equal(
    await run(`${MODULE}#c`, { a, b }),
    "2: interpreters: node:path exports no function c; the functions it exports are a, b",
  );
  assert.equal(await run(MODULE, {}), "2: interpreters: node:path exports no function");
  assert.equal(
    await run(`${MODULE}#`, { a }),
    "2: interpreters: no export is named after the # of node:path#",
  );
});

test("a reader of the results that stalls also stops the reading of the input, even if it is endless", async () => {
  const resume: (() => void)[] = [];
  class Stuck extends Sink {
    override _write(chunk: Buffer, _encoding: string, done: () => void): void {
      resume.push(done);
      this.text += chunk.toString();
    }
  }
  const stdout = new Stuck({ highWaterMark: 1 });
  let read = 0;
  function* endless(): Generator<Buffer> {
    for (;;) {
      read += 1;
      yield Buffer.from("1\n");
    }
  }
  const interruption = new AbortController();
  const engine = new FakeEngine({ default: double });
  const over = runCli(
    ["map", MODULE, "--workers", "1"],
    io(Readable.from(endless()), { stdout, interrupted: interruption.signal }),
    engine,
  );
  const quiet = async (): Promise<number> => {
    let before = -1;
    while (before !== engine.submitted || before < 1) {
      before = engine.submitted;
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    return before;
  };
  const atFirst = await quiet();
  // One window of items, and the results that are collected for one write: 32768 here.
  assert.ok(atFirst < 40_000 && read < 40_000, `${atFirst} items submitted, ${read} read`);
  for (let turn = 0; turn < 10; turn++) {
    resume.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok((await quiet()) > atFirst);

  interruption.abort(new Stop(130, "stopped by Ctrl-C"));
  const drain = setInterval(() => resume.shift()?.(), 1);
  assert.equal(await over, 130);
  clearInterval(drain);
});

test("an interruption while the module loads ends the command", async () => {
  const interruption = new AbortController();
  const engine = new FakeEngine({ default: double }, new Promise(() => undefined));
  const streams = io("1\n", { interrupted: interruption.signal });
  const over = runCli(["map", MODULE], streams, engine);
  while (engine.submitted === 0) await new Promise((resolve) => setImmediate(resolve));
  interruption.abort(new Stop(130, "stopped by Ctrl-C"));
  assert.equal(await over, 130);
  assert.equal(streams.stderr.text, "interpreters: stopped by Ctrl-C\n");
  assert.equal(engine.log.at(-1), "shutdown cancelFutures=true timeout=0");
});

test("an interruption writes the results that are finished in order, and awaits no others", async () => {
  const interruption = new AbortController();
  let running = 0;
  const engine = new FakeEngine({
    default: (value) => {
      running += 1;
      return value === 3 ? new Promise(() => undefined) : value;
    },
  });
  const streams = io("1\n2\n3\n4\n", { interrupted: interruption.signal });
  const over = runCli(["map", MODULE], streams, engine);
  while (running < 4) await new Promise((resolve) => setImmediate(resolve));
  interruption.abort(new Stop(130));
  assert.equal(await over, 130);
  assert.equal(streams.stdout.text, "1\n2\n");
});

test("a write error is reported and is a failure, except for a closed pipe, which ends the command quietly", async () => {
  const failing = (code: string): Sink =>
    new (class extends Sink {
      override _write(_chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
        done(Object.assign(new Error(`${code}: it broke`), { code }));
      }
    })();
  const engine = new FakeEngine({ default: double });
  const full = io("1\n", { stdout: failing("ENOSPC") });
  assert.equal(await runCli(["map", MODULE], full, engine), 1);
  assert.equal(full.stderr.text, "interpreters: writing the results failed: ENOSPC: it broke\n");

  const closed = io("1\n", { stdout: failing("EPIPE") });
  assert.equal(await runCli(["map", MODULE], closed, engine), 0);
  assert.equal(closed.stderr.text, "");
});

test("a read error ends the command after the results before it are written", async () => {
  async function* breaking(): AsyncGenerator<Buffer> {
    yield Buffer.from("1\n2\n");
    throw Object.assign(new Error("EIO: it broke"), { code: "EIO" });
  }
  const streams = io(Readable.from(breaking()));
  assert.equal(await runCli(["map", MODULE], streams, new FakeEngine({ default: double })), 1);
  assert.equal(streams.stdout.text, "2\n4\n");
  assert.equal(streams.stderr.text, "interpreters: reading stdin failed: EIO: it broke\n");
});

test("on a terminal a bar shows the progress, and failures do not overlap it", async () => {
  const stderr = Object.assign(new Sink(), {
    isTTY: true,
    columns: 80,
    cursorTo: () => true,
    clearLine: () => true,
  });
  const engine = new FakeEngine({
    default: (value) => {
      throw new Error(`no ${String(value)}`);
    },
  });
  await runCli(["map", MODULE, "--on-error", "skip"], io("1\n2\n", { stderr }), engine);
  assert.match(stderr.text, /0 items {2}0\.0\/s/);
  assert.match(stderr.text, /2 items {2}[\d.]+\/s {2}2 failed/);
  assert.ok(stderr.text.includes("\r\u001B[Kstdin:1: Error: no 1 (at "));
  // Restoring the cursor to the bar's first row, as the library does, would overwrite the failures.
  assert.ok(!stderr.text.includes("\u001B8"));
});

test("--progress gives the function a report, which moves the bar while the item runs", async (t) => {
  const stderr = Object.assign(new Sink(), {
    isTTY: true,
    columns: 80,
    cursorTo: () => true,
    clearLine: () => true,
  });
  const folder = mkdtempSync(join(tmpdir(), "progress-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "two.jsonl"), "1\n2\n");
  const seen = async (text: RegExp): Promise<void> => {
    while (!text.test(stderr.text)) await new Promise((resolve) => setImmediate(resolve));
  };
  const engine = new FakeEngine({
    default: async (value, given) => {
      const report = given as (share: unknown) => void;
      if (value === 1) {
        // The other one comes later than this is seen.
        report(0.5);
        await seen(/ 25% {2}0\/2 /);
        // Neither a share, nor one from 0 to 1.
        for (const odd of ["0.1", Number.NaN, undefined]) report(odd);
        report(7);
        await seen(/ 50% {2}0\/2 /);
      } else await seen(/ 50% {2}1\/2 /);
      return value;
    },
  });
  const args = ["map", MODULE, "--progress", "--input", join(folder, "two.jsonl")];
  const streams = io("", { stderr });
  assert.equal(await runCli(args, streams, engine), 0);
  assert.equal(streams.stdout.text, "1\n2\n");
});

test("without --progress the function gets the item only", async () => {
  const engine = new FakeEngine({ default: (...args) => args.length });
  const streams = io("1\n");
  assert.equal(await runCli(["map", MODULE], streams, engine), 0);
  assert.equal(streams.stdout.text, "1\n");
});
