/**
 * Loads this package's files into a thread that Node's loader started, as a script of which the thread can make a code cache. Node's loader
 * would compile it as a function of its own, which cannot be read again.
 *
 * This is CommonJS, and no part of the bundle, because it runs before it.
 */
import fs = require("node:fs");
import path = require("node:path");
import vm = require("node:vm");

declare namespace loadBundle {
  /** The bundle that a thread runs, if it compiled it itself. */
  interface OwnBundle {
    /** In ASCII. */
    readonly text: string;
    readonly script: vm.Script;
    /** Code that `vm` compiled has no `import()`. */
    readonly importer: (url: string) => Promise<object>;
  }
}

interface Loaded<T> {
  readonly exports: T;
  readonly own: loadBundle.OwnBundle | undefined;
}

type Evaluate = (exports: object, require: NodeJS.Require, module: object, filename: string) => void;

/** Loads the bundle with that name from a folder, that of the module with this `require`. `own` is undefined if Node's loader had to load it, which throws if there is no such file. */
function loadBundle<T>(folder: string, name: string, require: NodeJS.Require): Loaded<T> {
  const file = path.join(folder, name);
  const own = compile(file);
  const evaluate = own?.script.runInThisContext() as Evaluate | undefined;
  // In a context that a test runner has made (Jest), the script would run outside of it.
  if (evaluate === undefined || Object.getPrototypeOf(evaluate) !== Function.prototype) {
    return { exports: require(`./${name}`) as T, own: undefined };
  }
  const module = { exports: {} };
  evaluate(module.exports, require, module, file);
  return { exports: module.exports as T, own };
}

function compile(filename: string): loadBundle.OwnBundle | undefined {
  const { getCompileCacheDir } = process.getBuiltinModule("node:module") as {
    getCompileCacheDir?: () => unknown;
  };
  // The program has asked for a cache on disk, which only Node's loader uses.
  if (getCompileCacheDir?.() !== undefined) return undefined;
  try {
    const text = fs.readFileSync(filename, "latin1");
    return {
      text,
      script: new vm.Script(text, { filename }),
      importer: (url) => import(url) as Promise<object>,
    };
  } catch {
    // Node's loader finds it in another way, or says why not.
    return undefined;
  }
}

export = loadBundle;
