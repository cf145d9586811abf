/** `import.meta` in scripts: its members, and that no message, stack or text shows by which name it is called inside. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { type ExecutionFailed, type Interpreter } from "interpreters";
import { limits, rejection, using } from "../support/ways.js";

const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "interpreters-meta-")));
after(() => rmSync(folder, { recursive: true, force: true }));
const write = (name: string, text: string): void => {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
};
write("package.json", '{ "name": "self", "imports": { "#inner": "./inner.js" }, "exports": "./self.js" }');
write("node_modules/dual/package.json", '{ "exports": { "import": "./esm.js", "require": "./cjs.js" } }');
write("node_modules/dual/esm.js", "");
write("named.ts", "export const named: string = 'named.ts';");

const url = (name: string): string => pathToFileURL(path.join(folder, name)).href + (name === "" ? "/" : "");
const value = (interp: Interpreter, expression: string): Promise<unknown> =>
  interp.call(new Function(`return ${expression}`) as () => unknown);

test("import.meta.resolve resolves as import does, relative to the base", limits, () =>
  using(async (interp) => {
    await interp.exec(
      `var found = ["./a.js", "../b", "/c", "dual", "self", "#inner", "fs", "node:fs", "data:,x"].map((each) => import.meta.resolve(each));
       function later(name) { return import.meta.resolve(name); }
       var meta = import.meta;`,
      { base: folder },
    );
    assert.deepEqual(await value(interp, "found"), [
      url("a.js"),
      new URL("../b", pathToFileURL(folder + path.sep)).href,
      pathToFileURL("/c").href,
      url("node_modules/dual/esm.js"),
      url("self.js"),
      url("inner.js"),
      "node:fs",
      "node:fs",
      "data:,x",
    ]);
    // The functions of a script keep its base, also where they are called elsewhere and travel.
    await interp.exec("var elsewhere = [import.meta.resolve('./a.js'), later('dual'), meta.resolve('./x')]", {
      base: tmpdir(),
    });
    assert.deepEqual(await value(interp, "elsewhere"), [
      pathToFileURL(path.join(tmpdir(), "a.js")).href,
      url("node_modules/dual/esm.js"),
      url("x"),
    ]);
    assert.equal(
      await value(interp, "[meta.dirname, meta.filename, meta.url].join()"),
      [folder, path.join(folder, "<exec>"), `${url("")}%3Cexec%3E`].join(),
    );
    const missing = await rejection<ExecutionFailed>(
      interp.exec("import.meta.resolve('missing')", { base: folder }),
    );
    assert.match(missing.excinfo.errdisplay, /^Error.*: Cannot find package 'missing' imported from /);
  }),
);

test("a base in TypeScript imports TypeScript by the names that it is compiled to", limits, () =>
  using(async (interp) => {
    await interp.exec("import { named } from './named.js'; var there = (await import('./named.js')).named;", {
      base: url("main.ts"),
    });
    assert.deepEqual(await value(interp, "[named, there]"), ["named.ts", "named.ts"]);
  }),
);

const failing: Record<string, string> = {
  "import.meta.foo()": "import.meta.foo is not a function",
  "import.meta()": "import.meta is not a function",
  "new import.meta.foo()": "import.meta.foo is not a constructor",
  "for (const x of import.meta.foo);": "import.meta.foo is not iterable",
  "const { a } = import.meta.foo": "Cannot destructure property 'a' of 'import.meta.foo' as it is undefined.",
  "import('./named.ts').foo()": "import(...).foo is not a function",
  "await import.meta.foo()": "import.meta.foo is not a function",
  "await null; import.meta.foo()": "import.meta.foo is not a function",
  "function f() { import.meta.foo() } f()": "import.meta.foo is not a function",
};
for (const [script, message] of Object.entries(failing)) {
  test(`what ${script} throws shows what was written`, limits, () =>
    using(async (interp) => {
      const { excinfo, cause } = await rejection<ExecutionFailed>(interp.exec(script, { base: folder }));
      assert.equal(excinfo.message, message);
      assert.equal((cause as Error).message, message);
      const shown = [excinfo.errdisplay, excinfo.formatted, (cause as Error).stack ?? ""];
      for (const each of shown) {
        assert.ok(each.includes(message), each);
        assert.doesNotMatch(each, /[^\0-\x7f]|\$/);
      }
    }),
  );
}

test(
  "a script sees nothing but import.meta either, whatever its names, and however many bases there are",
  limits,
  () =>
    using(async (interp) => {
      for (let i = 0; i < 150; i++) {
        const name = `base ${i}`;
        await interp.exec(
          `function f${i}() { return import.meta.dirname } var text${i} = String(f${i}), import$meta = "mine";
         try { import.meta.foo() } catch ({ message }) { text${i} += message }`,
          { base: path.join(folder, name) },
        );
        assert.equal(await value(interp, `f${i}()`), path.join(folder, name));
        if (i > 40) continue;
        const text = String(await value(interp, `text${i}`));
        assert.match(
          text,
          /^function f\d+\(\) \{ return [^$]{11}\.dirname \}[^$]{11}\.foo is not a function$/,
        );
      }
      assert.equal(await value(interp, "import$meta"), "mine");
    }),
);
