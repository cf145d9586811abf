/**
 * Target side: `exec`, which runs scripts one after another in the one global scope of this thread, as a REPL does.
 *
 * Where Node's REPL and the Chrome console (V8's REPL mode) agree, `exec` behaves as they do:
 *
 *   - every top-level declaration stays, and a later script may declare the name again in any way; twice in one script is
 *     a SyntaxError, and nothing of that script runs (main-scope.ts says what becomes of the names)
 *   - functions exist from the start of the script; `let`, `const` and `class` from their declaration on
 *   - a script that fails half way leaves what it had declared by then
 *   - `"use strict"` applies to its own script; others are sloppy, with `this` as the global object
 *   - top-level `await` is that of a script, not of a module: `var` and functions are global
 *   - `require` is a global, made when a script mentions it; it and `import` resolve against the `base` of the latest script
 *
 * They have no static `import`. Here, its modules load, in order, before anything else of the script runs.
 *
 * The value of a script's last expression is dropped, because it declares nothing. A promise is awaited first (unless the
 * expression itself awaits: then it has said what to wait for).
 */

import { path } from "../../platform/paths.js";
import { pathToFileURL } from "../../platform/urls.js";
import { filenameOfBase, imported, type vm } from "../../platform/scripts.js";
import { promiseOf } from "../../base/thenable.js";
import { nodeModule } from "../../platform/modules.js";
import { bundled } from "../../platform/package-files.js";
import { compile } from "./dynamic-import.js";
import { metaOf, needsResolve, prepareResolve } from "./import-meta.js";
import { importName, metaName, replaceNames, restoreNames } from "./import-names.js";
import { declare, defineConstant, hasConstants } from "./main-scope.js";
import type { Script, ScriptParts, StaticImport } from "./script-description.js";
import { readScript } from "./script-text.js";
import { isTypeScript } from "./load-typescript.js";
import { lineInStack, showWrittenLine, syntaxErrorAt } from "./syntax-error.js";
import { enableTypeScript } from "./typescript.js";

/** A script may declare `globalThis` itself. */
const main = globalThis;

/** Runs a script. Returns a promise if the caller must wait. */
export function runScript(script: Script): unknown {
  const result = begun(script);
  const promise = script.breakOnSigint === true ? promiseOf(result) : undefined;
  return promise === undefined ? result : untilSigint(promise);
}

function begun(script: Script): unknown {
  const { source, filename, parts, broken } = script;
  if (parts !== undefined) return runParts(script, parts);
  provideRequire(script);
  if (broken === undefined && hasConstants() && /\bvar\b/.test(source)) return readAndRun(script);
  let compiled;
  try {
    compiled = place(script, source);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    if (broken === undefined) return readAndRun(script, error);
    // V8 words it best, if it stumbled over the same error and not over syntax that only `exec` accepts in scripts.
    const isElsewhere = lineInStack(error) !== broken.line || /^await is only|import/.test(error.message);
    if (broken.final || isElsewhere) throw syntaxErrorAt(broken, source, filename);
    throw error;
  }
  if (broken?.final === true) throw syntaxErrorAt(broken, source, filename);
  return run(script, compiled);
}

/** Reads and runs a plain script that V8 refused (it may be TypeScript), or that may declare a constant again. */
function readAndRun(script: Script, refusal?: SyntaxError): unknown {
  const read = readScript(script);
  if (read.parts !== undefined && read.parts.body !== script.source) return runParts(read, read.parts);
  if (read.broken?.final === true) throw syntaxErrorAt(read.broken, script.source, script.filename);
  if (refusal !== undefined) throw refusal;
  return read.parts === undefined ? run(script, place(script, script.source)) : runParts(read, read.parts);
}

function runParts(script: Script, parts: ScriptParts): unknown {
  const { imports } = parts;
  if (needsResolve(script)) return prepareResolve().then(() => runParts(script, parts));
  if (imports.length === 0) return begin(script, parts, () => {});
  return loadImports(script, imports).then((bind) => begin(script, parts, bind));
}

function begin(script: Script, parts: ScriptParts, bind: () => void): unknown {
  const { awaits, completes, declared, head, strict } = parts;
  const directive = strict ? '"use strict";' : "";
  // Everything is compiled before anything runs.
  const functions = parts.functions === undefined ? undefined : place(script, parts.functions, directive);
  // Only what the vm itself calls can be interrupted. Otherwise it must not show in stacks that a function was called.
  const call = script.breakOnSigint === true ? "()" : "";
  const body = awaits
    ? place(script, parts.body, `(async () => {${head}`, `\n})${call}`)
    : place(script, parts.body, head);
  const tail = parts.tail === undefined ? undefined : place(script, parts.tail, directive);

  provideRequire(script);
  const takeBack = declare(declared);
  try {
    bind();
    if (functions !== undefined) run(script, functions);
    const result: unknown = run(script, body);
    if (!awaits) return completes ? result : undefined;
    const ended = call === "" ? (result as () => Promise<void>)() : (result as Promise<void>);
    return ended.then(
      () => (tail === undefined ? undefined : run(script, tail)),
      (error: unknown) => {
        takeBack();
        restoreNames(error);
        throw error;
      },
    );
  } catch (error) {
    takeBack();
    throw error;
  }
}

