/**
 * Makes the two bundles that a program loads: the *interpreter bundle*, `interpreters.cjs`, with all that an interpreter needs to start and to do work (src/bundle.ts), and
 * the *API bundle*, `api.cjs`, with the rest (src/api.ts).
 *
 * No module exists twice in a thread: the API bundle gets what it uses of the other one as an array of values, exports of modules and the globals
 * that the other one bound when it was loaded. The API bundle is built first, because only then is it known what it uses.
 */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";
import * as globals from "./bound-globals.mjs";

/**
 * Gives out the package's exports as a plain object. esbuild first makes an object with a getter function for each property,
 * a tenth of all that a program's start allocates.
 */
const plainApi = (src) => ({
  name: "plain-api",
  setup({ onLoad }) {
    onLoad({ filter: /\/api\.js$/ }, async ({ path: file }) => {
      const names = Object.keys(await import(`${src}index.js`)).join(", ");
      const text = await readFile(file, "utf8");
      const contents = text.replace(
        'import * as index from "./index.js";',
        `import { ${names} } from "./index.js";\nconst index = { ${names} };`,
      );
      if (contents === text) throw new Error(`${file} imports the package's exports in another way by now`);
      return { contents };
    });
  },
});

/** Makes each import from a module of the interpreter bundle (`modules`) an element of an array. Its place in `known` stands for it at first. */
const fromFirst = (src, modules, known, locate) => ({
  name: "from-first",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\./ }, ({ path: specifier, resolveDir }) => {
      const module = locate(path.join(resolveDir, specifier)).slice(src.length);
      return modules.has(module) ? { path: module, namespace: "first" } : undefined;
    });
    onLoad({ filter: /.*/, namespace: "first" }, async ({ path: module }) => {
      const names = Object.keys(await import(`${src}${module}`)).filter((name) => name !== "module.exports");
      const lines = names.map((name) => {
        const value = `/* @__PURE__ */ __first(${known.push({ module, name }) - 1});`;
        return name === "default" ? `export default ${value}` : `export const ${name} = ${value}`;
      });
      return { contents: lines.join("\n") };
    });
  },
});

/** In the interpreter bundle, makes the array: exports of modules, and names that the bundle binds. */
const usedByApi = (src, exports, names) => ({
  name: "used-by-api",
  setup({ onLoad }) {
    onLoad({ filter: /\/used-by-api\.js$/ }, () => ({
      contents: `${exports
        .map(({ module, name }, at) => `import { ${name} as $${at} } from "./${module}";`)
        .join("\n")}
export const usedByApi = () => [${[...exports.map((_, at) => `$${at}`), ...names].join(", ")}];`,
      resolveDir: src,
    }));
  },
});

// V8 keeps the places of constants apart from those of variables, and compiles their calls better.
const DECLARATIONS = /\bvar ((?:[\w$]+=__first\(\s*\d+\s*\)[,\s]*)+;)/g;
const IMPORT = /__first\(\s*(\d+)\s*\)/g;

/**
 * @param {import("esbuild").BuildOptions} options what both files are built with, their banner and footer included
 * @param {(file: string, text: string) => unknown} emit gives out what was built
 * @param {{ first?: Record<string, string>, wrapper?: string, end?: string, locate?: (file: string) => string }} how the entry of the interpreter
 * bundle, by its name; what comes before and after the API bundle's exports are set; and which module an import of a file means
 */
export async function buildPair(options, emit, how = {}) {
  const { absWorkingDir: src, plugins, banner, footer } = options;
  const {
    first = { interpreters: "bundle.js" },
    wrapper = banner.js.split('"use strict";')[0],
    end = footer.js,
    locate = (file) => file,
  } = how;
  const { metafile } = await build({ ...options, entryPoints: first, metafile: true });
  const modules = new Set(Object.keys(metafile.inputs));
  // Only they import modules of Node, which the interpreter bundle binds.
  for (const file of await readdir(`${src}platform`, { recursive: true }))
    if (/\.c?js$/.test(file)) modules.add(`platform/${file.replaceAll(path.sep, "/")}`);

  const known = [];
  const {
    outputFiles: [second],
  } = await build({
    ...options,
    entryPoints: ["api.js"],
    plugins: [plainApi(src), fromFirst(src, modules, known, locate), ...plugins],
    banner: {
      js: `${wrapper}"use strict";exports.makeApi=(function(__first){${globals.HERE}const module={};`,
    },
    footer: { js: `return module.exports.api})${end}` },
  });
  const imported = [...new Set([...second.text.matchAll(IMPORT)].map(([, at]) => Number(at)))];
  const names = [...globals.namesOf(second.text)].filter((name) => name !== "__first");
  const binding = names.map((name, at) => `${name}=__first[${imported.length + at}]`).join(",\n");
  await emit(
    second.path,
    second.text
      .replaceAll(DECLARATIONS, "const $1")
      .replaceAll(IMPORT, (_, at) => `__first[${imported.indexOf(Number(at))}]`)
      .replace(globals.HERE, () => `const ${binding};\n`),
  );

  const exports = imported.map((at) => known[at]);
  await build({
    ...options,
    entryPoints: first,
    plugins: [usedByApi(src, exports, names), ...plugins, globals.plugin(emit)],
  });
}
