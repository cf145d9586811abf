/**
 * Names that compilers, bundlers and test runners inject into functions. The author did not write them and still sees a
 * stateless function, so either it works anyway, or the error says where the name comes from.
 */

type Table = readonly (readonly [pattern: RegExp, what: string])[];

// The tables are built when needed: usually no name is missing.

/** Names that an expression can provide anywhere. */
const stubs = (): Table => [
  // esbuild and tsx, to preserve the names of functions (`keepNames`).
  [/^__name$/, '(f, value) => Object.defineProperty(f, "name", { value, configurable: true })'],
  // Vite and Vitest: `import()`.
  [/^__vite_ssr_dynamic_import__$/, "(specifier) => import(specifier)"],
  // Istanbul: `cov_1a2b().s[0]++`, `.f[0]++`, `.b[0][1]++`. Code that runs in another interpreter is not counted.
  [
    /^cov_[\da-z]+$/,
    "((c) => Object.assign(() => c, c))({ s: {}, f: {}, b: new Proxy({}, { get: () => [] }), bT: new Proxy({}, { get: () => [] }) })",
  ],
];

/** Returns an expression for `name`, or undefined if `name` is not one of these. */
export function stubFor(name: string): string | undefined {
  return stubs().find(([pattern]) => pattern.test(name))?.[1];
}

const anImport = (by: string): string => `the output of ${by} for an import at the top of its module`;
const helper = (by: string, remedy: string): string =>
  `a helper of ${by} for syntax newer than its target: ${remedy}`;

const origins = (): Table => [
  [/^__vite_ssr_import_meta__$/, "the output of Vite or Vitest for `import.meta`"],
  [/^__vite_ssr_|^__vi_import_|^__vi_export_/, anImport("Vite or Vitest")],
  [/^__webpack_require__$|__WEBPACK_IMPORTED_MODULE_\d+__|^__rspack_/, anImport("webpack")],
  [/^__TURBOPACK__/, anImport("Turbopack")],
  [
    /^_?jsxs?$|^_?jsxDEV$|^jsx_(?:dev_)?runtime_1$|^_jsxFileName$/,
    "a compiler's output for JSX: a function that it imports",
  ],
  [
    /^__(?:awaiter|generator|rest|spreadArrays?|spread|read|values|assign|asyncValues|asyncDelegator|asyncGenerator|await|extends|decorate|param|metadata|esDecorate|runInitializers|propKey|setFunctionName|makeTemplateObject|classPrivateField(?:Get|Set|In)|addDisposableResource|disposeResources|rewriteRelativeImportExtension)$/,
    helper("TypeScript's", 'compile to a later "target"'),
  ],
  [/^tslib_\d+$/, helper("TypeScript's", 'compile to a later "target"')],
  [
    /^__(?:async|asyncGenerator|yieldStar|forAwait|spreadValues|spreadProps|objRest|publicField|private(?:Get|Set|Add|In|Method|Wrapper)|accessCheck|pow|template|decorateClass|using|callDispose|knownSymbol)$/,
    helper("esbuild's", 'compile to a later "target"'),
  ],
  [/^__(?:require|toESM|toCommonJS|commonJS|esm|export|copyProps|reExport)$/, anImport("esbuild")],
  [
    /^_(?:async_?to_?generator|await_?async_?generator|wrap_?async_?generator|async_?iterator|object_?spread(?:2|_props)?|object_?without_?properties(?:_?loose)?|extends|define_?property|class_?private_?\w+|class_?call_?check|create_?class|sliced_?to_?array|to_?consumable_?array|to_?array|instanceof|type_?of|ts_?\w+|using(?:_?ctx)?|dispose|inherits|super_?prop_?\w+|regeneratorRuntime)$/i,
    helper("Babel's or SWC's", "compile to a later target"),
  ],
  [/^regeneratorRuntime$/, helper("Babel's", "compile to a later target")],
  [/^_?interop_?require_?(?:default|wildcard)$/i, anImport("Babel or SWC")],
  [/^stry(?:MutAct|Cov|NS)_/, "Stryker's instrumentation of the code that it mutates"],
  [/^__cov_|^__coverage__$|^\$\$cov_|^_\$jscoverage/, "a coverage counter"],
  [/^import_[\w$]+$/, anImport("esbuild (or a tool that uses it)")],
  [/^[\w$]+_\d+$/, anImport("TypeScript (as CommonJS)")],
];

/** Tells from its spelling which tool a missing name comes from; undefined if its author probably wrote it. */
export function originOf(name: string): string | undefined {
  return origins().find(([pattern]) => pattern.test(name))?.[1];
}
