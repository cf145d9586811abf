/** The prompt as a process with a pipe. terminal.test.ts has a terminal. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const limits = { timeout: 60_000 };

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const pipe = (...lines: readonly string[]): Promise<Ended> => pipeWith([], ...lines);

async function pipeWith(flags: readonly string[], ...lines: readonly string[]): Promise<Ended> {
  const main = fileURLToPath(new URL("../src/main.js", import.meta.url));
  const child = spawn(process.execPath, [...flags, main, "repl"]);
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
    "const last = 1; last + 1",
    "if (a) a; else 0",
  );
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.equal(stdout, "2\n20\n{ a: 1, b: [ 1, 2 ] }\n42\n'later'\n'y'\n7\n'a\\nb'\nprinted\n2\n");
});

test("an interpreter that was entered stays, also when garbage is collected", limits, async () => {
  const collect =
    "data:text/javascript,import%20{isMainThread}from'worker_threads';isMainThread%26%26setInterval(gc,5).unref()";
  const { code, stdout, stderr } = await pipeWith(
    ["--expose-gc", "--import", collect],
    "var who = 'first'",
    ".create other",
    "await new Promise((resolve) => setTimeout(resolve, 300, 'waited'))",
    ".enter 1",
    "who",
  );
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.equal(stdout, "'waited'\n'first'\n");
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
    /^Uncaught RangeError: too far\n/,
    /^Uncaught ReferenceError: nope is not defined\n/m,
    /^Uncaught 'text'\n/m,
    /^let x = = 1\n {8}\^\n\nUncaught SyntaxError: Unexpected token '='\n/m,
    /there is no interpreter 99; see \.list/,
    /InterpreterError: Cannot close interpreter 0/,
    /there is no command \.nope; see \.help/,
    /InterpreterDiedError: .*process\.exit\(3\)/,
    /Uncaught SyntaxError: Unexpected end of input/,
  ]) {
    assert.match(stderr, part);
  }
  assert.doesNotMatch(stderr, /\$_=/);
});

test(
  "errors show as in Node's prompt: without the typed line's own frame, in its columns",
  limits,
  async () => {
    const { stderr } = await pipe(
      "function f(n) { throw Object.assign(new RangeError('no'), { code: 'X', cause: new Error('why') }) }",
      "f(1)",
      "[1].map((n) => { throw new TypeError('in an expression') })",
      "JSON.parse('{')",
      "await Promise.reject(new Error('later'))",
      "({ then() { throw 1 } })",
      "let n = 1; [n].map((n) => { throw new EvalError('last') })",
    );
    const lines = stderr.split("\n");
    assert.deepEqual(lines.slice(0, 5), [
      "Uncaught RangeError: no",
      "    at f (REPL1:1:37) {",
      "  code: 'X',",
      "  cause: Error: why",
      "      at f (REPL1:1:79)",
    ]);
    assert.match(
      stderr,
      /^Uncaught TypeError: in an expression\n {4}at REPL3:1:24\n {4}at Array\.map \(<anonymous>\)\nUncaught/m,
    );
    assert.match(
      stderr,
      /^Uncaught SyntaxError: [^\n]*JSON[^\n]*\n {4}at JSON\.parse \(<anonymous>\)\nUncaught/m,
    );
    assert.match(stderr, /^Uncaught Error: later\n/m);
    assert.match(stderr, /^Uncaught EvalError: last\n {4}at REPL7:1:35\n/m);
    assert.doesNotMatch(stderr, /node:internal|inside\.js|\$_=/);
  },
);

test("TypeScript: unfinished lines go on, and expressions have values", limits, async () => {
  const { code, stdout, stderr } = await pipe(
    "function f(n: number) {",
    "return n",
    "}",
    "f(3)",
    "const x: number =",
    "  5",
    "x as number",
    "f<any>(x)!",
    "type Pair<T> = { a: T,",
    "  b: T }",
    "let g: (n: number) => void",
    "typeof g",
    // Also JavaScript, but of another meaning.
    "f<number>(7)",
    "const p = new Promise<number>((done) => done(8))",
    "await p",
    "enum Bad { A }",
  );
  assert.equal(stdout, "3\n5\n5\n'undefined'\n7\n8\n");
  assert.equal(code, 1);
  assert.match(stderr, /^enum Bad \{ A \}\n\^/);
});

test("promises are shown, not awaited; an error that no line waits for ends nothing", limits, async () => {
  const { code, stdout, stderr } = await pipe(
    "let kept = 1",
    "new Promise(() => {})",
    "Promise.reject(new Error('unheard'))",
    "await new Promise((done) => setTimeout(done, 1))",
    "setTimeout(() => { throw new Error('in a timer') }, 1); await new Promise((done) => setTimeout(done, 20))",
    "kept",
  );
  assert.equal(code, 1);
  assert.match(stdout, /^Promise \{ <pending> \}\nPromise \{/);
  assert.match(stdout, /\n1\n$/);
  assert.match(
    stderr,
    /^Uncaught Error: unheard\nUncaught Error: in a timer\n {4}at Timeout\._onTimeout \(REPL5:1:26\)\n/,
  );
});
