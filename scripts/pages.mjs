/**
 * Runs the compiled tests in pages of browsers: those files that use no module of Node but its runner and its assertions. (Their helpers may import
 * others, which are empty there.) `scripts/matrix.mjs` uses it.
 *
 * Workers have no import maps, so the server puts URLs in the place of names. Tests of single modules get the modules of the build for browsers, as
 * scripts/browser.mjs chooses them.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { browser, pageOf, visit } from "../packages/interpreters/dist/test/browser/browsers.js";
import { judgeBy, outcomeOf } from "./runtimes.mjs";
import { counterpart } from "./browser.mjs";

export const PAGES = { chromium: { title: "Chromium" }, firefox: { title: "Firefox" } };

const dist = fileURLToPath(new URL("../packages/interpreters/dist/", import.meta.url));
const src = path.join(dist, "src");
const own = fileURLToPath(new URL("pages/", import.meta.url));

const IMPORT = /(\bfrom |^import |\bimport\()"([^"]+)"/gm;
const importsOf = (text) => [...text.matchAll(IMPORT)].map(([, , specifier]) => specifier);

/** The modules that a file of tests may import. */
const ALLOWED = new Set([
  "interpreters",
  "fast-check",
  "node:assert",
  "node:assert/strict",
  "node:test",
  "node:timers/promises",
]);

/** Imports of helpers that start processes. */
const PROCESSES =
  /import \{[^}]*\b(?:assertEnded|littleAddressSpace|start|startScenario)\b[^}]*\} from "[^"]*processes\.js"/;

/** Whether a file of the suite can run in a page. */
export function runsInPages(file, seen = new Set()) {
  if (seen.has(file)) return true;
  seen.add(file);
  const helper = file.includes(`${path.sep}support${path.sep}`);
  const text = readFileSync(file, "utf8");
  if (PROCESSES.test(text)) return false;
  return importsOf(text).every((specifier) => {
    if (!specifier.startsWith(".")) return helper || ALLOWED.has(specifier);
    const other = path.resolve(path.dirname(file), specifier);
    return !other.startsWith(dist) || other.startsWith(src) || !existsSync(other) || runsInPages(other, seen);
  });
}

/** Where the server has a module of Node, or of a package. */
const SHIMS = {
  "node:assert": "assert",
  "node:assert/strict": "assert",
  "node:timers/promises": "timers-promises",
  "node:worker_threads": "worker-threads",
};

function urlOf(name) {
  if (name === "interpreters") return "/interpreters/browser.mjs";
  if (name === "node:test") return "/suite/runner-core.mjs";
  if (name === "fast-check") return "/suite/fast-check.mjs";
  return `/suite/node/${SHIMS[name] ?? "nothing"}.mjs`;
}

/** The modules of single tests: one URL for a module and its counterpart. */
function urlOfSource(file) {
  const [, room, name] = /^(platform\/browser|browser)\/(.*)$/.exec(file) ?? [];
  const replaced =
    room === undefined ? file : path.posix.join(room === "browser" ? "" : "platform/node", name);
  return `/suite/src/${existsSync(path.join(src, replaced)) ? replaced : file}`;
}

