/** Errors of scripts point to positions in the code as the user wrote it. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { create, ExecutionFailed } from "interpreters";
import { limits, rejection, thrown } from "../support/ways.js";

const interp = create();
after(() => interp.terminate());

/** `!!` marks where a script fails. It is removed before the script runs, so the call of `fail` begins there. */
const scripts: Record<string, string> = {
  plain: "var a = 1;\n  !!fail()",
  let: "let a = 1; const { b } = { b: 1 }, c = !!fail()",
  "let without a space": "let{d}={d:1};let[e]=[!!fail()]",
  "the second line after a class": "class A {}\nlet x = 1; !!fail()",
  "a line with a class": "class B { x = 1 } let f = 1; !!fail()",
  "a class in the middle of a line": "let g = 1; class C { y() {} } !!fail()",
  "the first line, with a class that uses its name": "class D { static it = new D() } !!fail()",
  "a class that uses its name, further down":
    "let h = 1\n\nclass E { static it = new E(); static { !!fail() } }",
  "a method": "class F {\n  m() { return !!fail() }\n}\nnew F().m()",
  "a function beside await": "await 1; function i() {\n return !!fail() }\ni()",
  "the body beside await": "function j() {}; const k = await 1;\nvar l = 1; for (var m of [1]) !!fail()",
  "the last expression beside await": "await 1\n ;  !!fail()",
  "an import": 'import path, { sep } from "node:path"; !!fail()',
  "an import over several lines": 'import {\n sep,\n join\n} from "node:path"; class G {} ; let n = !!fail()',
  "import.meta": "let o = import.meta.url, p = !!fail()",
  "a base": "import('node:fs'); !!fail()",
  "a base, with await": "await import('node:fs'); !!fail()",
  TypeScript: "interface Q { q: number }; let r: Q = { q: 1 }, s = <const>!!fail()".replace("<const>", ""),
  "TypeScript over several lines":
    "type T = {\n t: string\n}\nfunction u<V>(v: V): V { return !!fail() as V }\nu<number>(1)",
  "a shebang line": "#!/usr/bin/env node\nlet v = !!fail()",
  "strict, with await": "'use strict';\nawait 0; let w = !!fail()",
  "surrogates before it": 'let x = "😀é", y = `\n`, z = "😀", aa = !!fail()',
};
for (const [name, marked] of Object.entries(scripts)) {
  test(name, limits, async () => {
    await interp.prepareMain({ index: 0 });
    interp.execSync("function fail() { throw new RangeError('failed') }", { filename: "fail.js" });
    const at = marked.indexOf("!!");
    const code = marked.replace("!!", "");
    const before = marked.slice(0, at).split("\n");
    const [line, column] = [before.length, (before.at(-1) ?? "").length + 1];
    const options = { filename: "job.ts", ...(name.startsWith("a base") && { base: "/" }) };
    for (const error of [
      await rejection<ExecutionFailed>(interp.exec(code, options)),
      thrown<ExecutionFailed>(() => interp.execSync(code, options)),
    ]) {
      assert.ok(error instanceof ExecutionFailed, String(error));
      const { errdisplay } = error.excinfo;
      const frames = errdisplay.split("\n").filter((text) => /^\s+at /.test(text));
      assert.match(frames[0], /at fail \(fail\.js:1:25\)/);
      assert.match(frames[1], new RegExp(`job\\.ts:${line}:${column}\\)?$`), errdisplay);
      assert.ok(!errdisplay.includes("0,"), errdisplay);
    }
  });
}

/** `!!` marks the place that the error points to. */
const broken: Record<string, string> = {
  "in a plain script": "var a = 1;\nvar b = !!= 2",
  "in a script with let": "let a = 1;\nlet b = !!= 2",
  "in a script that awaits": "let a = await 1;\n  let b = !!= 2",
  "in a script that imports": "import fs from 'node:fs'\nlet b = !!= 2",
  "declared twice": "let a = 1, b = 2;\nlet !!a = 3",
  "a reserved word": "const !!enum = 1",
  "a return": "let a = await 1; !!return a",
  "an export": "let a = 1;\n!!export default a",
  "an enum": "let a: number = 1;\n!!enum B { C }",
  "a parameter property": "class D { constructor(private !!x) {} }",
  "a regular expression": "let a = !!/(/",
};
for (const [name, marked] of Object.entries(broken)) {
  test(`a syntax error ${name}`, limits, async () => {
    const at = marked.indexOf("!!");
    const code = marked.replace("!!", "");
    const before = marked.slice(0, at).split("\n");
    const [line, column] = [before.length, (before.at(-1) ?? "").length];
    const written = code.split("\n")[line - 1];
    for (const error of [
      await rejection<ExecutionFailed>(interp.exec(code, { filename: "my job.ts" })),
      thrown<ExecutionFailed>(() => interp.execSync(code, { filename: "my job.ts" })),
    ]) {
      assert.ok(error instanceof ExecutionFailed, String(error));
      assert.equal(error.excinfo.type.name, "SyntaxError");
      const [where, shown, marks] = error.excinfo.errdisplay.split("\n");
      assert.equal(`${where}\n${shown}`, `my job.ts:${line}\n${written}`);
      assert.match(marks, new RegExp(`^ {${column}}\\^+$`), error.excinfo.errdisplay);
    }
  });
}
