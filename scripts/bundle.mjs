/**
 * Bundles the compiled modules into the files that our threads start with: reading and linking more than a hundred modules
 * takes longer than starting a thread.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { freeNames, UNBOUND_NAMES } from "./free-names.mjs";
import { buildPortable } from "./portable.mjs";

const src = fileURLToPath(new URL("../packages/interpreters/dist/src/", import.meta.url));
const { dependencies } = createRequire(import.meta.url)("../packages/interpreters/package.json");

/**
 * Binds imports of `node:` modules once, as an ES module does. esbuild's own code looks a name up at each use, and would so
 * find a program's replacement of, for instance, `timers.setTimeout`.
 */
const boundBuiltins = {
  name: "bound-builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === "import-statement" ? { path, namespace: "builtin" } : { path, external: true },
    );
    onLoad({ filter: /.*/, namespace: "builtin" }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => name !== "default");
      const lines = names.map(
        (name) => `export const ${name} = /* @__PURE__ */ __read(__builtin, "${name}");`,
      );
      return {
        contents: `const __builtin = require("${path}");
const __read = (from, name) => from[name];
${lines.join("\n")}
export default __builtin;`,
      };
    });
  },
};

/**
 * Gives out the package's exports as a plain object. esbuild first makes an object with a getter function for each property,
 * a tenth of all that a thread's start allocates.
 */
const plainApi = {
  name: "plain-api",
  setup({ onLoad }) {
    onLoad({ filter: /\/api\.js$/ }, async ({ path }) => {
      const names = Object.keys(await import(`${src}index.js`)).join(", ");
      const text = await readFile(path, "utf8");
      const contents = text.replace(
        'import * as index from "./index.js";',
        `import { ${names} } from "./index.js";\nconst index = { ${names} };`,
      );
      if (contents === text) throw new Error(`${path} imports the package's exports in another way by now`);
      return { contents };
    });
  },
};

/**
 * In the second file, makes each import from a module of the first one (`modules`) an element of an array that the first one passes. Its
 * place in `known` stands for it until the file is made.
 */
const fromFirst = (modules, known) => ({
  name: "from-first",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
      const module = join(resolveDir, path).slice(src.length);
      return modules.has(module) ? { path: module, namespace: "first" } : undefined;
    });
    onLoad({ filter: /.*/, namespace: "first" }, async ({ path }) => {
      const names = Object.keys(await import(`${src}${path}`)).filter((name) => name !== "module.exports");
      const lines = names.map((name) => {
        const value = `/* @__PURE__ */ __first(${known.push({ path, name }) - 1});`;
        return name === "default" ? `export default ${value}` : `export const ${name} = ${value}`;
      });
      return { contents: lines.join("\n") };
    });
  },
});

/** In the first file, makes the array of what the second one uses: exports of modules, and names that the first file binds. */
const usedByApi = (exports, names) => ({
  name: "used-by-api",
  setup({ onLoad }) {
    onLoad({ filter: /\/used-by-api\.js$/ }, () => ({
      contents: `${exports
        .map(({ path, name }, at) => `import { ${name} as $${at} } from "./${path}";`)
        .join("\n")}
export const usedByApi = () => [${[...exports.map((_, at) => `$${at}`), ...names].join(", ")}];`,
      resolveDir: src,
    }));
  },
});

/**
 * Binds every global that a bundle uses when the bundle is loaded: programs replace globals later (fake timers, polyfills, test
 * environments), and scripts declare any name in the interpreter that runs them. test/process/late-globals.test.ts checks it.
 */
const boundGlobals = (emit) => ({
  name: "bound-globals",
  setup({ onEnd }) {
    onEnd(async ({ outputFiles = [] }) => {
      for (const { path, text } of outputFiles) {
        const lines = [...new Set([...globalsOf(text), ...holders])]
          .join(",")
          .replaceAll(/.{1,100}(?:,|$)/g, "$&\n");
        const used = methods.filter(({ local }) => text.includes(local));
        const binding = `const __globalThis=globalThis,{${lines}}=__globalThis;${used.map(bindingOf).join("")}\n`;
        await emit(
          path,
          text.replace(HERE, () => binding),
        );
      }
    });
  },
});
const globalsOf = (text) => [...freeNames(text).keys()].filter((name) => !LEFT_FREE.has(name));
/**
 * The methods of these are bound one by one: V8 turns a call of a constant function into a few instructions, but must look up the method of
 * an object that it does not know to be constant. None of these uses `this`.
 */
