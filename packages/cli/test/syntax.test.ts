/** Which lines a prompt continues on the next one, and which are expressions. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { isExpression, isIncomplete } from "../src/syntax.js";

const incomplete: readonly string[] = [
  "function f(n) {",
  "f(1,",
  "[1, [2],",
  "({ a: 1",
  "`a",
  "`a ${ b + `c ${d}` ",
  "`a ${ b } ",
  "1 +",
  "x = ",
  "x =>",
  "a?.",
  "if (x)",
  "for await (const x of y) {",
  "await f(",
  "import { a,",
  "'one' + // a comment",
  "function f(n: number): string {",
  "const f = (item: Item) => [",
  "interface Item {",
  "f(x as number,",
];

const complete: readonly string[] = [
  "",
  "1 + 1",
  "function f(n) {\n  return n * 2\n}",
  "f(\n  1\n)",
  "`a\nb`",
  "`a ${ b + `c ${d}` }`",
  "await f()",
  "import { a } from 'b'",
  "export const a = 1",
  "const typed: number = 7",
  "interface Item {\n  name: string\n}",
  "/[({`]/.test(x)",
  "'({'",
  "// (",
  "a / b / c",
];

const wrong: readonly string[] = [
  "let x = = 1",
  "f(a b)",
  "f(]",
  "}",
  "'abc",
  "f('abc",
  "let x = 1; let x",
  "#",
];

test("lines go on while a bracket or a template is open, or the end comes too early", async () => {
  for (const code of incomplete) assert.equal(await isIncomplete(code), true, code);
});

test("complete lines do not go on, nor do those that no further line can make right", async () => {
  for (const code of [...complete, ...wrong]) assert.equal(await isIncomplete(code), false, code);
});

test("expressions have a value to show; statements and declarations do not", () => {
  for (const code of ["1 + 1;", "{ a: 1 }", "await f()", "(function () {})", "x => x"]) {
    assert.equal(isExpression(code), true, code);
  }
  for (const code of [
    "",
    " ",
    "let a = 1",
    "function f() {}",
    "async function f() {}",
    "class A {}",
    "if (x) y",
  ]) {
    assert.equal(isExpression(code), false, code);
  }
});
