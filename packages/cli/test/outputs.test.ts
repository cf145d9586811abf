/** The results, failures and prints of `map` in their files: which line belongs to which input, and what a second run adds. */

import assert from "node:assert/strict";
import { existsSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ended, useFolder } from "./command.js";

const { folder, start, run, read, write } = useFolder({
  "package.json": '{ "type": "module" }',
  "talk.js": `
    console.log("loaded");
    export default (x) => {
      console.log("out", x);
      console.error("err", x);
      process.stdout.write("no line break");
      return x * 2;
    };`,
  "text.js": `
    export const upper = (line) => line.toUpperCase();
    export const lines = (line) => line + "\\n";
    export const number = (line) => line.length;
    export const name = async (file) => (await import("node:path")).basename(file);`,
  "odd.js": `
    class OddError extends TypeError {
      name = "OddError";
    }
    const fail = (x) => {
      throw new OddError(x + " is even", { cause: new AggregateError([new RangeError("a"), 7], "both") });
    };
    export default (x) => (x % 2 === 0 ? fail(x) : x);`,
  // The first item ends only when the second has begun.
  "wait.js": `
    let release;
    export default (x) => {
      if (x === 1) return new Promise((done) => (release = () => done("released")));
      release();
      return x;
    };`,
  // Tells the test which items have begun, and how often.
  "once.js": `
    import { appendFileSync, existsSync } from "node:fs";
    export default (x) => {
      appendFileSync("begun", x + "\\n");
      while (x === 5 && !existsSync("go"));
      if (x === 3 && existsSync("bad")) throw new Error("three");
      return { x };
    };`,
  "a.txt": "a",
  "b.txt": "b",
  "c.txt": "c",
});

const linesOf = (text: string): string[] => text.split("\n").slice(0, -1);

test("what the function prints goes to stderr, never between the results", async () => {
  const { code, stdout, stderr } = await run("1\n2\n", "map", "./talk.js", "--workers", "1");
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "2\n4\n" });
  assert.equal(stderr, "loaded\nout 1\nerr 1\nno line breakout 2\nerr 2\nno line break");
});

test("--log takes what the function prints", async () => {
  const args = ["map", "./talk.js", "--workers", "1", "--log", "talk.log"];
  assert.deepEqual(await run("1\n", ...args), { code: 0, stdout: "2\n", stderr: "" });
  assert.equal(read("talk.log"), "loaded\nout 1\nerr 1\nno line break");
  const missing = await run("1\n", "map", "./talk.js", "--log", "no/such/folder");
  assert.deepEqual(missing, {
    code: 2,
    stdout: "",
    stderr: "interpreters: cannot write --log no/such/folder: there is no such folder\n",
  });
});

test("what was printed before a failed item is in the log", async () => {
  const args = ["map", "./odd.js", "./talk.js", "--log", "failed.log"];
  write("print-then-fail.js", 'export default () => { console.log("last words"); throw new Error("x"); };');
  args.splice(1, 2, "./print-then-fail.js");
  assert.equal((await run("1\n", ...args)).code, 1);
  assert.equal(read("failed.log"), "last words\n");
});

test("--index names the input of each result, in JSON, in text, and of files", async () => {
  const unordered = await run("1\n\n3\n5\n", "map", "./odd.js", "--index", "--unordered");
  assert.deepEqual(linesOf(unordered.stdout).toSorted(), [
    '{"index":0,"result":1}',
    '{"index":1,"result":3}',
    '{"index":2,"result":5}',
  ]);
  // The items that are left out have no line.
  const skipped = await run("1\n2\n3\n", "map", "./odd.js", "-n", "--on-error", "skip");
  assert.equal(skipped.stdout, '{"index":0,"result":1}\n{"index":2,"result":3}\n');
  const text = await run("a\nb\n", "map", "./text.js#upper", "--lines", "--text", "--index");
  assert.equal(text.stdout, "0\tA\n1\tB\n");
  const files = await run("", "map", "./text.js#name", "--index", "[ab].txt", "c.txt");
  assert.equal(
    files.stdout,
    [
      '{"index":0,"file":"a.txt","result":"a.txt"}',
      '{"index":1,"file":"b.txt","result":"b.txt"}',
      '{"index":2,"file":"c.txt","result":"c.txt"}\n',
    ].join("\n"),
  );
  const named = await run("", "map", "./text.js#name", "--index", "--text", "a.txt");
  assert.equal(named.stdout, "a.txt\ta.txt\n");
});

