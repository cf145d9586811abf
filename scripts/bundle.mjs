/**
 * Bundles the compiled modules into the files that our threads start with: reading and linking more than a hundred modules
 * takes longer than starting a thread.
 */
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import * as boundGlobals from "./bound-globals.mjs";
import { buildAdapters } from "./bundle-adapters.mjs";
import { buildBrowser } from "./browser.mjs";
import { buildPair } from "./bundle-pair.mjs";
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

const common = {
  absWorkingDir: src,
  outdir: src,
  // The plugin of `boundGlobals` and `buildPair` do.
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
    ...boundGlobals.define,
  },
  // The modules are strict. esbuild adds this directive too, but behind the banner, where it has no effect.
  banner: {
    js: '"use strict";/* globals */const __ownFile={get url(){return require("node:url").pathToFileURL(__filename+"/../platform/node/package-files.js").href}};',
  },
  plugins: [boundBuiltins],
  legalComments: "none",
  // Each thread keeps the text, and compiles a function from it at its first call. ASCII, so that a character takes one byte
  // instead of two; short lines, so that stacks stay readable.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 120,
  charset: "ascii",
};

/** The code that threads start with. */
const entries = {
  supervisor: "supervisor/main.js",
  "first-thread": "supervisor/first-thread.js",
  worker: "interpreter-thread.js",
  "typescript-hooks": "guests/javascript/typescript-hooks.js",
};
const written = [...common.plugins, boundGlobals.plugin(writeFile)];
await build({ ...common, plugins: written, entryPoints: entries });

/** The code that observed processes load in addition. No stack of a program shows these, so their names may be short. */
const observing = { observe: "observe/thread.js", observer: "observe/supervise.js" };
await build({ ...common, plugins: written, entryPoints: observing, minifyIdentifiers: true });

/**
 * A CommonJS module that is also a script, whose value is the function that Node's loader would make of the module: our
 * threads compile it themselves (interpreter-thread.ts, platform/node/own-bundle.cts), and wrapping a text of this size copies it. A script
 * may see a global `module` (`node -e`). The function has its own parentheses, so that V8 compiles it together with the script.
 */
const asScript = `(typeof module==="undefined"||globalThis.module===module?(f)=>f:(f)=>f(exports,require,module,__filename))((function(exports,require,module,__filename){`;
await buildPair({ ...common, banner: { js: asScript + common.banner.js }, footer: { js: "}))" } }, writeFile);
await buildPortable({ ...common, entryPoints: { ...entries, ...observing } });
await buildBrowser(src);
await buildAdapters();

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

// The executing side of Python, which each of its interpreters loads. `./` of its modules is its own place, too.
const python = fileURLToPath(new URL("../packages/python/dist/src/", import.meta.url));
await build({
  absWorkingDir: python,
  entryPoints: { "guest-bundle": "guest.js" },
  outdir: python,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20.19",
  external: ["interpreters", "interpreters/core", "pyodide"],
  legalComments: "none",
});
