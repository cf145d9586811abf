/** `exec` as a REPL, in both forms: what a script declares stays, may be declared again, and is visible to calls. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { create, ExecutionFailed, type Interpreter } from "interpreters";
import { limits, rejection, using } from "../support/ways.js";

type Exec = (interp: Interpreter, code: string) => Promise<void>;
const forms: Record<string, Exec> = {
  exec: (interp, code) => interp.exec(code),
  // eslint-disable-next-line typescript/require-await
  execSync: async (interp, code) => interp.execSync(code),
};

/** Evaluates an expression in the interpreter, by a call. */
const value = (interp: Interpreter, expression: string): Promise<unknown> =>
  interp.call(new Function(`return ${expression}`) as () => unknown);

interface Session {
  /** Run one after the other. A pair is a script and a pattern that matches the message of its error. */
  readonly scripts: readonly (string | readonly [string, RegExp])[];
  /** Expressions and the values that they have in the end. */
  readonly then: Readonly<Record<string, unknown>>;
}

const sessions: Record<string, Session> = {
  "each kind of declaration is seen by later scripts and calls": {
    scripts: [
      "var a = 1; let b = 2; const c = 3; function d() { return b; } class E { f = c; } async function g() { return 7; } function* h() { yield 8; }",
      "var sum = a + b + c + d() + new E().f",
    ],
    then: { sum: 11, "a + b + c": 6, "new E().f": 3, "g()": 7, "[...h()]": [8], "E.name": "E" },
  },
  "any declaration may be repeated in any form, and earlier functions see the new one": {
    scripts: ["function read() { return name1 }"].concat(
      ["var name1 = 1", "let name1 = 2", "const name1 = 3", "class name1 {}", "function name1() {}"].flatMap(
        (first) => [
          first,
          "var name1 = 4; if (read() !== 4) throw new Error('var')",
          first,
          "let name1 = 5; if (read() !== 5) throw new Error('let')",
          first,
          "const name1 = 6; if (read() !== 6) throw new Error('const')",
          first,
          "class name1 { static x = 7 } if (read().x !== 7) throw new Error('class')",
          first,
          "function name1() { return 8 } if (read()() !== 8) throw new Error('function')",
          first,
          "import { sep as name1 } from 'node:path'; if (read() !== require('node:path').sep) throw new Error('import')",
        ],
      ),
    ),
    then: { "typeof read()": "string" },
  },
  "`let` without a value makes the variable undefined; `var` keeps its value": {
    scripts: ["let a = 1; var b = 2", "let a; var b;"],
    then: { "[a === undefined, b]": [true, 2] },
  },
  "declaring a name twice in one script is a syntax error, and none of the script runs": {
    scripts: [["globalThis.ran = true; let a = 1; let a = 2", /SyntaxError.*'a' has already been declared/]],
    then: { "typeof ran": "undefined", "typeof a": "undefined" },
  },
  "nested destructuring, with defaults and rests": {
    scripts: [
      "const { a, b: [b1, b2 = 5], ...rest } = { a: 1, b: [2], c: 3, d: 4 }; let [x, , ...ys] = [1, 2, 3, 4], z = 9;\nlet{w}={w:6}",
    ],
    then: { "[a, b1, b2, rest, x, ys, z, w]": [1, 2, 5, { c: 3, d: 4 }, 1, [3, 4], 9, 6] },
  },
  "lines need no semicolons": {
    scripts: [
      "'not use strict'\nlet a = [1]\nlet b = () => a\nclass C {}\n[1, 2].forEach((n) => { a = n })\nclass D { static it = D }\nlet e = `x`\nclass F {}\n`text`\nconst g = 1",
      "class M{}class N extends M{}class O{static it=O}class P{static it=P}let m = [new N() instanceof M, O.it === O, P.it === P]",
      "class H {} let i = 1; class J { static self() { return J } } class K extends J {} var l = new K() instanceof J",
    ],
    then: {
      "[a, typeof b, C.name, D.it === D, e, g, i, l, m]": [
        2,
        "function",
        "C",
        true,
        "x",
        1,
        1,
        true,
        [true, true, true],
      ],
    },
  },
  "functions are hoisted, even beside a top-level await": {
    scripts: [
      "var a = early(); function early() { return 1 }",
      "var b = later() + await 1; function later() { return 2 }",
    ],
    then: { "[a, b]": [1, 3] },
  },
  "a `let` cannot be used before its declaration, and a declaration that was not reached changes nothing": {
    scripts: [
      "let kept = 'old'",
      [
        "var reached = 1; kept; let kept = 'new'",
        /ReferenceError: Cannot access 'kept' before initialization/,
      ],
      ["let first = 1; const { length } = null; let last = 2", /TypeError/],
      ["let again = await 1; throw new RangeError('half way'); class Never {}", /RangeError: half way/],
      "const again = 2; const length = 3",
    ],
    then: {
      "[kept, reached, first, typeof last, again, length, typeof Never]": [
        "old",
        1,
        1,
        "undefined",
        2,
        3,
        "undefined",
      ],
    },
  },
  "a constant cannot be assigned to, by any script or function": {
    scripts: [
      "const fixed = 1",
      ["fixed = 2", /TypeError: Assignment to constant variable/],
      ["'use strict'; fixed++", /TypeError: Assignment to constant variable/],
      "function change() { fixed = 3 }",
      ["change()", /TypeError: Assignment to constant variable/],
    ],
    then: { fixed: 1 },
  },
  "a name that hides a global takes its place": {
    scripts: [
      "const crypto = { mine: 1 }; let fetch = 2; class URL {}",
      "var text = crypto.mine + fetch + String(new URL())",
    ],
    then: { text: "3[object Object]" },
  },
  "names of the language's own globals cannot be declared at the top level": {
    scripts: [
      ["class Map {}", /TypeError: Cannot declare Map at the top level of a script/],
      ["let before = 1; const Promise = function () {}; let after = 2", /TypeError: Cannot declare Promise/],
      ["let Array = 1, Object = 2", /TypeError: Cannot declare Array/],
      ["let a = 1, Set", /TypeError: Cannot declare Set/],
      ["let globalThis = 1", /TypeError: Cannot declare globalThis/],
      ["import { sep as JSON } from 'node:path'", /TypeError: Cannot declare JSON/],
      "const { Buffer } = require('node:buffer'); import process from 'node:process'; { class Map {} }",
    ],
    then: {
      "[new Map([[1, 2]]).size, before, typeof after, Buffer.from('a').length]": [1, 1, "undefined", 1],
    },
  },
  "a global that a declaration hides stays visible until the new value is assigned": {
    scripts: ["let was = typeof fetch; let fetch = 5"],
    then: { "[was, fetch]": ["function", 5] },
  },
  "hiding globals that this package uses does not harm it": {
    scripts: [
      "import { setImmediate, setTimeout } from 'node:timers/promises'; import process from 'node:process'; class URL {}",
      "await setImmediate(); await setTimeout(1); const performance = null, { Buffer } = require('node:buffer')",
      "import { sep } from 'node:path'; var same = process === globalThis.process, meta = import.meta.url.slice(0, 5)",
    ],
    then: { "[same, meta, sep]": [true, "file:", path.sep] },
  },
  "`undefined` cannot be declared": {
    scripts: [["let undefined = 1", /SyntaxError/]],
    then: { "void 0": undefined },
  },
  "'use strict' applies to its own script only": {
    scripts: [
      ["'use strict'; undeclared = 1", /ReferenceError/],
      ["'use strict'; await 0; undeclared = 1", /ReferenceError/],
      "'use strict'; let strict = 1; function strictly() { return this }; await 1; var thisOfAwaiting = this === globalThis",
      "undeclared = 2; function sloppily() { return this === globalThis }; await 1",
    ],
    then: {
      "[undeclared, strict, strictly() === undefined, sloppily(), thisOfAwaiting]": [2, 1, true, true, true],
    },
  },
  "top-level await, in any position": {
    scripts: [
      "var a = await 1, { b } = await { b: 2 }; let c = await Promise.resolve(3)",
      "for await (var each of [4, 5]) var last = each; for (var i = 0; i < await 3; i++); for (var key in { k: 1 }) await 0;",
      "if (await true) { var inner = 6; let hidden = 7 } try { await Promise.reject(1) } catch { var caught = 8 }",
      "class G { static h = 9; [await 'method']() { return 10 } }\nlet label = `${await 'template'}`",
      "let from = await 11; from + 1",
      "var later; setImmediate(() => { later = 12 }); (async () => { while (!later) await new Promise(setImmediate) })()",
      "await 0; later = 0; setImmediate(() => { later = 13 }); (async () => { while (!later) await new Promise(setImmediate) })()",
    ],
    then: {
      "[a, b, c, each, last, i, key, inner, typeof hidden, caught, G.h, new G().method(), label, from, later]":
        [1, 2, 3, 5, 5, 3, "k", 6, "undefined", 8, 9, 10, "template", 11, 13],
    },
  },
  "`await` may be a name": { scripts: ["var await = 1; let b = await + 1"], then: { b: 2 } },
  "a promise that a declaration holds is not awaited": {
    scripts: [
      "let never = new Promise(() => {})",
      "await 1; let never = new Promise(() => {})",
      "class A {} let b = new Promise(() => {})",
    ],
    then: { "never instanceof Promise": true },
  },
  TypeScript: {
    scripts: [
      "var plain: number = 1",
      "interface Point { x: number } type Id = string; const p: Point = { x: 1 }; let id = 'a' as Id; function of<T>(t: T): T { return t }",
      "abstract class Shape { declare kind: string; abstract area(): number }\nclass Square extends Shape { constructor(readonly_: number) { super() } area(): number { return 4 } }",
      "import type { Stats } from 'node:fs'; import { type Dirent, existsSync } from 'node:fs'; const there: boolean = await existsSync('/')!",
      ["enum Color { Red }", /SyntaxError: TypeScript enum cannot be erased/],
      ["let x: = 5", /SyntaxError/],
    ],
    then: { "[plain, p.x, id, of(2), new Square(1).area(), there]": [1, 1, "a", 2, 4, true] },
  },
  "a shebang line, comments and an empty script": {
    scripts: [
      "#!/usr/bin/env node\nlet a = 1",
      "#!/usr/bin/env node\nvar b = await 2",
      "#!/bin/node\nvar c = 3",
      "",
      "// let\n",
      "/* class */ ;",
    ],
    then: { "[a, b, c]": [1, 2, 3] },
  },
  "code that only looks like a top-level declaration is left alone": {
    scripts: [
      "{ let a = 1; const b = 2; class C {} } for (let d = 0; d < 1; d++); for (const e of [1]); var let1 = 'let x = 1; class Y {}'; if (1) { function inBlock() {} }",
    ],
    then: {
      "[typeof a, typeof b, typeof C, typeof d, typeof e, let1, typeof inBlock]": [
        "undefined",
        "undefined",
        "undefined",
        "undefined",
        "undefined",
        "let x = 1; class Y {}",
        "function",
      ],
    },
  },
  "direct eval, and functions made from strings, see the same names": {
    scripts: [
      "let a = 1; eval('var b = a + 1'); var c = new Function('return a + b')()",
      "(0, eval)('let d = a')",
    ],
    then: { "[b, c]": [2, 3] },
  },
  "exports are refused": {
    scripts: [["export const a = 1", /SyntaxError: a script has no exports/]],
    then: { "typeof a": "undefined" },
  },
};