test("--text writes strings as they are, and fails an item whose line would be several", async () => {
  assert.equal(
    (await run('a\nsay "hi"\n', "map", "./text.js#upper", "-l", "--text")).stdout,
    'A\nSAY "HI"\n',
  );
  assert.equal((await run("abc\n", "map", "./text.js#number", "-l", "--text")).stdout, "3\n");
  const { code, stdout, stderr } = await run("a\n", "map", "./text.js#lines", "-l", "--text");
  assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
  assert.match(stderr, /^stdin:1: TypeError: the result has a line break: leave out --text/);
});

test("--errors has index, input, name, message, stack, and causes down to the last", async () => {
  await run("1\n2\n", "map", "./odd.js", "--errors", "deep.jsonl");
  const { index, input, error } = JSON.parse(read("deep.jsonl"));
  assert.deepEqual({ index, input }, { index: 1, input: 2 });
  assert.equal(error.name, "OddError");
  assert.equal(error.message, "2 is even");
  assert.match(error.stack, /^OddError: 2 is even\n    at fail \(.*odd\.js:6:13\)\n    at default \(.*\)$/);
  assert.equal(error.cause.message, "both");
  assert.match(error.cause.stack, /at fail \(.*odd\.js:6:/);
  assert.equal(error.cause.errors[0].name, "RangeError");
  assert.equal(error.cause.errors[1].message, "7 was thrown, which is no error");
  await run("", "map", "./odd.js", "a.txt", "--errors", "file.jsonl", "--on-error", "skip");
  await run("", "map", "./text.js#lines", "a.txt", "--text", "--errors", "file.jsonl");
  const { file } = JSON.parse(read("file.jsonl"));
  assert.equal(file, "a.txt");
});

test("--concurrency runs async items at once in one interpreter", async () => {
  const args = ["map", "./wait.js", "--workers", "1"];
  const { stdout } = await run("1\n2\n", ...args, "--concurrency", "2");
  assert.deepEqual(linesOf(stdout), ['"released"', "2"]);
  const refused = await run("", ...args, "--concurrency", "70000");
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /It must be a whole number from 1 to 65536\./);
});

const ITEMS = "1\n2\n3\n4\n5\n6\n7\n8\n";

async function killedAtFive(signal: NodeJS.Signals, ...args: readonly string[]): Promise<number | null> {
  const child = start("map", "./once.js", "--workers", "2", ...args);
  child.stdin.end(ITEMS);
  const result = ended(child);
  const begun = (): string[] => (existsSync(join(folder, "begun")) ? linesOf(read("begun")) : []);
  const isLast = (): boolean => begun().includes("8");
  while (!isLast()) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill(signal);
  return (await result).code;
}

test("--resume runs what has no result yet: after Ctrl-C, nothing that was finished runs again", async () => {
  write("begun", "");
  const args = ["--index", "--output", "resumed.jsonl"];
  assert.equal(await killedAtFive("SIGINT", ...args), 130);
  // In order, and with the results behind the item that was running. (The last had begun, but may not have ended.)
  const before = linesOf(read("resumed.jsonl")).map((line) => JSON.parse(line).index);
  assert.deepEqual(before.slice(0, 6), [0, 1, 2, 3, 5, 6]);
  write("go", "");
  write("begun", "");
  const { code, stderr } = await run(ITEMS, "map", "./once.js", ...args, "--resume");
  assert.deepEqual(
    { code, stderr },
    { code: 0, stderr: `interpreters: ${before.length} items are done already\n` },
  );
  assert.deepEqual(linesOf(read("begun")).toSorted(), before.length === 7 ? ["5"] : ["5", "8"]);
  const results = linesOf(read("resumed.jsonl")).map((line) => JSON.parse(line));
  assert.deepEqual(
    results.toSorted((a, b) => a.index - b.index),
    Array.from({ length: 8 }, (_, index) => ({ index, result: { x: index + 1 } })),
  );
  write("begun", "");
  assert.equal((await run(ITEMS, "map", "./once.js", ...args, "--resume")).code, 0);
  assert.equal(read("begun"), "");
});

