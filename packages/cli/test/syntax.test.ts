/** Which lines a prompt continues on the next one, and which are expressions. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { hasTypeArguments, isIncomplete, kindOf } from "../src/repl/syntax.js";

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
  "const x: number =",
  "type A = B |",
  "x as number +",
  "let f = (n: number) =>",
  "x as",
  "class A<T> extends",
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
  "let m: Map<string, number>",
  "let f: () => void",
  "x!",
  "declare function f(n: number): void",
  "let a: string[]",
  "i++ as number",
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

test("expressions have a value to show; statements and declarations do not; of TypeScript it is unknown", () => {
  const kinds: Record<ReturnType<typeof kindOf>, readonly string[]> = {
    expression: ["1 + 1;", "{ a: 1 }", "await f()", "(function () {})", "x => x", "import('x')"],
    statement: [
      "",
      " ",
      "let a = 1",
      "function f() {}",
      "async function f() {}",
      "class A {}",
      "if (x) y",
      "import { a } from 'b'",
      "for await (const x of y) z()",
    ],
    unknown: [
      "import.meta.url",
      "x as number",
      "f<number>(1)!",
      "let x: number = 1",
      "interface A { b: c }",
      "let x = = 1",
    ],
  };
  for (const [kind, codes] of Object.entries(kinds)) {
    for (const code of codes) assert.equal(kindOf(code), kind, code);
  }
});

test("type arguments are told from comparisons", () => {
  for (const code of [
    "new Promise<void>(f)",
    "f<A, B>(x)",
    "let m = new Map<string, A<B>[]>()",
    "f<{ a: 1 }>(x)",
  ]) {
    assert.equal(hasTypeArguments(code), true, code);
  }
  for (const code of [
    "a < b",
    "for (i = 0; i < n; i++) f(i > (2))",
    "a < b && c > (d)",
    "x => (y)",
    "a >> (b)",
  ]) {
    assert.equal(hasTypeArguments(code), false, code);
  }
});
