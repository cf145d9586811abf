/** Loading functions at the target, and the target's scripts and globals. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe as group, test } from "node:test";
import { pathToFileURL } from "node:url";
import vm from "node:vm";
import { NotShareableError } from "../../src/base/errors.js";
import { describe, fromModule } from "../../src/guests/javascript/callable.js";
import { describeFailure } from "../../src/guests/javascript/failure.js";
import { load } from "../../src/guests/javascript/load.js";
import { bindGlobals } from "../../src/guests/javascript/main-scope.js";
import { runScript as run } from "../../src/guests/javascript/script.js";
import { describeScript } from "../../src/guests/javascript/script-text.js";

const directory = mkdtempSync(path.join(tmpdir(), "interpreters-load-"));
after(() => rmSync(directory, { recursive: true, force: true }));

function write(name: string, source: string): URL {
  const file = path.join(directory, name);
  writeFileSync(file, source);
  return pathToFileURL(file);
}

const runScript = (source: string, filename: string): unknown => run(describeScript(source, filename));

type Exports = Record<string, (...args: unknown[]) => unknown>;

const arrive = async (fn: unknown, ...args: unknown[]): Promise<unknown> =>
  (await load(describe(fn)))(...args);

group("a stateless function", () => {
  test("is there at once, is strict, and has no `this`", () => {
    const loaded = load(
      describe(function (this: unknown): unknown {
        return this;
      }),
    );
    assert.ok(typeof loaded === "function");
    assert.equal(loaded(), undefined);
  });

  test("finds globals and what scripts declared, in any way", async () => {
    runScript(
      "var loadVar = 1; let loadLet = 2; const loadConst = 3; class LoadClass {} function loadFn() { return 4; }",
      "s",
    );
    runScript("let loadUndefined;", "s");
    const fn = new Function(
      "return [loadVar, loadLet, loadConst, typeof LoadClass, loadFn(), loadUndefined]",
    );
    assert.deepEqual(await arrive(fn), [1, 2, 3, "function", 4, undefined]);
  });

  test("that captured variables is refused, naming each and the remedies", () => {
    const [width, height] = [1, 2];
    const area = (): number => width * height;
    assert.throws(
      () => load(describe(area)),
      (error: unknown) => {
        assert.ok(error instanceof NotShareableError);
        assert.match(
          error.message,
          /"area" captures `width`, `height`.*as arguments.*prepareMain\(\).*fromModule\(\)/,
        );
        return true;
      },
    );
  });

  test("that captured `require` is told of import()", () => {
    assert.throws(() => load(describe(new Function("return require('fs')"))), /`require`.*import\(/);
  });

  test("does not find a variable whose script failed while declaring it", () => {
    assert.throws(
      () => runScript("let loadFailed = (() => { throw new RangeError('no'); })();", "s"),
      RangeError,
    );
    assert.throws(() => load(describe(new Function("return loadFailed"))), /`loadFailed`/);
  });

  test("may import, without a warning", async () => {
    const warnings: unknown[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on("warning", listen);
    const names = await arrive(async () => Object.keys(await import("node:path")).includes("join"));
    await new Promise(setImmediate);
    process.off("warning", listen);
    assert.equal(names, true);
    assert.deepEqual(warnings, []);
  });

  test("imports relative to the working directory", async () => {
    write("relative.mjs", "export const value = 'relative';");
    const before = process.cwd();
    process.chdir(directory);
    try {
      const fn = new Function("return import('./relative.mjs').then((m) => m.value)");
      assert.equal(await arrive(fn), "relative");
    } finally {
      process.chdir(before);
    }
  });

  test("shows its own name and lines in stacks", async () => {
    const fn = new Function("return function sums() {\n  throw new Error('here');\n}")() as () => never;
    await assert.rejects(arrive(fn), (error: Error) => {
      assert.match(error.stack ?? "", /at sums \(<interpreters:call\(sums\)>:2:9\)/);
      return true;
    });
  });
});

group("a function of a module", () => {
  const counter = write(
    "counter.mjs",
    "let n = 0; export const count = () => ++n; export const data = 1; export class Made {}",
  );

  test("is loaded once", async () => {
    assert.equal(await arrive(fromModule<Exports>(counter)["count"]), 1);
    assert.equal(await arrive(fromModule<Exports>(counter)["count"]), 2);
  });

  test("that is not there, or is no function, is a TypeError that names the module and its functions", async () => {
    const module = fromModule<Exports>(counter);
    await assert.rejects(
      arrive(module["nope"]),
      /^TypeError: file:.*counter\.mjs has no export "nope"; the functions it exports are count/,
    );
    await assert.rejects(arrive(module["data"]), /^TypeError: .*exports data, which is no function/);
    await assert.rejects(arrive(module["Made"]), /^TypeError: Made of .*is a class/);
  });

  test("whose file is missing names that file and nothing of this package", async () => {
    const url = new URL("missing.mjs", counter);
    await assert.rejects(arrive(fromModule<Exports>(url)["f"]), {
      code: "ERR_MODULE_NOT_FOUND",
      message: `cannot find module ${url.href}`,
    });
  });

  test("whose module throws while loading rejects with that error", async () => {
    const url = write("throws.mjs", "throw new RangeError('while loading');");
    await assert.rejects(arrive(fromModule<Exports>(url)["f"]), /^RangeError: while loading/);
  });

  test("whose module has a syntax error tells the line", async () => {
    const url = write("broken.mjs", "const fine = 1;\nconst broken = = 2;\n");
    const error: unknown = await arrive(fromModule<Exports>(url)["f"]).then(
      () => assert.fail("it loaded"),
      (e: unknown) => e,
    );
    const { errdisplay } = describeFailure(error);
    assert.ok(errdisplay.startsWith(`${url.href}:2\nconst broken = = 2;\n               ^`), errdisplay);
    assert.match(errdisplay, /SyntaxError: Unexpected token '='$/);
  });

  test("may be of a builtin module", async () => {
    assert.equal(await arrive(fromModule<Exports>("node:path")["basename"], "/a/b"), "b");
  });
});

group("a builtin", () => {
  test("is called on the object it belongs to", async () => {
    assert.equal(await arrive(Math.hypot, 3, 4), 5);
    assert.deepEqual(await arrive(JSON.parse, "[1]"), [1]);
    assert.equal(typeof (await arrive(performance.now)), "number");
    assert.match(String(await arrive(crypto.randomUUID)), /^[\da-f-]{36}$/);
  });

  test("that this interpreter has not is refused by name", () => {
    assert.throws(() => load({ kind: "builtin", path: "Math.nope" }), /Math\.nope is not a function/);
    assert.throws(() => load({ kind: "builtin", path: "Nope.nope.nope" }), NotShareableError);
  });
});

group("scripts", () => {
  test("share one global scope and give their completion value", () => {
    runScript(
      "let scriptLet = 1; const scriptConst = 2; var scriptVar = 3; function scriptFn() { return scriptLet; }",
      "one",
    );
    assert.equal(runScript("scriptLet = 10; scriptConst + scriptVar + scriptFn()", "two"), 15);
  });

  test("may import()", async () => {
    assert.equal(
      typeof (await (runScript("import('node:fs')", "s") as Promise<{ existsSync: unknown }>)).existsSync,
      "function",
    );
  });

  test("with a syntax error say where", () => {
    assert.throws(
      () => runScript("let a = 1;\nlet b = ;", "my-script"),
      (error: unknown) => {
        const { errdisplay, formatted } = describeFailure(error);
        assert.equal(formatted, "SyntaxError: Unexpected token ';'");
        assert.ok(errdisplay.startsWith("my-script:2\nlet b = ;\n        ^\n"), errdisplay);
        return true;
      },
    );
  });
});

group("bound globals", () => {
  const read = (name: string): unknown => runScript(name, "read");

  test("are writable, configurable and enumerable", () => {
    bindGlobals({ bound: 1 });
    assert.deepEqual(Object.getOwnPropertyDescriptor(globalThis, "bound"), {
      value: 1,
      writable: true,
      configurable: true,
      enumerable: true,
    });
    bindGlobals({ bound: 2 });
    assert.equal(read("bound"), 2);
  });

  test("need not be identifiers", () => {
    bindGlobals({ "a-b": 1, if: 2 });
    assert.equal(read("globalThis['a-b'] + globalThis.if"), 3);
  });

  test("replace what scripts declared with var, let, class and function", () => {
    runScript(
      "var boundVar = 1; let boundLet = 2; class BoundClass {} function boundFn() {} let value = 3;",
      "s",
    );
    bindGlobals({ boundVar: 10, boundLet: 20, BoundClass: 30, boundFn: 40, value: 50 });
    assert.deepEqual(read("[boundVar, boundLet, BoundClass, boundFn, value]"), [10, 20, 30, 40, 50]);
  });

  test("replace a let that hides a global, and lazy globals of Node", () => {
    runScript("let atob = 1;", "s");
    bindGlobals({ atob: 2, crypto: 3 });
    assert.deepEqual(read("[atob, crypto]"), [2, 3]);
  });

  test("are all refused when one cannot be bound", () => {
    // Bypasses `exec`, so the variable is beside the global object.
    vm.runInThisContext("const boundConst = 1;");
    for (const name of ["boundConst", "undefined"]) {
      assert.throws(
        () => bindGlobals({ boundBefore: 1, [name]: 2 }),
        new RegExp(`^TypeError: cannot bind ${name}`),
      );
    }
    assert.equal("boundBefore" in globalThis, false);
    assert.equal(read("boundConst"), 1);
  });
});
