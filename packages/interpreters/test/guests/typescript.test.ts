/** TypeScript modules in a thread whose starter is blocked, which is how they are used. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe as group, test } from "node:test";
import { pathToFileURL } from "node:url";
import { runWhileBlocked } from "./thread.js";

const directory = realpathSync(mkdtempSync(path.join(tmpdir(), "interpreters-ts-")));
after(() => rmSync(directory, { recursive: true, force: true }));

for (const [name, source] of Object.entries({
  "package.json": '{ "type": "module" }',
  "main.ts": `import type { Nothing } from "./nothing.js";
import { sibling, type Shape } from "./sibling.mts";
import common from "./common.cts";
import { dependency } from "dependency";
import { detected } from "./untyped/module.ts";
import { detectedCommon } from "./untyped/common.ts";
export const run = (n: number, shape?: Shape): unknown[] =>
  [n as number, sibling, common, dependency, detected, detectedCommon, import.meta.url];
export function fail<T>(value: T): never {
  const wanted: T = value; throw new Error(String(wanted));
}`,
  "sibling.mts": "export interface Shape { a: string }\nexport const sibling: string = 'sibling';",
  "common.cts":
    "const inner: { inner: string } = require('./inner.cts'); module.exports = { ...inner, file: __filename as string };",
  "inner.cts": "exports.inner = 'inner' as string;",
  "node_modules/dependency/package.json":
    '{ "type": "module", "exports": { ".": "./index.js", "./ts": "./index.ts" } }',
  "node_modules/dependency/index.js": "export const dependency = 'dependency';",
  "node_modules/dependency/index.ts": "export const dependency: string = 'dependency';",
  "untyped/package.json": "{}",
  "untyped/module.ts": "export const detected: number = 5;",
  "untyped/common.ts": "exports.detectedCommon = 6 as number;",
  "enum.ts": "const fine = 1;\nenum Colour { red }\nexport const f = () => Colour.red;",
  "syntax.ts": "const fine: number = 1;\nconst broken: = 2;\n",
  "property.ts": "const fine = 1;\n\nexport class A { constructor(private x: number) {} }",
  "namespace.ts": "export namespace N { export const x = 1; }",
  "renamed.ts": 'import { sibling } from "./sibling.mjs"; export const f = () => sibling;',
  "renamed.js": 'import { sibling } from "./sibling.mjs"; export const f = () => sibling;',
  "compiled.js": "export const f = () => 'compiled';",
  "function.ts": "export const f = (): string => 'function.ts';",
  "jsx.tsx": "export const f = () => <b/>;",
  "over-jsx.ts": 'import { f } from "./jsx.tsx"; export { f };',
  "dependent.ts": 'import { dependency } from "dependency/ts"; export const f = () => dependency;',
})) {
  const file = path.join(directory, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, source);
}

const url = (name: string): string => pathToFileURL(path.join(directory, name)).href;

/** Calls an export while this thread is blocked. Returns its result, or the failure as displayed. */
function call(name: string, exported: string, ...args: unknown[]): unknown {
  return runWhileBlocked(
    `try {
       const fn = await load({ kind: "module", url: data.url, export: data.exported });
       return await fn(...data.args);
     } catch (error) {
       return describeFailure(error).errdisplay;
     }`,
    { url: url(name), exported, args },
  );
}

