/**
 * Makes the browser build: `browser.mjs`, the module that a page loads, and the scripts that its workers start with, which lie beside it
 * (packages/interpreters/docs/browsers.md).
 *
 * They are compiled from the same modules as the other builds, but for those of `platform/node/` that have a counterpart in
 * `platform/browser/`, and any module that has one of the same path in `browser/`.
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { deflateRawSync } from "node:zlib";
import { build } from "esbuild";
import * as boundGlobals from "./bound-globals.mjs";
import { buildPair } from "./bundle-pair.mjs";

/** The module that takes the place of a module, if one does. */
export function counterpart(src, file, importer) {
  const own = path.relative(src, file);
  for (const other of [own.replace(/^platform([\\/])node/, "platform$1browser"), path.join("browser", own)]) {
    const found = path.join(src, other);
    // A counterpart may extend what it replaces.
    if (other !== own && found !== importer && existsSync(found)) return found;
  }
  return undefined;
}

const browserModules = (src) => ({
  name: "browser-modules",
  setup({ onResolve }) {
    onResolve({ filter: /^\.{1,2}\/.*\.c?js$/ }, ({ path: specifier, resolveDir, importer }) => {
      const file = path.resolve(resolveDir, specifier);
      const other = counterpart(src, file, importer);
      return other === undefined ? undefined : { path: other };
    });
  },
});

/** The page's own thread executes nothing for others. */
const noGuest = (src) => ({
  name: "no-guest",
  setup({ onResolve }) {
    onResolve({ filter: /\/(?:javascript\/)?guest\.js$/ }, () => ({
      path: path.join(src, "browser/guests/javascript/no-guest.js"),
    }));
  },
});

/** As the portable build has it: classes keep their names, which messages show. */
const classNames = {
  name: "class-names",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]dist[\\/]src[\\/].*\.js$/ }, async ({ path: file }) => {
      // Other plugins change these.
      if (["api.js", "used-by-api.js"].includes(path.basename(file))) return undefined;
      const text = await readFile(file, "utf8");
      return {
        contents: text.replaceAll(
          /^(?:export )?class (\w+)[^{\n]*\{$/gm,
          (start, name) => `${start} static get name() { return "${name}"; }`,
        ),
      };
    });
  },
};

/** A thread's script waits for the first message, which says what the thread is. */
const THREAD = {
  banner: {
    js: 'addEventListener("message",(function(__message){"use strict";const __start=__message.data;/* globals */',
  },
  footer: { js: "}),{once:true});" },
};

/** @param {string} src the folder of the compiled modules, which ends with a separator */
export async function buildBrowser(src) {
  const texts = {};
  const emit = async (file, text) => {
    texts[path.basename(file)] = text.trim();
  };
  const common = {
    absWorkingDir: src,
    outdir: src,
    write: false,
    bundle: true,
    platform: "browser",
    target: ["chrome115", "firefox128", "safari17"],
    legalComments: "none",
    minify: true,
    charset: "ascii",
    inject: [path.join(src, "platform/browser/globals.js")],
    plugins: [browserModules(src), classNames],
  };
  const { "import.meta.url": _, ...define } = { ...boundGlobals.define };
  const thread = { ...common, ...THREAD, format: "cjs", define };
  await build({
    ...thread,
    entryPoints: { "browser-supervisor": "page-supervisor.js" },
    plugins: [...common.plugins, boundGlobals.plugin(emit)],
  });
  await buildPair(
    { ...thread, outExtension: {} },
    (file, text) => emit(file.replace(/(\w+)\.js$/, "browser-$1.js"), text),
    {
      first: { interpreter: "page-interpreter.js" },
      wrapper: `globalThis[Symbol.for("interpreters.api.file")]=(function(exports){`,
      end: ";return exports})({});",
      locate: (file) => counterpart(src, file) ?? file,
    },
  );
  await build({
    ...common,
    plugins: [
      noGuest(src),
      ...common.plugins,
      boundGlobals.plugin((_, text) => emit("browser.mjs", text), "module"),
    ],
    format: "esm",
    define,
    banner: { js: "/* globals */" },
    stdin: {
      contents: `import { api } from "./page.js";
export const { ${Object.keys(await import(`${src}index.js`)).join(", ")} } = api;`,
      resolveDir: src,
      sourcefile: "browser.js",
    },
    external: ["./browser-texts.mjs"],
  });
  const plain = { ...common, format: "iife", inject: [], plugins: [] };
  const first = await build({ ...plain, entryPoints: ["page-first.js"] });
  texts["browser-first.js"] = first.outputFiles[0].text.trim();
  const parsers = await build({
    ...plain,
    stdin: {
      contents: `import { parse } from "acorn"; import { analyze } from "eslint-scope";
globalThis[Symbol.for("interpreters.parsers")] = { acorn: { parse }, "eslint-scope": { analyze } };`,
      resolveDir: src,
    },
  });
  texts["browser-parsers.js"] = parsers.outputFiles[0].text.trim();
  const names = ["supervisor", "interpreter", "api", "parsers"];
  const packed = names.map((name) => [
    name,
    deflateRawSync(texts[`browser-${name}.js`], { level: 9 }).toString("base64"),
  ]);
  // They take 0.6 MB otherwise, in every installation, for bundlers that copy no files.
  texts["browser-texts.mjs"] = `export const texts = ${JSON.stringify(Object.fromEntries(packed))};`;
  for (const [name, each] of Object.entries(texts)) await writeFile(path.join(src, name), `${each}\n`);
}
