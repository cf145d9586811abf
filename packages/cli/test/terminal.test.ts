/** The prompt on a terminal: keys, Ctrl-C, completion, history. */

import assert from "node:assert/strict";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { useFolder } from "./command.js";
import { TerminalProcess, hasTerminals } from "./terminal.js";

const { folder } = useFolder({ "thing.mjs": "export const thing = 1;" });
const limits = { timeout: 60_000, skip: !hasTerminals };
const history = join(folder, "history");

async function begin(t: TestContext): Promise<TerminalProcess> {
  const terminal = new TerminalProcess(["repl"], {
    cwd: folder,
    env: { INTERPRETERS_REPL_HISTORY: history },
  });
  t.after(() => terminal.kill());
  await terminal.shows("Type .help for help.");
  await terminal.shows("-> ");
  return terminal;
}

/** Types a line, and waits until `answer` is shown below it. */
async function enter(terminal: TerminalProcess, line: string, answer: string): Promise<void> {
  terminal.type(line);
  // Its end is shown in one row.
  await terminal.shows(line.slice(-3));
  terminal.type("\r");
  await terminal.shows(`\r\n${answer}`);
}

test("prompts, results, continued lines, and Ctrl-D leaves", limits, async (t) => {
  const terminal = await begin(t);
  await enter(terminal, "6 *", "... ");
  await enter(terminal, "7", "42\r\n1> ");
  await enter(terminal, ".create two", "2> ");
  await enter(terminal, ".close", "-> ");
  terminal.type("\u0004");
  assert.equal(await terminal.ended, 0);
});

test("Ctrl-C stops synchronous code, and every variable stays", limits, async (t) => {
  const terminal = await begin(t);
  await enter(terminal, "let kept = 1", "1> ");
  for (const line of ["console.log('spins'); for (;;) kept++", "for (console.log('spins');;) kept++"]) {
    await enter(terminal, line, "spins");
    terminal.type("\u0003");
    await terminal.shows("Interrupted\r\n1> ");
  }
  await enter(terminal, "kept >= 1", "true");
  // A result that is never done showing itself.
  await enter(
    terminal,
    "({ [Symbol.for('nodejs.util.inspect.custom')]() { console.log('shows'); for (;;); } })",
    "shows",
  );
  terminal.type("\u0003");
  await terminal.shows("Interrupted\r\n1> ");
  // Printing goes on after a loop that printed was stopped.
  await enter(terminal, "for (;;) console.log('again')", "again\r\nagain");
  terminal.type("\u0003");
  await terminal.shows("Interrupted\r\n1> ");
  await enter(terminal, "console.log('printed', typeof kept)", "printed number\r\n1> ");
});

test("Ctrl-C ends a wait, and what the line awaited goes on", limits, async (t) => {
  const terminal = await begin(t);
  await enter(
    terminal,
    "let go; const gone = new Promise((done) => (go = done)).then(() => (arrived = true))",
    "1> ",
  );
  await enter(terminal, "console.log('waits'), await gone", "waits");
  terminal.type("\u0003");
  await terminal.shows("Interrupted\r\n1> ");
  await enter(terminal, "go(), await gone, arrived", "true\r\n1> ");
});

test("code that Ctrl-C cannot stop ends with its interpreter, at the second Ctrl-C", limits, async (t) => {
  const terminal = await begin(t);
  await enter(terminal, "await 0; console.log('spins'); for (;;);", "spins");
  terminal.type("\u0003");
  await terminal.shows("press Ctrl-C again to end interpreter 1 with its variables)");
  terminal.type("\u0003");
  await terminal.shows("interpreter 1 was ended; the next line begins another\r\n-> ");
  await enter(terminal, "1 + 1", "2\r\n2> ");
});