for (const [form, exec] of Object.entries(forms)) {
  for (const [name, { scripts, then }] of Object.entries(sessions)) {
    test(`${form}: ${name}`, limits, () =>
      using(async (interp) => {
        for (const script of scripts) {
          if (typeof script === "string") await exec(interp, script);
          else {
            const error = await rejection<ExecutionFailed>(exec(interp, script[0]));
            assert.ok(error instanceof ExecutionFailed, String(error));
            assert.match(error.message, script[1]);
          }
        }
        for (const [expression, expected] of Object.entries(then)) {
          assert.deepEqual(await value(interp, expression), expected, expression);
        }
      }),
    );
  }
}

test("prepareMain replaces constants and imports", limits, () =>
  using(async (interp) => {
    await interp.exec("const a = 1; import { sep as b } from 'node:path'; let c = 2; class D {}");
    await interp.prepareMain({ a: 10, b: 20, c: 30, D: 40 });
    assert.deepEqual(await value(interp, "[a, b, c, D]"), [10, 20, 30, 40]);
    await interp.exec("a = 11; const c = 31");
    assert.deepEqual(await value(interp, "[a, c]"), [11, 31]);
  }),
);

test("time limits hold where a script has replaced the timers", limits, () =>
  using(async (interp) => {
    await interp.prepareMain({ index: new URL("../../src/entry.mjs", import.meta.url).href });
    await interp.exec(`
      import { clearTimeout } from "node:timers";
      import { setImmediate, setTimeout } from "node:timers/promises";
      const { createQueue, InterpreterPoolExecutor } = await import(index);
      const met = await createQueue().get({ timeout: 1 }).catch((error) => error.code);
      const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
      const slow = pool.submit(() => new Promise(() => {}));
      slow.then(() => {}, () => {});
      const late = await slow.result(1).catch((error) => error.name);
      await setTimeout(1);
    `);
    assert.deepEqual(await value(interp, "[met, late]"), ["ERR_QUEUE_EMPTY", "TimeoutError"]);
  }),
);

test("each interpreter has its own declarations", limits, async () => {
  await using one = create();
  await using other = create();
  await one.exec("const a = 1");
  await other.exec("let a = 2");
  assert.deepEqual([await value(one, "a"), await value(other, "a")], [1, 2]);
});

test("exec: bad options are refused at once", limits, () =>
  using(async (interp) => {
    const bad = (options: object): Promise<unknown> => rejection(interp.exec("1", options));
    assert.match(String(await bad({ filename: 1 })), /TypeError.*filename must be a string/);
    assert.match(String(await bad({ base: 1 })), /TypeError.*base must be the path/);
    assert.match(String(await bad({ base: "https://example.org/" })), /TypeError.*base must be the path/);
    assert.match(String(await bad({ base: new URL("data:,x") })), /TypeError.*base must be the path/);
    assert.match(String(await bad({ bsae: "x" })), /no option bsae/);
    assert.throws(() => interp.execSync("let a = 1", { base: "" }), TypeError);
    assert.throws(() => interp.execSync(1 as never), TypeError);
  }),
);
