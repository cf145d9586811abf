/**
 * Makes the portable build: one module, which bundlers take into a program (packages/interpreters/docs/bundlers.md). The files that threads
 * start with, both bundles and the dependencies are texts in it, because no file beside a program survives all bundlers.
 *
 * The texts are compiled from the same modules as the files, but for those of `platform/node/` that have a counterpart in
 * `platform/portable/`. They are minified: they are part of programs that mostly are, and stacks do not show them. Classes keep their names,
 * which `util.inspect` shows.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { build } from "esbuild";
import * as boundGlobals from "./bound-globals.mjs";
import { buildPair } from "./bundle-pair.mjs";

/** The licence of a package: a file, or the last part of its README. */
function licenceOf(name) {
  const folder = path.dirname(require.resolve(`${name}/package.json`));
  const file = readdirSync(folder).find((each) => each.startsWith("LICENSE")) ?? "README.md";
  const text = readFileSync(path.join(folder, file), "utf8");
  return `${name}\n\n${text.replace(/^[^]*### License\n/, "").trim()}`;
}

const require = createRequire(import.meta.url);
const { dependencies } = require("../packages/interpreters/package.json");

/** Replaces modules of platform/node/ by their counterparts. */
const portablePlatform = {
  name: "portable-platform",
  setup({ onResolve }) {
    onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path: specifier, resolveDir, importer }) => {
      const file = path.resolve(resolveDir, specifier);
      const other = file.replace(/([\\/])node([\\/][\w-]+\.js)$/, "$1portable$2");
      // A counterpart may extend what it replaces.
      return other !== file && other !== importer && existsSync(other) ? { path: other } : undefined;
    });
  },
};

/** An accessor takes no time when the class is made. */
const classNames = {
  name: "class-names",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]dist[\\/]src[\\/].*\.js$/ }, async ({ path: file }) => {
      // Other plugins change these.
      if (["api.js", "used-by-api.js"].includes(path.basename(file))) return undefined;
      const text = await readFile(file, "utf8");
      const contents = text.replaceAll(
        /^(?:export )?class (\w+)[^{\n]*\{$/gm,
        (start, name) => `${start} static get name() { return "${name}"; }`,
      );
      return { contents };
    });
  },
};

/** A script whose value is the function that Node's loader makes of a CommonJS module. In parentheses, so that V8 compiles it at once. */
const banner = { js: '(function(exports,require,module,__filename,__dirname){"use strict";/* globals */' };
const footer = { js: "})" };

/** @param {import("esbuild").BuildOptions} common what the files are built with; its `entryPoints` are the files, by name */
export async function buildPortable(common) {
  const { entryPoints, outdir, define, external, plugins, ...rest } = common;
  const { "import.meta.url": _, ...defined } = define;
  /** By name. */
  const texts = {};
  const emit = (file, text) => (texts[path.basename(file)] = text.trim());
  const options = {
    ...rest,
    outdir,
    define: defined,
    external: ["interpreters:texts", "interpreters", ...external],
    plugins: [portablePlatform, classNames, ...plugins],
    minify: true,
    banner,
    footer,
  };
  await build({ ...options, entryPoints, plugins: [...options.plugins, boundGlobals.plugin(emit)] });
  await buildPair(options, emit);

  const bare = { ...rest, plugins: [], outdir, minify: true };
  /** The packages that are inside. */
  const packages = new Set();
  const textOf = async (options) => {
    const { outputFiles, metafile } = await build({ ...bare, metafile: true, ...options });
    for (const file of Object.keys(metafile.inputs)) {
      const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file) ?? [];
      if (name !== undefined) packages.add(name);
    }
    return outputFiles[0].text.trim();
  };
  for (const name of Object.keys(dependencies)) {
    texts[`${name}.cjs`] = await textOf({ entryPoints: [name], banner, footer });
  }
  texts["loader.cjs"] = await textOf({
    entryPoints: ["portable.js"],
    banner: { js: '((module)=>{"use strict";' },
    footer: { js: "return module.exports})({})" },
  });

  const names = Object.keys(await import(path.join(outdir, "index.js"))).join(", ");
  const contents = `import { load } from "./portable.js";
export const { ${names} } = load(${JSON.stringify(texts)});`;
  const module = await textOf({
    stdin: { contents, resolveDir: outdir },
    format: "esm",
    // Messages about functions that use what they import name it as bundlers take it from here.
    minifyIdentifiers: false,
  });
  // Programs that it becomes part of must show these. Tools keep comments of this kind.
  const licences = [
    "This module contains the packages below, under these licences.",
    ...[...packages].map(licenceOf),
  ];
  const notice = `/*!\n${licences.join("\n\n")}\n*/`;
  await writeFile(path.join(outdir, "portable.mjs"), `${notice}\n${module}\n`);

  const { API } = require(path.join(outdir, "base/copies.cjs"));
  const key = JSON.stringify(API.description);
  const core = `import "./portable.mjs";
export const core = globalThis[Symbol.for(${key})][Symbol.for("interpreters.core")];
`;
  await writeFile(path.join(outdir, "portable-core.mjs"), core);
}