const holders = ["ArrayBuffer", "BigInt", "JSON", "Math", "Number", "Object", "Reflect", "String"];
const methods = holders.flatMap((holder) =>
  Object.getOwnPropertyNames(globalThis[holder])
    .filter((name) => typeof globalThis[holder][name] === "function")
    .map((name) => ({ holder, name, local: `__${holder}_${name}` })),
);
const bindingOf = ({ holder, name, local }) => `const ${local}=${holder}.${name};`;
const HERE = "/* globals */";
const LEFT_FREE = new Set([
  ...UNBOUND_NAMES,
  "__globalThis",
  "globalThis",
  ...methods.map(({ local }) => local),
]);

const common = {
  absWorkingDir: src,
  outdir: src,
  // `boundGlobals` does.
  write: false,
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20.19",
  external: [...Object.keys(dependencies), "./supervisor.cjs"],
  // The modules in platform/node/ locate the package's files from their own place. Computed when needed, not at each start.
  define: {
    "import.meta.url": "__ownFile.url",
    globalThis: "__globalThis",
    ...Object.fromEntries(methods.map(({ holder, name, local }) => [`${holder}.${name}`, local])),
  },
  // The modules are strict. esbuild adds this directive too, but behind the banner, where it has no effect.
  banner: {
    js: '"use strict";/* globals */const __ownFile={get url(){return require("node:url").pathToFileURL(__filename+"/../platform/node/package-files.js").href}};',
  },
  legalComments: "none",
  // Each thread keeps the text, and compiles a function from it at its first call. ASCII, so that a character takes one byte
  // instead of two; short lines, so that stacks stay readable.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 120,
  charset: "ascii",
};

/**
 * A CommonJS module that is also a script, whose value is the function that Node's loader would make of the module: our
 * threads compile it themselves (interpreter-thread.ts, platform/node/own-bundle.cts), and wrapping a text of this size copies it. A script
 * may see a global `module` (`node -e`). The function has its own parentheses, so that V8 compiles it together with the script.
 */
const asScript = `(typeof module==="undefined"||globalThis.module===module?(f)=>f:(f)=>f(exports,require,module,__filename))((function(exports,require,module,__filename){`;

// V8 keeps the places of constants apart from those of variables, and compiles their calls better.
const DECLARATIONS = /\bvar ((?:[\w$]+=__first\(\s*\d+\s*\)[,\s]*)+;)/g;
const IMPORT = /__first\(\s*(\d+)\s*\)/g;

/**
 * Builds all files and gives `emit` the path and the text of each. `more` are options beyond the common ones.
 *
 * @param {(path: string, text: string) => unknown} emit
 * @param {import("esbuild").BuildOptions} more
 */
async function buildFiles(emit, { plugins = [], ...more } = {}) {
  const options = { ...common, ...more };
  await build({
    ...options,
    plugins: [boundBuiltins, boundGlobals(emit), ...plugins],
    entryPoints: {
      supervisor: "supervisor/main.js",
      "first-thread": "supervisor/first-thread.js",
      worker: "interpreter-thread.js",
      "typescript-hooks": "guests/javascript/typescript-hooks.js",
    },
  });

  const { metafile } = await build({
    ...options,
    entryPoints: ["bundle.js"],
    metafile: true,
    plugins: [boundBuiltins, ...plugins],
  });
  const first = new Set(Object.keys(metafile.inputs));
  // Only they import modules of Node, which the first file binds.
  for (const file of await readdir(`${src}platform`, { recursive: true }))
    if (/\.c?js$/.test(file)) first.add(`platform/${file}`);

  const known = [];
  const {
    outputFiles: [second],
  } = await build({
    ...options,
    entryPoints: ["api.js"],
    plugins: [plainApi, fromFirst(first, known), ...plugins],
    banner: {
      js: `${asScript}"use strict";exports.makeApi=(function(__first){/* globals */const module={};`,
    },
    footer: { js: "return module.exports.api})}))" },
  });
  const imported = [...new Set([...second.text.matchAll(IMPORT)].map(([, at]) => Number(at)))];
  const methodsUsed = methods.map(({ local }) => local).filter((local) => second.text.includes(local));
  const names = [...globalsOf(second.text), "__globalThis", ...methodsUsed].filter(
    (name) => name !== "__first",
  );
  const binding = names.map((name, at) => `${name}=__first[${imported.length + at}]`).join(",\n");
  await emit(
    second.path,
    second.text
      .replaceAll(DECLARATIONS, "const $1")
      .replaceAll(IMPORT, (_, at) => `__first[${imported.indexOf(Number(at))}]`)
      .replace(HERE, () => `const ${binding};\n`),
  );
  await build({
    ...options,
    entryPoints: { interpreters: "bundle.js" },
    plugins: [
      boundBuiltins,
      usedByApi(
        imported.map((at) => known[at]),
        names,
      ),
      boundGlobals(emit),
      ...plugins,
    ],
    banner: { js: asScript + options.banner.js },
    footer: { js: "}))" },
  });
}

await buildFiles(writeFile);
await buildPortable(common, buildFiles);
