/** The command as a user runs it: a process with pipes, files, signals and exit codes. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { MAIN, ended, useFolder } from "./command.js";

const FILES: Record<string, string> = {
  "double.js": "export default (x) => x * 2;",
  "many.js": `
    export const upper = (line) => line.toUpperCase();
    export async function length(file) {
      const { readFile } = await import("node:fs/promises");
      return (await readFile(file)).length;
    }
    export function odd(x) {
      if (x % 2 === 0) throw Object.assign(new RangeError(x + " is even"), { code: "ERR_EVEN" });
      return x;
    }
    export const exit = (x) => (x === 2 ? process.exit(7) : x);
    export const spin = (x) => { while (x === 2); return x; };
    export const same = (x) => x;
    export const nothing = () => undefined;
    export const big = () => 1n;
    export async function sleep() {
      const { spawnSync } = await import("node:child_process");
      spawnSync("sh", ["-c", "echo $$ > sleeps.new; mv sleeps.new sleeps; exec sleep 120"], { stdio: "ignore" });
    }
    export async function program(x) {
      const { execFileSync } = await import("node:child_process");
      return Number(execFileSync(process.execPath, ["-p", "2 * " + x]));
    }
    export const notAFunction = 3;`,
  // Shows the test which items have ended, and never returns for item 3.
  "marks.js": `
    import { writeFileSync } from "node:fs";
    export default (x) => { while (x === 3); writeFileSync("done-" + x, ""); return x; };`,
  "typed.ts": `
    interface Item { readonly name: string }
    export default function greet(item: Item): string { return \`hello \${item.name}\` satisfies string; }`,
  "syntax.js": "export const x = 1;\nexport default function (\n",
  "throws.js": 'import "./double.js";\nthrow new RangeError("not today");\n',
  "common/package.json": '{ "type": "commonjs" }',
  "common/es.js": "export default (x) => x;",
  "common/es.ts": "export default (x: number) => x;",
  "common.cjs": "module.exports = (x) => x + 1;",
  "package.json": '{ "type": "module" }',
  "[id].txt": "abc",
  "one.txt": "1",
  "three.txt": "333",
  "input.jsonl": '{"name":"a"}\n\n{"name":"b"}\n',
};

const { folder, start, run, read } = useFolder(FILES);

test("JSON lines go in, JSON lines come out in order", async () => {
  const numbers = Array.from({ length: 5000 }, (_, index) => index);
  const { code, stdout, stderr } = await run(numbers.join("\n"), "map", "./double.js");
  assert.equal(stderr, "");
  assert.equal(code, 0);
  assert.equal(stdout, numbers.map((each) => `${each * 2}\n`).join(""));
});

test("--unordered gives the same results in any order", async () => {
  const numbers = Array.from({ length: 500 }, (_, index) => index);
  const { code, stdout } = await run(numbers.join("\n"), "map", "./double.js", "--unordered");
  assert.equal(code, 0);
  const results = stdout.trimEnd().split("\n").map(Number);
  assert.deepEqual(
    results.toSorted((a, b) => a - b),
    numbers.map((each) => each * 2),
  );
});

test("--unordered does not wait for a slow item", async () => {
  const child = start("map", "./many.js#spin", "--unordered", "--workers", "2");
  child.stdin.write("2\n1\n3\n");
  let stdout = "";
  for await (const chunk of child.stdout) {
    stdout += String(chunk);
    if (stdout.split("\n").length > 2) break;
  }
  assert.deepEqual(stdout.trim().split("\n").toSorted(), ["1", "3"]);
  child.kill("SIGKILL");
});

test("--lines passes each line as a string", async () => {
  const { code, stdout } = await run("a\r\n\nü", "map", "./many.js#upper", "--lines");
  assert.deepEqual({ code, stdout }, { code: 0, stdout: '"A"\n""\n"Ü"\n' });
});

test("--input and --output name files, a TypeScript module works, a default export needs no name", async () => {
  const result = await run("", "map", "typed.ts", "--input", "input.jsonl", "--output", "output.jsonl");
  assert.deepEqual(result, { code: 0, stdout: "", stderr: "" });
  assert.equal(read("output.jsonl"), '"hello a"\n"hello b"\n');
});

test("a CommonJS module, a builtin module and a package work too", async () => {
  assert.equal((await run("1\n", "map", "./common.cjs")).stdout, "2\n");
  assert.equal((await run('"a/b.c"\n', "map", "node:path#extname")).stdout, '".c"\n');
  // A package is resolved as an import in the working directory would be: here, among this project's dependencies.
  const child = spawn(process.execPath, [MAIN, "map", "tinyglobby#isDynamicPattern"], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
  });
  child.stdin.end('"*.js"\n"a.js"\n');
  assert.equal((await ended(child)).stdout, "true\nfalse\n");
});

test("file names as arguments: names first, then patterns, in a stable order", async () => {
  const { code, stdout, stderr } = await run("", "map", "./many.js#length", "[id].txt", "{one,three}.txt");
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "3\n1\n3\n", stderr: "" });
});

test("undefined becomes null, and a result that JSON cannot express fails", async () => {
  assert.equal((await run("1\n", "map", "./many.js#nothing")).stdout, "null\n");
  const { code, stderr } = await run("1\n", "map", "./many.js#big");
  assert.equal(code, 1);
  assert.match(stderr, /^stdin:1: TypeError: the result cannot be written as JSON: .*BigInt.*\n$/);
});

test("a malformed line is reported by its number, after the results of the lines before it", async () => {
  const { code, stdout, stderr } = await run("1\n\n2\n{bad\n4\n", "map", "./double.js");
  assert.equal(code, 1);
  assert.equal(stdout, "2\n4\n");
  assert.match(stderr, /^stdin:4: SyntaxError: malformed JSON: [^\n]+\n$/);
});

test("--on-error skip continues, and --errors records the failed items and their errors", async () => {
  const input = "1\n2\nbad\n3\n4.0\n";
  const args = ["map", "./many.js#odd", "--on-error", "skip"];
  const shown = await run(input, ...args);
  assert.equal(shown.code, 1);
  assert.equal(shown.stdout, "1\n3\n");
  assert.match(
    shown.stderr,
    /^stdin:2: RangeError: 2 is even \(at many\.js:8:44\)\nstdin:3: SyntaxError: [^\n]+\nstdin:5: RangeError: 4 is even \(at many\.js:8:44\)\ninterpreters: 3 of 5 items failed\n$/,
  );

  const noted = await run(input, ...args, "--errors", "errors.jsonl");
  assert.deepEqual(
    { ...noted },
    { code: 1, stdout: "1\n3\n", stderr: "interpreters: 3 of 5 items failed (see errors.jsonl)\n" },
  );
  const lines = read("errors.jsonl").trimEnd().split("\n");
  const { error, ...place } = JSON.parse(lines[0]);
  assert.deepEqual(place, { index: 1, line: 2, input: 2 });
  assert.match(error.stack, /^RangeError: 2 is even\n    at odd \(file:\S+many\.js:8:44\)$/);
  assert.deepEqual(
    { ...error, stack: "" },
    { name: "RangeError", message: "2 is even", code: "ERR_EVEN", stack: "" },
  );
  assert.match(
    lines[1],
    /^\{"index":2,"line":3,"text":"bad","error":\{"name":"SyntaxError","message":"malformed JSON/,
  );
  // The input is written exactly as it was read, digit by digit.
  assert.match(lines[2], /^\{"index":4,"line":5,"input":4\.0,/);
  assert.equal(lines.length, 3);
});

test("a worker that exits fails only its own item", async () => {
  const { code, stdout, stderr } = await run("1\n2\n3\n", "map", "./many.js#exit", "--on-error", "skip");
  assert.equal(code, 1);
  assert.equal(stdout, "1\n3\n");
  assert.match(stderr, /^stdin:2: InterpreterDiedError: [^\n]+\ninterpreters: 1 of 3 items failed\n$/);
});

test("--timeout fails an item that runs too long, and no other", async () => {
  const args = ["map", "./many.js#spin", "--timeout", "1500", "--on-error", "skip"];
  const { code, stdout, stderr } = await run("1\n2\n3\n", ...args);
  assert.equal(code, 1);
  assert.equal(stdout, "1\n3\n");
  assert.match(stderr, /^stdin:2: \w+: [^\n]+\ninterpreters: 1 of 3 items failed\n$/);
});

test("a command that cannot run says why in one line, writes nothing else and exits with code 2", async () => {
  const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [["./missing.js"], /^cannot find the module \.\/missing\.js: \S+missing\.js does not exist$/],
    [["no-such-package"], /^cannot find the module no-such-package: .* no such package is installed there$/],
    [["./syntax.js"], /^cannot load the module \.\/syntax\.js: SyntaxError: /],
    [["./throws.js"], /^cannot load the module \.\/throws\.js: RangeError: not today \(at throws\.js:2:7\)$/],
    [["./many.js"], /^\.\/many\.js has no default function: say which one, as in \.\/many\.js#big \(/],
    [
      ["./many.js#missing"],
      /^\.\/many\.js exports no function missing; the functions it exports are big, exit, /,
    ],
    [
      ["./many.js#notAFunction"],
      /^\.\/many\.js exports no function notAFunction; the functions it exports are big, /,
    ],
    [
      ["./double.js", "--input", "missing.jsonl"],
      /^cannot read the input missing\.jsonl: there is no such file$/,
    ],
    [["./double.js", "--input", "."], /^cannot read the input \.: it is a directory$/],
    [
      ["./double.js", "--output", "no/such/folder"],
      /^cannot write --output no\/such\/folder: there is no such folder$/,
    ],
    [["./double.js", "missing.txt"], /^cannot read missing\.txt: there is no such file$/],
    [["./double.js", "."], /^\. is a directory; name its files, as in "\.\/\*\*\/\*"$/],
    [["./double.js", "*.none"], /^no file matches \*\.none$/],
    [
      ["./double.js", "one.txt", "--lines"],
      /^file names as inputs go neither with --input nor with --lines$/,
    ],
    [["./double.js", "--input", "input.jsonl", "--output", "./input.jsonl"], /would be written over/],
    [["./double.js", "--output", "same", "--errors", "./same"], /^--output and --errors are the same file$/],
    [["./double.js", "--workers", "0"], /It must be a whole number from 1 on\.$/],
    [["./double.js", "--timeout", "1s"], /It must be a whole number from 1 on\.$/],
    [["./double.js", "--on-error", "ignore"], /Allowed choices are stop, skip\.$/],
    [["./double.js", "--frobnicate"], /^unknown option '--frobnicate'$/],
    [[], /^missing required argument/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await run("1\n", "map", ...args);
    const [line, ...rest] = stderr
      .replace(/^interpreters: /, "")
      .trimEnd()
      .split("\n");
    assert.match(line, message, `map ${args.join(" ")}`);
    assert.deepEqual({ code, stdout, rest }, { code: 2, stdout: "", rest: [] }, `map ${args.join(" ")}`);
  }
  assert.equal(read("input.jsonl"), FILES["input.jsonl"]);
  assert.ok(!existsSync(join(folder, "same")));
});

test("a directory as stdin is refused, not read as empty input", async () => {
  const directory = openSync(folder, "r");
  const child = spawn(process.execPath, [MAIN, "map", "./double.js"], {
    cwd: folder,
    stdio: [directory, "pipe", "pipe"],
  });
  assert.ok(child.stderr !== null);
  const code = new Promise<number | null>((resolve) => child.on("close", resolve));
  assert.equal(await text(child.stderr), "interpreters: cannot read stdin: it is a directory\n");
  assert.equal(await code, 2);
  closeSync(directory);
});

test("--help and --version print help and version, an unknown command is an error", async () => {
  const help = await run("", "map", "--help");
  assert.equal(help.code, 0);
  for (const word of ["--unordered", "--on-error", "absolute name of the file", "Examples:"]) {
    assert.ok(help.stdout.includes(word), word);
  }
  const version = await run("", "--version");
  assert.deepEqual(version, { code: 0, stdout: version.stdout, stderr: "" });
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  const unknown = await run("", "frobnicate");
  assert.deepEqual(unknown, {
    code: 2,
    stdout: "",
    stderr: "interpreters: unknown command 'frobnicate'\n",
  });
});

test("the command ends quietly if the reader of the results goes away, even with endless input", async () => {
  const child = start("map", "./double.js");
  const over = new Promise<number | null>((resolve) => child.on("exit", resolve));
  const stderr = text(child.stderr);
  const feed = (): void => {
    while (child.stdin.writable && child.stdin.write("1\n".repeat(1000)));
  };
  child.stdin.on("drain", feed);
  feed();
  await new Promise((resolve) => child.stdout.once("data", resolve));
  child.stdout.destroy();
  assert.equal(await over, 0);
  assert.equal(await stderr, "");
});

test("Ctrl-C ends the command at once, after writing the results that were finished in order", async () => {
  const child = start("map", "./marks.js", "--workers", "2", "--output", "interrupted.jsonl");
  child.stdin.write("1\n2\n3\n4\n");
  const result = ended(child);
  while (!existsSync(join(folder, "done-4"))) await new Promise((resolve) => setImmediate(resolve));
  child.kill("SIGINT");
  assert.deepEqual(await result, {
    code: 130,
    stdout: "",
    stderr: "interpreters: stopped by Ctrl-C\n",
  });
  assert.equal(read("interrupted.jsonl"), "1\n2\n");
});

test(
  "Ctrl-C ends the command while a function is in a native call, and by the signal, so that shells stop, too",
  { skip: process.platform === "win32" },
  async () => {
    const child = start("map", "./many.js#sleep", "--workers", "1");
    child.stdin.write("1\n2\n");
    const over = new Promise((resolve) => child.on("exit", (code, signal) => resolve(signal ?? code)));
    while (!existsSync(join(folder, "sleeps"))) await new Promise((resolve) => setImmediate(resolve));
    child.kill("SIGINT");
    assert.equal(await text(child.stderr), "interpreters: stopped by Ctrl-C\n");
    assert.equal(await over, "SIGINT");
    process.kill(Number(read("sleeps")), "SIGKILL");
  },
);

test("a function may run other programs", async () => {
  const { code, stdout, stderr } = await run("1\n2\n", "map", "./many.js#program");
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "2\n4\n", stderr: "" });
});

test("memory stays bounded, however long the input is", async () => {
  const line = JSON.stringify("x".repeat(1000));
  const count = 200_000;
  // All lines, as input or as results, would need several times this heap.
  const child = spawn(process.execPath, ["--max-old-space-size=48", MAIN, "map", "./many.js#same"], {
    cwd: folder,
  });
  let written = 0;
  const feed = (): void => {
    while (written < count) {
      written += 100;
      if (!child.stdin.write(`${line}\n`.repeat(100))) return;
    }
    child.stdin.end();
  };
  child.stdin.on("drain", feed);
  feed();
  let bytes = 0;
  child.stdout.on("data", (chunk: Buffer) => (bytes += chunk.length));
  const code = new Promise((end) => child.on("close", end));
  const stderr = text(child.stderr);
  assert.deepEqual({ code: await code, stderr: await stderr }, { code: 0, stderr: "" });
  assert.equal(bytes, count * (line.length + 1));
});

test("a module that Node takes for CommonJS fails with what to do about it", async () => {
  for (const [name, other] of [
    ["common/es.js", "./common/es.mjs"],
    ["common/es.ts", "./common/es.mts"],
  ]) {
    const { code, stderr } = await run("1\n", "map", `./${name}`);
    assert.equal(code, 2);
    assert.match(
      stderr,
      new RegExp(
        `^interpreters: cannot load .*; Node takes it for CommonJS: name it ${other}, or set "type"`,
        "m",
      ),
    );
  }
});