/** A module of the package, or its counterpart, unless `original`; with what the build for browsers binds. */
function source(name, original) {
  const file = path.join(src, name);
  const found = original ? file : (counterpart(`${src}/`, file) ?? file);
  if (!existsSync(found)) return undefined;
  const text = readFileSync(found, "utf8").replace(IMPORT, (_, before, specifier) => {
    if (!specifier.startsWith(".")) return `${before}"${urlOf(specifier)}"`;
    const other = path.relative(src, path.resolve(path.dirname(found), specifier)).replaceAll(path.sep, "/");
    // A counterpart may extend what it replaces.
    return found !== file && other === name
      ? `${before}"/suite/src/${other}?original"`
      : `${before}"${urlOfSource(other)}"`;
  });
  if (name.endsWith(".cjs"))
    return `const module = { exports: {} };\n{ const { exports } = module;\n${text}\n}\nexport default module.exports;`;
  const globals = [
    "Buffer",
    "process",
    "clearInterval",
    "clearTimeout",
    "setImmediate",
    "setInterval",
    "setTimeout",
  ];
  const used = globals.filter((each) => {
    const bound = String.raw`^import [^;]*\b${each}\b|\b(?:const|let|class|function) (?:\{[^}=]*\b)?${each}\b`;
    return new RegExp(String.raw`(?<![.\w"])${each}\b`).test(text) && !new RegExp(bound, "m").test(text);
  });
  if (used.length === 0 || found.includes(`platform${path.sep}browser`)) return text;
  return `import { ${used.join(", ")} } from "/suite/src/platform/browser/globals.js";\n${text}`;
}

export function answer(pathname, search) {
  const [, folder, name] =
    /^\/(interpreters|suite\/(?:test|src|node|pages)|suite)\/(.+)$/.exec(pathname) ?? [];
  if (folder === "interpreters") {
    const file = path.join(src, name);
    const before = name === "browser-interpreter.js" ? readFileSync(`${own}globals.js`, "utf8") : "";
    return existsSync(file) ? before + readFileSync(file, "utf8") : undefined;
  }
  if (folder === "suite/src") return source(name, search === "?original");
  if (folder === "suite/test") {
    const file = path.join(dist, "test", name);
    if (!existsSync(file)) return undefined;
    return readFileSync(file, "utf8").replace(IMPORT, (all, before, specifier) => {
      if (!specifier.startsWith(".")) return `${before}"${urlOf(specifier)}"`;
      const other = path.resolve(path.dirname(file), specifier);
      return other.startsWith(src)
        ? `${before}"${urlOfSource(path.relative(src, other).replaceAll(path.sep, "/"))}"`
        : all;
    });
  }
  const at = { "suite/node": `${own}node/`, "suite/pages": own, suite: path.join(own, "..") + path.sep }[
    folder
  ];
  const file = `${at}${name}`;
  return folder !== undefined && existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

const LIMIT_MS = 240_000;

/** Runs those of the files that can run in a page, and prints what is not as the list says. Resolves to the row for the table. */
export async function runInPages(name, files) {
  const found = browser(name);
  if (found === undefined) throw new Error(`${name} is not installed`);
  const { row, judge, leavesOut, strays } = judgeBy(name);
  const names = files
    .filter((file) => runsInPages(file))
    .map((file) =>
      path
        .relative(path.join(dist, "test"), file)
        .replaceAll(path.sep, "/")
        .replace(/\.test\.js$/, ""),
    );
  const chosen = names.filter((each) => !leavesOut(each));
  row.known += names.length - chosen.length;
  const { outputFiles } = await build({
    stdin: {
      contents: `export * from "fast-check"; export { default } from "fast-check";`,
      resolveDir: dist,
    },
    bundle: true,
    write: false,
    format: "esm",
  });
  const site = {
    pages: {
      "/suite/fast-check.mjs": outputFiles[0].text,
      "/": pageOf("").replace('src="/pages/"', 'src="/suite/pages/page.mjs"'),
      "/suite/files.json": JSON.stringify(chosen),
    },
    answer,
    options: ["--js-flags=--expose-gc"],
  };
  const waiting = new Set(chosen);
  const told = ({ name: file, lines = [], detail = "" }) => {
    if (!waiting.delete(file)) return;
    console.log(process.env.PAGES_VERBOSE === undefined ? file : `${file}\n${lines.join("\n")}`);
    judge(file, outcomeOf(lines, detail));
  };
  await visit(found, { ...site, onReport: told }, LIMIT_MS);
  for (const file of waiting) told({ name: file, detail: "did not run: the page has ended before" });
  return { ...row, strays: strays(new Set(names)) };
}
