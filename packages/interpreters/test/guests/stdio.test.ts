/** Output of a worker thread: at once, complete and in order, whichever thread is blocked. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe as group, test } from "node:test";
import { runWhileBlocked } from "./thread.js";

const thread = new URL("./thread.js", import.meta.url).href;

/** A program whose main thread is blocked for as long as `body` runs in a worker, and then writes a last line. */
function program(body: string): string {
  return `import { runWhileBlocked } from ${JSON.stringify(thread)};
          runWhileBlocked(${JSON.stringify(body)});
          console.log("main goes on");`;
}

const start = (source: string): ReturnType<typeof spawn> =>
  spawn(process.execPath, ["--input-type=module", "-e", source]);

async function run(source: string): Promise<{ stdout: string; stderr: string; code: unknown }> {
  const child = start(source);
  let [stdout, stderr] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as unknown[];
  return { stdout, stderr, code };
}

group("what an interpreter prints", () => {
  test("shows while the main thread is blocked", async () => {
    // The worker waits for this test's input, and main waits for the worker.
    const child = start(
      program('installStdio(); console.log("hello"); require("node:fs").readSync(0, Buffer.alloc(1));'),
    );
    let stdout = "";
    child.stdout?.setEncoding("utf8");
    for await (const text of child.stdout ?? []) {
      stdout += text as string;
      if (stdout === "hello\n") child.stdin?.end("\n");
    }
    assert.equal(stdout, "hello\nmain goes on\n");
  });

  test("arrives whole and in order, by every way of writing", async () => {
    const { stdout, stderr, code } = await run(
      program(`installStdio();
        process.stdout.write("1\\n"); process.stdout.write(Buffer.from("2\\n")); process.stdout.write("330a", "hex");
        process.stdout.cork(); process.stdout.write("4"); process.stdout.write("5\\n"); process.stdout.uncork();
        console.error("oops"); console.log("x".repeat(1e6)); console.log({ a: 1 });
        await new Promise((done) => process.stdout.write("6\\n", done));`),
    );
    assert.equal(
      stdout.replace("x".repeat(1e6), "<a million>"),
      "1\n2\n3\n45\n<a million>\n{ a: 1 }\n6\nmain goes on\n",
    );
    assert.equal(stderr, "oops\n");
    assert.equal(code, 0);
  });

  test("is not held up by what was printed before it was installed", async () => {
    const { stdout, code } = await run(
      program('console.log("early"); installStdio(); console.log("late"); console.log("later");'),
    );
    assert.ok(stdout.startsWith("late\nlater\n"), stdout);
    assert.match(stdout, /early\n/);
    assert.equal(code, 0);
  });

  test("leaves the messages between Node's threads alone", async () => {
    // The starter's event loop turns, so it asks the worker for more output, and only Node's own stream understands that.
    const worker = `const { installStdio } = await import(data);
      installStdio();
      console.log("one");
      setImmediate(() => require("node:worker_threads").parentPort.postMessage("done"));`;
    const { stdout, stderr, code } = await run(
      `import { Worker } from "node:worker_threads";
       import { once } from "node:events";
       const worker = new Worker(${JSON.stringify(`const { workerData: data } = require("node:worker_threads"); (async () => { ${worker} })();`)}, {
         eval: true, execArgv: [], workerData: ${JSON.stringify(new URL("../../src/guests/javascript/stdio.js", import.meta.url).href)} });
       const exit = once(worker, "exit");
       await once(worker, "message");
       console.log(await exit);`,
    );
    assert.deepEqual({ stdout, stderr, code }, { stdout: "one\n[ 0 ]\n", stderr: "", code: 0 });
  });
});

group("a descriptor", () => {
  /** Writes 6 bytes with `fs.writeSync` replaced, and returns what it was asked to write. */
  const writing = (writeSync: string): unknown =>
    runWhileBlocked(
      `installStdio();
       const fs = require("node:fs");
       const calls = [];
       fs.writeSync = (fd, chunk, offset) => { calls.push(fd + ":" + Buffer.from(chunk).toString("utf8", offset)); return (${writeSync})(chunk, offset); };
       const error = await new Promise((done) => {
         process.stderr.once("error", () => {});
         process.stderr.write("abcdef", done);
       });
       return { calls, error: error?.code ?? null };`,
    );

  test("that takes a part gets the rest", () => {
    assert.deepEqual(writing("() => 4"), { calls: ["2:abcdef", "2:ef"], error: null });
  });

  test("that is full is tried again until it is not", () => {
    const full =
      "(chunk, offset) => { if (calls.length < 4) throw Object.assign(new Error(), { code: 'EAGAIN' }); return chunk.length - offset; }";
    assert.deepEqual(writing(full), { calls: Array(4).fill("2:abcdef"), error: null });
  });

  test("that nobody reads is written to in vain", () => {
    const broken = "() => { throw Object.assign(new Error(), { code: 'EPIPE' }); }";
    assert.deepEqual(writing(broken), { calls: ["2:abcdef"], error: null });
  });

  test("that fails otherwise is reported", () => {
    const broken = "() => { throw Object.assign(new Error(), { code: 'ENOSPC' }); }";
    assert.deepEqual(writing(broken), { calls: ["2:abcdef"], error: "ENOSPC" });
  });
});

test("a stream that is no terminal does not claim to be one", () => {
  const seen = runWhileBlocked(
    `installStdio();
     const tty = require("node:tty").isatty(1);
     const { isTTY, columns, hasColors, fd } = process.stdout;
     return { tty, isTTY: isTTY ?? false, sized: columns !== undefined, colours: typeof hasColors === "function", fd };`,
  ) as { tty: boolean };
  const { tty } = seen;
  assert.deepEqual(seen, { tty, isTTY: tty, sized: tty, colours: tty, fd: 1 });
});