test("--resume removes a line that a crash cut off, and runs its item again", async () => {
  for (const [name, ...format] of [
    ["cut.jsonl", "--index"],
    ["cut.txt", "--index", "--text"],
    ["plain.jsonl"],
  ]) {
    const args = ["map", "./once.js", "--output", name, ...format];
    assert.equal((await run("1\n2\n4\n", ...args)).code, 0);
    const whole = read(name);
    truncateSync(join(folder, name), whole.length - 3);
    write("begun", "");
    assert.equal((await run("1\n2\n4\n6\n", ...args, "--resume")).code, 0);
    assert.equal(read("begun"), "4\n6\n");
    assert.equal(linesOf(read(name)).length, 4);
    assert.ok(read(name).startsWith(whole));
  }
});

test("--resume runs failed items again, and writes the errors anew", async () => {
  write("bad", "");
  const args = [
    "map",
    "./once.js",
    "-n",
    "--on-error",
    "skip",
    "-o",
    "failed.jsonl",
    "-e",
    "failed-errors.jsonl",
  ];
  assert.equal((await run("1\n3\n4\n", ...args, "--resume")).code, 1);
  assert.equal(JSON.parse(read("failed-errors.jsonl")).index, 1);
  assert.equal((await run("1\n3\n4\n", ...args, "--resume")).code, 1);
  assert.equal(linesOf(read("failed-errors.jsonl")).length, 1);
  write("bad-is-gone", "");
  const { renameSync } = await import("node:fs");
  renameSync(join(folder, "bad"), join(folder, "was-bad"));
  assert.equal((await run("1\n3\n4\n", ...args, "--resume")).code, 0);
  assert.equal(read("failed-errors.jsonl"), "");
  assert.deepEqual(linesOf(read("failed.jsonl")).at(-1), '{"index":1,"result":{"x":3}}');
});

test("--resume knows files by their names, so files may have been added since", async () => {
  const args = ["map", "./text.js#name", "--index", "--output", "files.jsonl"];
  await run("", ...args, "b.txt", "c.txt");
  const { stderr } = await run("", ...args, "--resume", "*.txt");
  assert.equal(stderr, "interpreters: 2 items are done already\n");
  const files = linesOf(read("files.jsonl")).map((line) => JSON.parse(line).file);
  assert.deepEqual(files.slice(0, 2), ["b.txt", "c.txt"]);
  assert.equal(new Set(files).size, files.length);
  assert.ok(files.includes("a.txt"));
});

test("--resume refuses an output that does not say what is done", async () => {
  write("other.jsonl", '{"index":0,"result":1}\n{"x":1}\n');
  const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [[], /^interpreters: --resume needs the --output of the earlier run\n$/],
    [["-o", "x", "--unordered"], /--resume with --unordered needs --index: /],
    [["-o", "x", "--on-error", "skip"], /--resume with --on-error skip needs --index: /],
    [
      ["-o", "other.jsonl", "--index"],
      /other\.jsonl: line 2 is no result with an index\. Resume with the options/,
    ],
    [["-o", "other.jsonl"], /other\.jsonl: its results have an index\. Resume with --index\.\n$/],
    [["-o", "."], /cannot resume from --output \.: it is a directory\n$/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await run("1\n", "map", "./odd.js", "--resume", ...args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
  assert.equal(linesOf(read("other.jsonl")).length, 2);
});

test("two outputs in one file are refused", async () => {
  const { code, stderr } = await run("1\n", "map", "./odd.js", "--errors", "same", "--log", "./same");
  assert.deepEqual(
    { code, stderr },
    { code: 2, stderr: "interpreters: --errors and --log are the same file\n" },
  );
});
