/**
 * Makes the portable build: one module, for bundlers to take into a program (packages/interpreters/docs/bundlers.md). The files that threads
 * start with, the bundle and the dependencies are texts in it, because no file beside a program survives all bundlers.
 *
 * The texts are compiled from the same modules as the files, but for those of `platform/` that have a counterpart in `platform/portable/`.
 */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { build } from "esbuild";

const { dependencies } = createRequire(import.meta.url)("../packages/interpreters/package.json");

/** Replaces modules of platform/node/ by their counterparts. */
const portablePlatform = {
  name: "portable-platform",
  setup({ onResolve }) {
    onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path: specifier, resolveDir }) => {
      const file = path.resolve(resolveDir, specifier);
      const other = file.replace(/([\\/])node([\\/][\w-]+\.js)$/, "$1portable$2");
      return other !== file && existsSync(other) ? { path: other } : undefined;
    });
  },
};

/** A script whose value is the function that Node's loader makes of a CommonJS module. In parentheses, so that V8 compiles it at once. */
const banner = { js: '(function(exports,require,module,__filename,__dirname){"use strict";/* globals */' };
const footer = { js: "})" };

/**
 * @param {import("esbuild").BuildOptions} common what the files are built with; its `entryPoints` are the files, by name
 * @param boundGlobals the plugin of scripts/bundle.mjs that gives out what was built
 */
export async function buildPortable(common, boundGlobals) {
  const { outdir, define, external, plugins, ...rest } = common;
  const { "import.meta.url": _, ...defined } = define;
  /** By name. */
  const texts = {};
  await build({
    ...rest,
    outdir,
    define: defined,
    external: ["interpreters:texts", ...external],
    plugins: [portablePlatform, ...plugins, boundGlobals((file, text) => (texts[path.basename(file)] = text.trim()))],
    banner,
    footer,
  });
  const bare = { ...rest, plugins: [], outdir, write: false, minify: true, outExtension: undefined };
  const textOf = async (options) => (await build({ ...bare, ...options })).outputFiles[0].text.trim();
  for (const name of Object.keys(dependencies)) {
    texts[`${name}.cjs`] = await textOf({ entryPoints: [name], banner, footer });
  }
  texts["loader.cjs"] = await textOf({
    entryPoints: ["portable.js"],
    banner: { js: '((module)=>{"use strict";' },
    footer: { js: "return module.exports})({})" },
  });

  const names = Object.keys(await import(path.join(outdir, "index.js"))).join(", ");
  const module = await textOf({
    stdin: {
      contents: `import { load } from "./portable.js";
export const { ${names} } = load(${JSON.stringify(texts)});`,
      resolveDir: outdir,
    },
    format: "esm",
    // Messages about functions that use what they import name it as bundlers take it from here.
    minifyIdentifiers: false,
    banner: { js: "/* interpreters, for bundlers: https://github.com/interpreters-js/interpreters */" },
  });
  await writeFile(path.join(outdir, "portable.mjs"), `${module}\n`);
  for (const [name, text] of Object.entries(texts)) console.log(name, text.length);
  console.log(module.length);
}
