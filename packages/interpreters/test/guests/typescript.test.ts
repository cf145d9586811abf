/** TypeScript modules in a thread whose starter is blocked, which is how they are used. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
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
  "renamed.ts": 'import { sibling } from "./sibling.mjs"; export const f = () => sibling;',
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

  test("tells where it uses syntax that cannot be erased", () => {
    const display = String(call("enum.ts", "f"));
    // Newer versions of Node, which erase types by themselves, also show the line before.
    assert.match(display, /enum\.ts:2\n(?:const fine.*\n)?enum Colour \{ red \}\n\^+\n/);
    assert.match(display, /SyntaxError.*enum/);
    assert.doesNotMatch(display, /strip\.js|^\[/);
  });

  test("tells where it has a syntax error", () => {
    assert.match(
      String(call("syntax.ts", "f")),
      /syntax\.ts:2\n(?:const fine.*\n)?const broken: = 2;\n {14}\^/,
    );
  });

  test("that imports a .ts file by the name it compiles to is told so", () => {
    assert.match(
      String(call("renamed.ts", "f")),
      /sibling\.mjs, imported by way of .*sibling\.mts is there: import it by that name/,
    );
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
