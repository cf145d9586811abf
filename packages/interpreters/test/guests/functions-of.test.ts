/** `functionsOf`: the names that each kind of module yields, the place where it is loaded, and its failures. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe as group, test } from "node:test";
import { pathToFileURL } from "node:url";
import {
  create,
  ExecutionFailed,
  fromModule,
  functionsOf,
  type FunctionsOfOptions,
  InterpreterDiedError,
  InterpreterPoolExecutor,
  listAll,
} from "interpreters";
import { deathByLimit, limits, rejection, using } from "../support/ways.js";

const directory = mkdtempSync(path.join(tmpdir(), "functions-of-"));
after(() => rmSync(directory, { recursive: true, force: true }));

const files: Record<string, string> = {
  "esm.mjs": `
    export const arrow = () => 1;
    export function plain() {}
    export async function promised() {}
    export function* generator() {}
    export const { sqrt } = Math;
    export const bound = plain.bind(null);
    export function Constructor() {}
    export class Made {}
    export const data = { f() {} };
    export let never;
    export { arrow as "odd name" };
    export { plain as renamed };`,
  "default.mjs": "export default (x) => x;",
  "default-class.mjs": "export default class {}; export const f = () => 1;",
  "re-exports.mjs": `
    export * from "./esm.mjs";
    export { default as other } from "./default.mjs";
    export * as everything from "./esm.mjs";
    export { basename } from "node:path";`,
  "function.cjs": "module.exports = (x) => x;",
  "object.cjs": "exports.f = () => 1; exports.C = class {}; exports.data = 1;",
  "typed.ts": `
    export interface Item { readonly name: string }
    export type Handler = (item: Item) => string;
    export default function greet(item: Item): string { return item.name; }
    export const shout = (text: string): string => text.toUpperCase();`,
  "typed.cts": "exports.f = (n: number): number => n;",
  "none.mjs": "export const data = 1; export class Made {}",
  "empty.mjs": "",
  "counts.mjs": `
    globalThis.evaluated = (globalThis.evaluated ?? 0) + 1;
    export const evaluated = () => globalThis.evaluated;`,
  "waits.mjs":
    "export const value = await new Promise((resolve) => setTimeout(resolve, 5)); export const f = () => 1;",
  "throws.mjs": 'throw Object.assign(new RangeError("while loading"), { code: "ERR_TEST" });',
  "throws-text.mjs": 'throw "text";',
  "syntax.mjs": "export const f = ;",
  "exits.mjs": "process.exit(3);",
  "stuck.mjs": "for (;;);",
};
for (const [name, text] of Object.entries(files)) writeFileSync(path.join(directory, name), text);

const urlOf = (name: string): URL => pathToFileURL(path.join(directory, name));

type Exports = Record<string, () => unknown>;

group("the names are those of the functions that can be called", () => {
  const cases: readonly (readonly [what: string, file: string, names: readonly string[]])[] = [
    [
      "every kind of function of an ES module, sorted, and no class or value",
      "esm.mjs",
      ["Constructor", "arrow", "bound", "generator", "odd name", "plain", "promised", "renamed", "sqrt"],
    ],
    ["a default export", "default.mjs", ["default"]],
    ["not a default export that is a class", "default-class.mjs", ["f"]],
    [
      "re-exports, but not the default export and no namespace",
      "re-exports.mjs",
      [
        "Constructor",
        "arrow",
        "basename",
        "bound",
        "generator",
        "odd name",
        "other",
        "plain",
        "promised",
        "renamed",
        "sqrt",
      ],
    ],
    ["a CommonJS module that is a function, once", "function.cjs", ["default"]],
    ["the properties that Node finds in a CommonJS module", "object.cjs", ["f"]],
    ["a TypeScript module", "typed.ts", ["default", "shout"]],
    ["a CommonJS module in TypeScript", "typed.cts", ["f"]],
    ["a module that awaits", "waits.mjs", ["f"]],
    ["a module without functions", "none.mjs", []],
    ["an empty module", "empty.mjs", []],
  ];
  test("of files", limits, async (t) => {
    await using interp = create();
    for (const [what, file, names] of cases) {
      await t.test(what, async () => assert.deepEqual(await functionsOf(urlOf(file), { in: interp }), names));
    }
  });

  test("of builtin modules, data: URLs and absolute paths", limits, async () => {
    await using interp = create();
    const options = { in: interp };
    const names = await functionsOf("path/posix", options);
    assert.ok(names.includes("basename") && !names.includes("sep"), names.join());
    assert.deepEqual(await functionsOf("node:path/posix", options), names);
    assert.deepEqual(await functionsOf("data:text/javascript,export const f = () => 1", options), ["f"]);
    assert.deepEqual(await functionsOf(path.join(directory, "default.mjs"), options), ["default"]);
  });

  test("and each can be called", limits, () =>
    using(async (interp) => {
      const url = urlOf("typed.ts");
      const module = fromModule<Record<string, (argument: unknown) => unknown>>(url);
      const results = [];
      for (const name of await functionsOf(url, { in: interp })) {
        results.push(await interp.call(module[name], name === "default" ? { name: "a" } : "b"));
      }
      assert.deepEqual(results, ["a", "B"]);
    }),
  );
});

group("the module is loaded", () => {
  test("in a new interpreter, which is gone afterwards, and not here", limits, async () => {
    const before = listAll().map(({ id }) => id);
    assert.deepEqual(await functionsOf(urlOf("counts.mjs")), ["evaluated"]);
    assert.equal("evaluated" in globalThis, false);
    await rejection(functionsOf(urlOf("throws.mjs")));
    await rejection(functionsOf(urlOf("exits.mjs")));
    assert.deepEqual(
      listAll().map(({ id }) => id),
      before,
    );
  });

  test("in the interpreter that is given, once", limits, () =>
    using(async (interp) => {
      const url = urlOf("counts.mjs");
      assert.deepEqual(await functionsOf(url, { in: interp }), ["evaluated"]);
      assert.deepEqual(await functionsOf(url, { in: interp }), ["evaluated"]);
      assert.equal(await interp.call(fromModule<Exports>(url)["evaluated"]), 1);
    }),
  );

  test("by a worker of the pool that is given, or through a view", limits, async () => {
    const url = urlOf("counts.mjs");
    await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
    assert.deepEqual(await functionsOf(url, { in: executor }), ["evaluated"]);
    assert.deepEqual(await functionsOf(url, { in: executor.with({ timeout: 60_000 }) }), ["evaluated"]);
    assert.equal(await executor.submit(fromModule<Exports>(url)["evaluated"]), 1);
    assert.equal(executor.stats().completed, 3);
    await using interp = create();
    assert.deepEqual(await functionsOf(url, { in: interp.with({ timeout: 60_000 }) }), ["evaluated"]);
  });
});

group("a module that does not load", () => {
  test("is the failure that a call of its function is", limits, async () => {
    await using interp = create();
    await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
    for (const file of ["missing.mjs", "throws.mjs", "throws-text.mjs", "syntax.mjs"]) {
      const { f } = fromModule<Exports>(urlOf(file));
      const called = await rejection<ExecutionFailed>(interp.call(f));
      for (const options of [{ in: interp }, {}]) {
        const failed = await rejection<ExecutionFailed>(functionsOf(urlOf(file), options));
        assert.ok(failed instanceof ExecutionFailed, file);
        assert.equal(failed.excinfo.formatted, called.excinfo.formatted);
        assert.deepEqual(failed.excinfo.type, called.excinfo.type);
        assert.deepEqual(
          (failed.cause as { code?: unknown }).code,
          (called.cause as { code?: unknown }).code,
        );
      }
      // A pool's is what the module threw, as for its other tasks.
      const submitted = await rejection<unknown>(executor.submit(f));
      const failed = await rejection<unknown>(functionsOf(urlOf(file), { in: executor }));
      assert.equal(String(failed), String(submitted));
      assert.equal(failed instanceof Error, file !== "throws-text.mjs");
    }
  });

  test("because it is not there, says so with Node's code and the module's URL", limits, async () => {
    const url = urlOf("missing.mjs");
    const failed = await rejection<ExecutionFailed>(functionsOf(url));
    assert.equal(failed.message, `Error: cannot find module ${url.href}`);
    assert.equal((failed.cause as { code?: unknown }).code, "ERR_MODULE_NOT_FOUND");
    assert.match(failed.stack ?? "", /Called from:\n.*functions-of\.test\.[jt]s/);
  });

  test("because its interpreter ends meanwhile, is that interpreter's death", limits, async () => {
    const exited = await rejection<InterpreterDiedError>(functionsOf(urlOf("exits.mjs")));
    assert.ok(exited instanceof InterpreterDiedError);
    assert.deepEqual([exited.reason, exited.exitCode], ["exit", 3]);
    await using interp = create();
    deathByLimit(await rejection(functionsOf(urlOf("stuck.mjs"), { in: interp.with({ timeout: 50 }) })));
  });
});

test("wrong arguments are TypeErrors that say what to pass", limits, async () => {
  const refusals: readonly (readonly [module: unknown, options: unknown, message: RegExp])[] = [
    ["./a.js", {}, /^functionsOf\("\.\/a\.js"\): neither an absolute path nor a URL; pass an absolute URL/],
    [1, {}, /^functionsOf\(\) takes a URL or a string, got number/],
    ["https://example.com/a.js", {}, /^functionsOf\("https:.*not from https:/],
    ["node:nope", {}, /^functionsOf\("node:nope"\): Node has no such builtin module/],
    ["node:fs", { on: 1 }, /^functionsOf: there is no option on; there are in$/],
    ["node:fs", { in: {} }, /^functionsOf: in must be an Interpreter, .*found \{\}$/],
    ["node:fs", { in: () => 1 }, /^functionsOf: in must be an Interpreter, .*found \[Function/],
    ["node:fs", { in: null }, /^functionsOf: in must be an Interpreter, .*found null$/],
  ];
  for (const [module, options, message] of refusals) {
    await assert.rejects(functionsOf(module as string, options as FunctionsOfOptions), {
      name: "TypeError",
      message,
    });
  }
});
