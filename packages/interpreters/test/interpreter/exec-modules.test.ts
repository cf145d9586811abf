/** All forms of `import`, `require` and `import.meta` in scripts, and the place that they resolve from. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { type ExecOptions, ExecutionFailed, type Interpreter } from "interpreters";
import { limits, rejection, thrown, using } from "../support/ways.js";

const directory = mkdtempSync(path.join(tmpdir(), "interpreters-exec-"));
const other = path.join(directory, "a dir");
after(() => rmSync(directory, { recursive: true, force: true }));
mkdirSync(other);
for (const [where, name] of [
  [directory, "here"],
  [other, "there"],
]) {
  writeFileSync(
    path.join(where, "module.mjs"),
    `export let count = 0; export const increase = () => ++count; export default "${name}"; export { name as "odd name" }; const name = "odd ${name}"`,
  );
  writeFileSync(path.join(where, "plain.cjs"), `exports.name = "${name}"; module.exports.path = __filename`);
  writeFileSync(path.join(where, "data.json"), `{ "name": "${name}" }`);
  writeFileSync(path.join(where, "typed.ts"), `export const typed: string = "${name}"`);
  writeFileSync(path.join(where, "breaks.mjs"), `throw new RangeError("while loading ${name}")`);
}

const value = (interp: Interpreter, expression: string): Promise<unknown> =>
  interp.call(new Function(`return ${expression}`) as () => unknown);

test("every form of static import binds its names before any of the script runs", limits, () =>
  using(async (interp) => {
    const options = { base: directory };
    await interp.exec(
      `var before = standard + count;
       import standard, { count, increase as more } from "./module.mjs";
       import * as all from './module.mjs'
       import other, * as rest from "./module.mjs"; import { "odd name" as odd, default as again } from "./module.mjs";
       import "node:fs";
       import data from "./data.json" with { type: "json" };
       import { typed } from "./typed.ts"; import cjs, { name } from "./plain.cjs";
       more();`,
      options,
    );
    assert.deepEqual(
      await value(
        interp,
        "[before, standard, count, all.count, other, rest.default, odd, again, data.name, typed, cjs.name, name]",
      ),
      ["here0", "here", 1, 1, "here", "here", "odd here", "here", "here", "here", "here", "here"],
    );
    // The names are the module's variables, not copies, and cannot be assigned to.
    interp.execSync("more()");
    assert.equal(await value(interp, "count"), 2);
    assert.match(
      String(await rejection(interp.exec("count = 5"))),
      /TypeError: Assignment to constant variable/,
    );
    // Imported again from elsewhere, and with top-level await.
    await interp.exec("import standard from './module.mjs'; let waited = await standard", { base: other });
    assert.deepEqual(await value(interp, "[standard, waited]"), ["there", "there"]);
  }),
);

const bases: Record<string, ExecOptions> = {
  "the path of a directory": { base: other },
  "a relative path": { base: path.relative(process.cwd(), other) },
  "the URL of a directory": { base: pathToFileURL(other + path.sep) },
  "the URL of a module, as a string": { base: pathToFileURL(path.join(other, "any.js")).href },
  "a directory, whatever the name of the script": {
    base: other,
    filename: path.join(directory, "elsewhere.js"),
  },
  "a directory, with a name that looks like a URL": { base: other, filename: "vm:script.js" },
};
for (const [name, options] of Object.entries(bases)) {
  test(`base may be ${name}`, limits, () =>
    using(async (interp) => {
      await interp.exec(
        `import first from "./module.mjs";
         const second = (await import("./module.mjs")).default;
         const third = require("./plain.cjs").name;
         var fourth = () => import("./module.mjs").then((m) => m.default);`,
        options,
      );
      interp.execSync("var fifth; import('./module.mjs').then((m) => { fifth = m.default })", options);
      const sixth = 'var sixth = import("./typed.ts")';
      await interp.exec(sixth, options);
      assert.deepEqual(
        await value(
          interp,
          "Promise.all([first, second, third, fourth(), fifth, sixth.then((m) => m.typed)])",
        ),
        ["there", "there", "there", "there", "there", "there"],
      );
    }),
  );
}

test("base is the working directory by default", limits, () =>
  using(async (interp) => {
    const before = process.cwd();
    process.chdir(directory);
    try {
      await interp.exec(
        "import a from './module.mjs'; const b = await import('./module.mjs'), c = require('./plain.cjs')",
      );
      await interp.exec("const d = await import('./module.mjs')", { filename: path.join(other, "named.js") });
      assert.deepEqual(await value(interp, "[a, b.default, c.name, d.default]"), [
        "here",
        "here",
        "here",
        "here",
      ]);
    } finally {
      process.chdir(before);
    }
  }),
);

test(
  "import.meta has the URL of the script: a file in the base, unless its name is an absolute path or a URL",
  limits,
  () =>
    using(async (interp) => {
      const script =
        "var { resolve, ...meta } = import.meta; function later() { return import . meta.url } class C { url = import.meta.url }";
      const named = path.join(other, "named.js");
      for (const [options, file] of [
        [{ base: other, filename: "job 1.js" }, path.join(other, "job 1.js")],
        [{ base: pathToFileURL(named) }, path.join(other, "<exec>")],
        [{ base: directory, filename: named }, named],
        [{ base: directory, filename: pathToFileURL(named).href }, named],
      ] as const) {
        const url = pathToFileURL(file).href;
        await interp.exec(script, options);
        assert.deepEqual(await value(interp, "[meta, later(), new C().url]"), [
          { url, filename: file, dirname: path.dirname(file) },
          url,
          url,
        ]);
      }
    }),
);

test("require is Node's, and does not replace a `require` that the user declares", limits, () =>
  using(async (interp) => {
    await interp.exec(
      "const { name, path } = require('./plain.cjs'), resolved = require.resolve('./plain.cjs')",
      { base: other },
    );
    assert.deepEqual(await value(interp, "[name, path, resolved]"), [
      "there",
      path.join(other, "plain.cjs"),
      path.join(other, "plain.cjs"),
    ]);
    await interp.exec("const require = (id) => 'mine ' + id");
    await interp.exec("var mine = require('x')");
    assert.equal(await value(interp, "mine"), "mine x");
    assert.deepEqual(await value(interp, "Object.keys(globalThis).includes('require')"), true);
  }),
);

test("a failing import fails the script before any of it runs", limits, () =>
  using(async (interp) => {
    const cases: [string, RegExp][] = [
      [
        "var ran = 1;\nimport { nope } from './module.mjs'",
        /SyntaxError: The requested module '.\/module.mjs' does not provide an export named 'nope'/,
      ],
      ["var ran = 1; import './missing.mjs'", /Cannot find module '.*missing\.mjs'/],
      ["let ran = 1; import './breaks.mjs'", /RangeError: while loading here/],
      ["let ran = 1; import 'no-such-package-anywhere'", /Cannot find package 'no-such-package-anywhere'/],
    ];
    for (const [code, message] of cases) {
      for (const error of [
        await rejection<ExecutionFailed>(interp.exec(code, { base: directory })),
        thrown<ExecutionFailed>(() => interp.execSync(code, { base: directory })),
      ]) {
        assert.ok(error instanceof ExecutionFailed, String(error));
        assert.match(error.message, message);
        assert.doesNotMatch(error.stack ?? "", /\/src\/guests\//);
      }
    }
    assert.equal(await value(interp, "typeof ran"), "undefined");
    const error = await rejection<ExecutionFailed>(
      interp.exec(cases[0][0], { base: directory, filename: "main.js" }),
    );
    assert.match(
      error.excinfo.errdisplay,
      /^main\.js:2\nimport \{ nope \} from '.\/module.mjs'\n {9}\^{4}\n/,
    );
  }),
);

test(
  "a function that a script declares and that imports modules can be called in another interpreter",
  limits,
  () =>
    using(async (interp) => {
      await interp.prepareMain({ index: new URL("../../src/entry.mjs", import.meta.url).href });
      await interp.exec(`
      const { create } = await import(index);
      let task = async () => { const { sep } = await import("node:path"); return sep.length };
      var result;`);
      await interp.exec("const nested = create(); result = await nested.call(task); await nested.close()");
      assert.equal(await value(interp, "result"), 1);
    }),
);
