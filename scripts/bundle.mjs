/**
 * Bundles the compiled modules into the files that our threads start with: reading and linking more than a hundred modules
 * takes longer than starting a thread.
 */
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { freeNames, UNBOUND_NAMES } from "./free-names.mjs";

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
    onLoad({ filter: /\/bundle\.js$/ }, async ({ path }) => {
      const names = Object.keys(await import(`${src}index.js`)).join(", ");
      const text = await readFile(path, "utf8");
      const contents = text.replace(
        'import * as api from "./index.js";',
        `import { ${names} } from "./index.js";\nconst api = { ${names} };`,
      );
      if (contents === text) throw new Error(`${path} imports the package's exports in another way by now`);
      return { contents };
    });
  },
};

/**
 * Binds every global that a bundle uses when the bundle is loaded: programs replace globals later (fake timers, polyfills, test
 * environments), and scripts declare any name in the interpreter that runs them. test/process/late-globals.test.ts checks it.
 */
const boundGlobals = {
  name: "bound-globals",
  setup({ onEnd }) {
    onEnd(async ({ outputFiles = [] }) => {
      for (const { path, text } of outputFiles) {
        const names = [...new Set([...freeNames(text).keys(), ...holders])].filter(
          (name) => !LEFT_FREE.has(name),
        );
        const lines = names.join(",").replaceAll(/.{1,100}(?:,|$)/g, "$&\n");
        const used = methods.filter(({ local }) => text.includes(local));
        const binding = `const __globalThis=globalThis,{${lines}}=__globalThis;${used.map(bindingOf).join("")}\n`;
        await writeFile(
          path,
          text.replace(HERE, () => binding),
        );
      }
    });
  },
};
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
  plugins: [boundBuiltins, plainApi, boundGlobals],
  legalComments: "none",
  // Each thread keeps the text, and compiles a function from it at its first call. ASCII, so that a character takes one byte
  // instead of two; short lines, so that stacks stay readable.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 120,
  charset: "ascii",
};

await build({
  ...common,
  entryPoints: {
    supervisor: "supervisor/main.js",
    "first-thread": "supervisor/first-thread.js",
    worker: "interpreter-thread.js",
    "typescript-hooks": "guests/javascript/typescript-hooks.js",
  },
});

// For observed processes only. No stack of a program shows them, so their names may be short.
await build({
  ...common,
  entryPoints: { observe: "observe/thread.js", observer: "observe/supervise.js" },
  minifyIdentifiers: true,
});

/**
 * A CommonJS module that is also a script, whose value is the function that Node's loader would make of the module: our
 * threads compile it themselves (interpreter-thread.ts, platform/node/own-bundle.cts), and wrapping a text of this size copies it. A script
 * may see a global `module` (`node -e`). The function has its own parentheses, so that V8 compiles it together with the script.
 */
const asScript = `(typeof module==="undefined"||globalThis.module===module?(f)=>f:(f)=>f(exports,require,module,__filename))((function(exports,require,module,__filename){`;
await build({
  ...common,
  entryPoints: { interpreters: "bundle.js" },
  banner: { js: asScript + common.banner.js },
  footer: { js: "}))" },
});

// An ES module of its own, which imports the program's copy of its peer dependency.
await build({
  absWorkingDir: src,
  entryPoints: ["opentelemetry.js"],
  outdir: src,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20.19",
  external: ["@opentelemetry/api"],
  legalComments: "none",
});