group("a TypeScript module, while the main thread is blocked", () => {
  test("imports what is beside it and packages, in every flavour, and knows its URL", () => {
    assert.deepEqual(call("main.ts", "run", 1), [
      1,
      "sibling",
      { inner: "inner", file: path.join(directory, "common.cts") },
      "dependency",
      5,
      6,
      url("main.ts"),
    ]);
  });

  test("keeps its lines and columns", () => {
    const display = String(call("main.ts", "fail", "text"));
    assert.match(display, /^Error: text\n/);
    assert.ok(display.includes(`${url("main.ts")}:10:34`), display);
  });

  test("tells where it uses which syntax that cannot be erased, and what to do", () => {
    for (const [name, line, marks, what] of [
      ["enum", 2, "\\^{19}", "enum"],
      ["property", 3, " {37}\\^{9}", "parameter property"],
      ["namespace", 1, " *\\^+", "namespace declaration"],
    ] as const) {
      const display = String(call(`${name}.ts`, "f"));
      const [place, text, under, , error] = display.split("\n");
      assert.equal(place, `${path.join(directory, `${name}.ts`)}:${line}`);
      assert.equal(text, readFileSync(path.join(directory, `${name}.ts`), "utf8").split("\n")[line - 1]);
      assert.match(under, new RegExp(`^${marks}\\s*$`));
      assert.match(
        error,
        new RegExp(`^SyntaxError.*: TypeScript ${what} cannot be erased\\. .* or compile it`),
      );
      assert.match(display, /ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX/);
      assert.doesNotMatch(display, /strip\.js|^\[/);
    }
  });

  test("tells where it has a syntax error", () => {
    assert.match(
      String(call("syntax.ts", "f")),
      /syntax\.ts:2\n(?:const fine.*\n)?const broken: = 2;\n {14}\^/,
    );
  });

  test("may import a .ts file by the name it compiles to, a JavaScript module is told the other name", () => {
    assert.equal(call("renamed.ts", "f"), "sibling");
    assert.match(
      String(call("renamed.js", "f")),
      /sibling\.mjs, imported by way of .*sibling\.mts is there: import it by that name/,
    );
  });

  test("has one URL in the sources and in what they are compiled to", () => {
    assert.equal(call("function.js", "f"), "function.ts");
    assert.match(String(call("enum.js", "f")), /TypeScript enum cannot be erased/);
    assert.match(
      String(call("compiled.ts", "f")),
      /cannot find module .*compiled\.ts; .*compiled\.js is there: use that name, by which the \.ts is found, too/,
    );
  });

  test("in the dialect with JSX is refused with the remedies", () => {
    for (const name of ["jsx.tsx", "over-jsx.ts"]) {
      assert.match(
        String(call(name, "f")),
        /cannot load .*jsx\.tsx: JSX needs generated code.*Compile the file to JavaScript, or/,
      );
    }
  });

  test("is refused below node_modules, as by Node", () => {
    assert.match(String(call("dependent.ts", "f")), /ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING/);
  });

  test("that is missing is named", () => {
    assert.match(String(call("missing.ts", "f")), /^Error: cannot find module file:.*missing\.ts/);
  });

  test("can be imported by a stateless function", () => {
    const source = `async () => (await import(${JSON.stringify(url("sibling.mts"))})).sibling`;
    const value = runWhileBlocked(
      'return await load({ kind: "function", source: data, free: [], name: "f" })();',
      source,
    );
    assert.equal(value, "sibling");
  });
});

test("without an eraser, TypeScript is refused with the remedies, and a broken script too", () => {
  const texts = runWhileBlocked(
    `const module = process.getBuiltinModule("node:module");
     delete module.stripTypeScriptTypes;
     const resolve = module._resolveFilename;
     module._resolveFilename = function (name, ...rest) {
       if (name.startsWith("@swc/")) throw new Error("not installed");
       return resolve.call(this, name, ...rest);
     };
     const { strip } = await import(data.strip);
     const { describeScript } = await import(data.scripts);
     let message;
     try { strip("const n: number = 1;", "n.ts"); } catch (error) { message = error.code + " " + error.message; }
     return [message, describeScript("const n: number = 1;").broken.message, describeScript("const n = 1;").broken];`,
    {
      strip: new URL("../../src/guests/javascript/strip.js", import.meta.url).href,
      scripts: new URL("../../src/guests/javascript/script-text.js", import.meta.url).href,
    },
  ) as string[];
  assert.match(texts[0], /^ERR_INTERPRETER_TYPESCRIPT Cannot erase .* \(npm install @swc\/wasm-typescript/);
  assert.match(texts[1], /^Unexpected token \(is it TypeScript\? Cannot erase the types/);
  assert.equal(texts[2], null);
});