/** Compiles a text whose lines are those of the script. `before` goes on a line of its own above them. */
function place(script: Script, text: string, before = "", after = ""): vm.Script {
  const { source, filename, parts } = script;
  let whole = text;
  if (before !== "") {
    // A hashbang is legal on the first line only.
    whole = `${before}\n${text.replace(/^#!/, "//")}`;
  }
  if (parts?.isRenamed === true) {
    const base = baseOf(script);
    whole = replaceNames(
      whole,
      () => metaOf(script, base, keepMeta),
      () => importerOf(base).name,
    );
  }
  try {
    return compile(whole + after, filename, before === "" ? 0 : -1);
  } catch (error) {
    showWrittenLine(error, source, filename);
    throw error;
  }
}

/** Runs a text. Node begins the stack of an error that leaves it with a line as it ran, which must show as written. */
function run(script: Script, compiled: vm.Script): unknown {
  try {
    if (script.breakOnSigint !== true) return compiled.runInThisContext();
    return compiled.runInThisContext({ breakOnSigint: true });
  } catch (error) {
    showWrittenLine(error, script.source, script.filename);
    if (script.parts?.isRenamed === true) restoreNames(error);
    throw error;
  }
}

/** The outcome of a script that awaits, or the error that says that it was interrupted. No signal reaches a thread's `process` by itself. */
function untilSigint(result: PromiseLike<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const interrupt = (): void => {
      const error = new Error("Script execution was interrupted by `SIGINT`");
      reject(Object.assign(error, { code: "ERR_SCRIPT_EXECUTION_INTERRUPTED" }));
    };
    process.once("SIGINT", interrupt);
    const end = (settle: () => void): void => {
      process.off("SIGINT", interrupt);
      settle();
    };
    void (async () => {
      try {
        const value = await result;
        end(() => resolve(value));
      } catch (error) {
        end(() => reject(error));
      }
    })();
  });
}

const baseOf = ({ base }: Script): string => base ?? pathToFileURL(process.cwd() + path.sep).href;

type Importer = (specifier: string, options?: object) => Promise<Record<string, unknown>>;

/** The `import()` for each base. */
const importers = new Map<string, { name: string; load: Importer }>();

function importerOf(base: string): { name: string; load: Importer } {
  let importer = importers.get(base);
  if (importer === undefined) {
    const load = compile(
      "(specifier, options) => options === undefined ? import(specifier) : import(specifier, options)",
      filenameOfBase(base),
    ).runInThisContext() as Importer;
    // As in a file of that name, whose imports of `./x.js` may mean `./x.ts`.
    const inTypeScript = isTypeScript(base);
    const loadAny: Importer = (specifier, options) => {
      const own = bundled?.own(specifier);
      if (own !== undefined) return Promise.resolve(own);
      if (inTypeScript || /\.(?:[cm]?ts|[jt]sx)$/.test(specifier)) enableTypeScript();
      return imported(load(specifier, options));
    };
    importer = { name: keep(importName(importers.size), loadAny), load: loadAny };
    importers.set(base, importer);
  }
  return importer;
}

/** Makes a global of that name. */
function keep(name: string, value: unknown): string {
  Object.defineProperty(main, name, { value, configurable: true });
  return name;
}

let metas = 0;
const keepMeta = (meta: object): string => keep(metaName(metas++), meta);

/** Loads the modules of static imports. The function returned binds their names. */
async function loadImports(script: Script, imports: readonly StaticImport[]): Promise<() => void> {
  const { load } = importerOf(baseOf(script));
  const bindings: (() => void)[] = [];
  for (const { specifier, attributes, names } of imports) {
    // One after another, in the order of their evaluation.
    const namespace = await load(specifier, attributes && { with: attributes });
    for (const { local, imported, line, column } of names) {
      if (imported !== "*" && !(imported in namespace)) {
        const message = `The requested module '${specifier}' does not provide an export named '${imported}'`;
        throw syntaxErrorAt({ message, line, column, width: local.length }, script.source, script.filename);
      }
      bindings.push(() => defineConstant(local, () => (imported === "*" ? namespace : namespace[imported])));
    }
  }
  return () => {
    for (const bind of bindings) bind();
  };
}

let provided: { base: string; require: NodeJS.Require } | undefined;

/** Makes `require` a global, unless user code made one. */
function provideRequire(script: Script): void {
  if (!/\brequire\b/.test(script.source)) return;
  const existing = Object.getOwnPropertyDescriptor(main, "require");
  if (existing !== undefined && (provided === undefined || existing.value !== provided.require)) return;
  const base = baseOf(script);
  if (provided?.base !== base) provided = { base, require: nodeModule().createRequire(base) };
  const value = provided.require;
  Object.defineProperty(main, "require", {
    value,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}
