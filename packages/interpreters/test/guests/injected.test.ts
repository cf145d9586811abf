/** Names that compilers, bundlers and test runners inject into functions, in the form of their real output. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { create, NotShareableError } from "interpreters";
import { limits, rejection } from "../support/ways.js";

type Any = (...args: unknown[]) => unknown;
const js = (source: string): Any => (0, eval)(`"use strict";(${source})`) as Any;

const interp = create();
after(() => interp.terminate());

const working: Record<string, [source: string, args: unknown[], expected: unknown]> = {
  "esbuild and tsx, keepNames": [
    '() => { const inner = /* @__PURE__ */ __name(() => 1, "inner"); class A { static { __name(this, "A"); } } return inner.name + A.name; }',
    [],
    "innerA",
  ],
  "Istanbul, and so Jest and nyc": [
    "(n, m = (cov_1x7gkb4ihs().b[0][0]++, 2)) => { cov_1x7gkb4ihs().f[0]++; cov_1x7gkb4ihs().s[0]++; if (n > 1) { cov_1x7gkb4ihs().b[1][0]++; cov_1x7gkb4ihs().s[1]++; } else { cov_1x7gkb4ihs().b[1][1]++; } return (cov_1x7gkb4ihs().bT[2][0]++, n * m); }",
    [3],
    6,
  ],
  "Istanbul, before version 4": [
    "(n) => { cov_2f.f[3]++; cov_2f.b[0][1]++; cov_2f.s[9]++; return n; }",
    [1],
    1,
  ],
  "Vitest, import()": [
    "async () => (await __vite_ssr_dynamic_import__('node:path')).basename('/a/b')",
    [],
    "b",
  ],
};
for (const [tool, [source, args, expected]] of Object.entries(working)) {
  test(`${tool}: works`, limits, async () => {
    const fn = js(source);
    assert.deepEqual(interp.callSync(fn, ...args), expected);
    assert.deepEqual(await interp.call(fn, ...args), expected);
  });
}

const explained: Record<string, [source: string, message: RegExp]> = {
  "Vite and Vitest": [
    "(f) => (0, __vite_ssr_import_0__.readFileSync)(f)",
    /`__vite_ssr_import_0__` looks like .*Vite.*import/,
  ],
  "Vitest with mocks": ["(f) => __vi_import_0__.readFileSync(f)", /looks like .*Vitest.*import/],
  "Vitest, import.meta": ["() => __vite_ssr_import_meta__.url", /`import\.meta`/],
  webpack: ["(f) => (0, node_fs__WEBPACK_IMPORTED_MODULE_0__.readFileSync)(f)", /webpack.*import/],
  "TypeScript as CommonJS": [
    "(f) => (0, node_fs_1.readFileSync)(f)",
    /`node_fs_1` looks like .*TypeScript.*import/,
  ],
  "esbuild as CommonJS": [
    "(f) => (0, import_node_fs.readFileSync)(f)",
    /`import_node_fs` looks like .*esbuild.*import/,
  ],
  "JSX, automatic": ["(name) => _jsx('p', { children: name })", /`_jsx` looks like .*JSX/],
  "JSX while developing": ["(name) => jsxDEV('p', { children: name })", /JSX/],
  "TypeScript, async": [
    "() => __awaiter(void 0, void 0, void 0, function* () { return 1 })",
    /`__awaiter` looks like a helper of TypeScript's.*later "target"/,
  ],
  "TypeScript, using": ["() => __addDisposableResource({}, null, false)", /TypeScript's.*target/],
  tslib: ["(a) => tslib_1.__spreadArray([], a)", /`tslib_1`.*TypeScript's/],
  "esbuild, async": ["() => __async(null, null, function* () {})", /`__async`.*esbuild's.*target/],
  Babel: ["(a) => _objectSpread({}, a)", /`_objectSpread`.*Babel's or SWC's/],
  SWC: ["(a) => _object_spread({}, a)", /`_object_spread`.*Babel's or SWC's/],
  Stryker: ["() => stryMutAct_9fa48('0')", /Stryker/],
};
for (const [tool, [source, message]] of Object.entries(explained)) {
  test(`${tool}: fails with its origin`, limits, async () => {
    const fn = js(source);
    const error = await rejection(interp.call(fn, {}));
    assert.ok(error instanceof NotShareableError, String(error));
    assert.match(error.message, message);
    assert.match(error.message, /fromModule\(\)/);
    assert.throws(() => interp.callSync(fn, {}), NotShareableError);
  });
}

test("a name of one's own is not said to come from elsewhere", limits, async () => {
  const error = await rejection(interp.call(js("() => total + widths2 + jsxs2 + __dirname2")));
  assert.doesNotMatch(error.message, /looks like/);
});

test("a global of such a name is used", limits, async () => {
  await interp.exec("var node_os_1 = require('node:os')");
  assert.equal(await interp.call(js("() => typeof node_os_1.cpus")), "function");
});