test(
  "Ctrl-C at the prompt discards what is typed, then says how to leave, then leaves",
  limits,
  async (t) => {
    const terminal = await begin(t);
    await enter(terminal, "function f() {", "... ");
    terminal.type("abc");
    await terminal.shows("abc");
    terminal.type("\u0003");
    await terminal.shows("\r\n-> ");
    terminal.type("\u0003");
    await terminal.shows("(To leave, press Ctrl-C again or Ctrl-D, or type .exit)\r\n-> ");
    await enter(terminal, "1 + 1", "2\r\n1> ");
    terminal.type("\u0003");
    await terminal.shows("(To leave");
    terminal.type("\u0003");
    assert.equal(await terminal.ended, 0);
  },
);

test("Tab completes names, modules and commands", limits, async (t) => {
  const terminal = await begin(t);
  // Only a tab at the end of what arrives at once asks for completion: pasted text has tabs, too.
  terminal.type("structuredC\t");
  await terminal.shows("structuredClone");
  terminal.type("\u0003");
  await enter(terminal, "var thing = { alpha: { beta: 1 } }", "1> ");
  terminal.type("thing.alpha.be\t");
  await terminal.shows("thing.alpha.beta");
  terminal.type("\u0003");
  terminal.type("import { thing as other } from './thi\t");
  await terminal.shows("./thing.mjs");
  terminal.type("\u0003");
  terminal.type(".ed\t");
  await terminal.shows(".editor");
});

test(
  "the history is kept in a file, the newest first, and an input of several lines is one entry",
  limits,
  async (t) => {
    rmSync(history, { force: true });
    const first = await begin(t);
    await enter(first, "let first = 1", "1> ");
    await enter(first, "function twice(n) {", "... ");
    await enter(first, "return n * 2", "... ");
    await enter(first, "}", "1> ");
    first.type("\u0004");
    await first.ended;
    assert.equal(readFileSync(history, "utf8"), "function twice(n) {\rreturn n * 2\r}\nlet first = 1\n");
    assert.equal(statSync(history).mode & 0o777, 0o600);
    const second = await begin(t);
    // Up, and Enter: the whole function.
    second.type("\u001B[A");
    await second.shows("}");
    second.type("\r");
    await second.shows("1> ");
    await enter(second, "twice(21)", "42");
    // However this version of Node keeps it.
    assert.equal(
      readFileSync(history, "utf8"),
      "twice(21)\nfunction twice(n) {\rreturn n * 2\r}\nlet first = 1\n",
    );
  },
);

test(".editor takes lines until Ctrl-D", limits, async (t) => {
  const terminal = await begin(t);
  terminal.type(".editor\r");
  await terminal.shows("Ctrl-C discards them\r\n");
  terminal.type("const half = 21\r\r");
  terminal.type("half * 2\r");
  await terminal.shows(/half \* 2\r+\n/);
  terminal.type("\u0004");
  await terminal.shows("1> ");
  await enter(terminal, "half", "21");
});

test("an error that no line waits for is shown, and the prompt again", limits, async (t) => {
  const terminal = await begin(t);
  await enter(terminal, "void setTimeout(() => { throw new RangeError('late') }, 30)", "1> ");
  await terminal.shows("Uncaught RangeError: late\r\n");
  await terminal.shows("1> ");
});

test(
  "a function reports the progress of its item, which the bar of `map --progress` shows",
  limits,
  async (t) => {
    const go = join(folder, "go");
    t.after(() => rmSync(go, { force: true }));
    writeFileSync(
      join(folder, "slow.mjs"),
      `import { existsSync } from "node:fs";
     export default async function slow(item, report) {
       report(0.5);
       while (!existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 10));
       return item;
     }`,
    );
    writeFileSync(join(folder, "one.jsonl"), "1\n");
    const args = ["map", "./slow.mjs", "--progress", "--input", "one.jsonl", "--output", "out.jsonl"];
    const terminal = new TerminalProcess(args, { cwd: folder });
    t.after(() => terminal.kill());
    await terminal.shows(" 50%  0/1 ");
    writeFileSync(go, "");
    assert.equal(await terminal.ended, 0);
    assert.equal(readFileSync(join(folder, "out.jsonl"), "utf8"), "1\n");
  },
);
