/**
 * Calls of module functions, as the first work of an interpreter and after other work: the outcome is the same, and is that
 * of `import()`.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { create, type CreateOptions, ExecutionFailed, fromModule, type Interpreter } from "interpreters";
import { limits, rejection } from "../support/ways.js";

const folder = mkdtempSync(path.join(tmpdir(), "first-module-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const files: Record<string, string> = {
  "package.json": '{ "type": "module" }',
  // Counts its evaluations, and calls of one of its functions.
  "counts.js": `
    globalThis.evaluated = (globalThis.evaluated ?? 0) + 1;
    export let n = 0;
    export const increment = () => ++n;
    export const evaluated = () => globalThis.evaluated;
    export default function standard() { return "default"; }`,
  "same.mjs": `
    import { increment } from "./counts.js";
    export const both = async () => {
      increment();
      const there = await import("./counts.js");
      return [there.n, globalThis.evaluated, Object.keys(there).sort().join()];
    };`,
  "awaits.js": `
    globalThis.evaluated = (globalThis.evaluated ?? 0) + 1;
    export const value = await Promise.resolve(5);
    export const get = () => [value, globalThis.evaluated];`,
  "over-awaits.js": `export { get } from "./awaits.js";`,
  "throws.js": `
    globalThis.evaluated = (globalThis.evaluated ?? 0) + 1;
    throw new RangeError("evaluated " + globalThis.evaluated);
    export const f = () => 1;`,
  "syntax.js": "export const f = ;",
  "missing.js": 'import "./nowhere.js"; export const f = () => 1;',
  "cycle.js": 'import { b } from "./cycle-b.js"; export const a = 1; export const f = () => b();',
  "cycle-b.js": 'import { a } from "./cycle.js"; export const b = () => a + 1;',
  "common.cjs": "exports.f = () => 'common';",
  "old/package.json": "{}",
  "old/common.js": `
    globalThis.evaluated = (globalThis.evaluated ?? 0) + 1;
    exports.f = () => globalThis.evaluated;`,
  "old/throws.js": `
    globalThis.evaluated = (globalThis.evaluated ?? 0) + 1;
    throw new RangeError("evaluated " + globalThis.evaluated);`,
  "named.js": 'const f = () => 1; export { f, f as "module.exports" };',
  "hooks.mjs": `
    import { register } from "node:module";
    register("./hook.mjs", import.meta.url);`,
  "hook.mjs": `
    export async function load(url, context, next) {
      const { source, ...loaded } = await next(url, context);
      return { ...loaded, source: url.endsWith("counts.js") ? "export const evaluated = () => 'hooked'" : source };
    }`,
};
for (const [name, text] of Object.entries(files)) {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
}

const functionOf = (file: string, name: string, query = ""): (() => unknown) =>
  (
    fromModule<Record<string, () => unknown>>(pathToFileURL(path.join(folder, file)).href + query) as Record<
      string,
      () => unknown
    >
  )[name];

/** Runs the action in a new interpreter and in one that has run other code, and checks that the outcome is the same. */
async function both<T>(action: (interp: Interpreter) => Promise<T>, options: CreateOptions = {}): Promise<T> {
  await using fresh = create(options);
  const first = await action(fresh);
  await using used = create(options);
  await used.call(() => 1);
  assert.deepEqual(await action(used), first);
  return first;
}

const call =
  (file: string, name: string, query?: string) =>
  (interp: Interpreter): Promise<unknown> =>
    interp.call(functionOf(file, name, query));

const failure =
  (file: string, name: string) =>
  async (interp: Interpreter): Promise<string> => {
    const failed = await rejection<ExecutionFailed>(interp.call(functionOf(file, name)));
    assert.ok(failed instanceof ExecutionFailed, String(failed));
    // Twice: a module that has thrown is not evaluated again.
    const again = await rejection<ExecutionFailed>(interp.call(functionOf(file, name)));
    assert.equal(again.excinfo.formatted, failed.excinfo.formatted);
    return failed.excinfo.formatted;
  };

test("a module is one, however it was loaded, and is evaluated once", limits, async () => {
  assert.equal(await both(call("counts.js", "evaluated")), 1);
  assert.equal(await both(call("counts.js", "default")), "default");
  assert.deepEqual(await both(call("same.mjs", "both")), [1, 1, "default,evaluated,increment,n"]);
  assert.equal(
    await both(async (interp) => {
      await interp.call(functionOf("counts.js", "increment"));
      await interp.exec(
        `const there = await import(${JSON.stringify(pathToFileURL(path.join(folder, "counts.js")))})`,
      );
      return interp.call(new Function("return there.n + there.evaluated()") as () => number);
    }),
    2,
  );
});

test("top-level await, a query, cycles, and exports of any name work", limits, async () => {
  assert.deepEqual(await both(call("awaits.js", "get")), [5, 1]);
  assert.deepEqual(await both(call("over-awaits.js", "get")), [5, 1]);
  assert.equal(await both(call("counts.js", "evaluated", "?again")), 1);
  assert.equal(await both(call("cycle.js", "f")), 2);
  assert.equal(await both(call("named.js", "f")), 1);
});

test("what fails to load fails in the same words, and is not evaluated again", limits, async () => {
  assert.equal(await both(failure("throws.js", "f")), "RangeError: evaluated 1");
  assert.match(await both(failure("syntax.js", "f")), /^SyntaxError: Unexpected token ';'/);
  assert.match(await both(failure("missing.js", "f")), /nowhere\.js/);
  assert.match(await both(failure("none.js", "f")), /none\.js/);
  assert.match(await both(failure("counts.js", "none")), /has no export "none"/);
});

test("CommonJS modules are what import() makes of them", limits, async () => {
  assert.equal(await both(call("common.cjs", "f")), "common");
  assert.equal(await both(call("old/common.js", "f")), 1);
  await using interp = create();
  const failed = await rejection<ExecutionFailed>(interp.call(functionOf("old/throws.js", "f")));
  assert.equal(failed.excinfo.formatted, "RangeError: evaluated 1");
});

test("hooks of what runs before are asked", limits, async () => {
  const execArgv = ["--import", pathToFileURL(path.join(folder, "hooks.mjs")).href];
  assert.equal(await both(call("counts.js", "evaluated"), { execArgv }), "hooked");
});
