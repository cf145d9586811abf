/** The prompt: as a process with a pipe, and in this process with a fake terminal. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { PassThrough, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runCli } from "../src/cli.js";
import { engine, type InterpreterLike } from "../src/engine.js";

const limits = { timeout: 60_000 };

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function pipe(...lines: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("../src/main.js", import.meta.url)), "repl"]);
  child.stdin.end(lines.map((line) => `${line}\n`).join(""));
  const code = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

test("from a pipe: results are printed, declarations stay, nothing else is printed", limits, async () => {
  const { code, stdout, stderr } = await pipe(
    "let a = 1",
    "a + 1",
    "$_ * 10;",
    "({ a, b: [1, 2] })",
    "function twice(n) {",
    "  return n * 2",
    "}",
    "twice(",
    "  21",
    ")",
    "await Promise.resolve('later')",
    "import { basename } from 'node:path'",
    "basename('/x/y')",
    "const typed: number = 7",
    "typed",
    "undefined",
    "",
    "`a",
    "b`",
    "console.log('printed')",
  );
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.equal(stdout, "2\n20\n{ a: 1, b: [ 1, 2 ] }\n42\n'later'\n'y'\n7\n'a\\nb'\nprinted\n");
});

test("interpreters are created, entered, listed and closed", limits, async () => {
  const { code, stdout, stderr } = await pipe(
    "var who = 'first'",
    ".create second one",
    "typeof who",
    ".list",
    ".enter 1",
    "who",
    ".close 2",
    ".list",
    ".close",
    "typeof who",
    ".exit",
    "'not reached'",
  );
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.equal(
    stdout,
    [
      "'undefined'",
      "  0  runtime init",
      "  1  interpreters module",
      "* 2  interpreters module  second one",
      "'first'",
      "  0  runtime init",
      "* 1  interpreters module",
      "'undefined'\n",
    ].join("\n"),
  );
});

test("failures are printed, the next line runs, and the exit code is 1", limits, async () => {
  const { code, stdout, stderr } = await pipe(
    "throw new RangeError('too far')",
    "nope.x",
    "throw 'text'",
    "let x = = 1",
    ".enter 99",
    ".close 0",
    ".nope",
    "process.exit(3)",
    "1 + 1",
    "function unfinished() {",
  );
  assert.equal(code, 1);
  assert.equal(stdout, "2\n");
  for (const part of [
    /RangeError: too far\n\s+at repl:1:7/,
    /ReferenceError: nope is not defined/,
    /Uncaught 'text'/,
    /repl:1\nlet x = = 1\n {8}\^\n/,
    /there is no interpreter 99; see \.list/,
    /InterpreterError: Cannot close interpreter 0/,
    /there is no command \.nope; see \.help/,
    /InterpreterDiedError: .*process\.exit\(3\)/,
    /SyntaxError: Unexpected end of input/,
  ]) {
    assert.match(stderr, part);
  }
  assert.doesNotMatch(stderr, /\$_=/);
});

class Screen extends Writable {
  text = "";
  readonly isTTY = true;
  readonly columns = 80;
  #wanted: { part: RegExp; resolve: () => void } | undefined;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    if (this.#wanted?.part.test(this.text) === true) this.#wanted.resolve();
    done();
  }

  /** Resolves once `part` is shown. */
  shows(part: RegExp): Promise<void> {
    return new Promise((resolve) => {
      if (part.test(this.text)) resolve();
      else this.#wanted = { part, resolve };
    });
  }
}

/** Wraps `interp` to call `began` when it gets this code. */
function tellingWhen(interp: InterpreterLike, code: string, began: () => void): InterpreterLike {
  return {
    id: interp.id,
    name: interp.name,
    whence: interp.whence,
    exec(source, options) {
      if (source === code) began();
      return interp.exec(source, options);
    },
    with: (options) => interp.with(options),
    close: () => interp.close(),
  };
}

test("on a terminal: prompts, colors, Ctrl-C stops the running line, Ctrl-D leaves", limits, async () => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin });
  const stdout = new Screen();
  const stderr = new Screen();
  let began = (): void => {};
  const running = new Promise<void>((resolve) => (began = resolve));
  const ended = runCli(
    ["repl"],
    { stdin, stdout, stderr, cwd: process.cwd(), interrupted: new AbortController().signal },
    { ...engine, create: () => tellingWhen(engine.create(), "for (;;);", began) },
  );
  await stdout.shows(/Type \.help.*\n[^]*-> /);
  stdin.write("6 *\r");
  await stdout.shows(/\.\.\. /);
  stdin.write("7\r");
  // In colour.
  await stdout.shows(/\[33m42[^]*\d+> /);
  stdin.write("for (;;);\r");
  await running;
  stdin.write("\u0003");
  await stderr.shows(/abort/);
  stdin.write(".help\r");
  await stdout.shows(/\.create \[name\]/);
  stdin.write("\u0004");
  assert.equal(await ended, 0, stderr.text);
});
