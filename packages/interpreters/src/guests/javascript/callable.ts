/**
 * Caller side: turns a function into a description that can travel to another interpreter.
 *
 * A description takes one of four forms: the source of a *stateless* function (every name it refers to must exist at
 * the target, which `load` checks there), the name of a module's export (`fromModule`), the request for the names of a
 * module's functions (`functionsOf`), or the name of a builtin. Every other function is refused here, before anything
 * is sent.
 *
 * A description depends only on the function, so it is computed once per function. Functions with the same name and
 * source share one description object, so a sender can tell by identity that it has already sent it.
 */

import { path } from "../../platform/paths.js";
import { pathToFileURL, URL } from "../../platform/urls.js";
import { types } from "../../platform/brand-checks.js";
import { isUrl } from "../../base/check.js";
import { NotShareableError } from "../../base/errors.js";
import { nodeModule } from "../../platform/modules.js";
import { analyse, Unportable } from "./analyse.js";
import { builtinPath } from "./builtins.js";
import { type Location, locate } from "./location.js";
import { asWritten } from "./import-names.js";
import { MODULE_PROTOCOLS } from "./module-protocols.js";
import { prepareTypeScript } from "./typescript-ahead.js";

export type Callable =
  /** `source` is a strict-mode expression; `free` lists the names that it needs in the target's global scope. */
  | {
      readonly kind: "function";
      readonly source: string;
      readonly free: readonly string[];
      readonly name: string;
      /** Where the text of the function stands, if that was found, and at which character of `source` that text begins. */
      readonly location?: Location;
      readonly begins?: number;
    }
  | { readonly kind: "module"; readonly url: string; readonly export: string }
  /** Takes the arguments of the constructor and returns an instance. */
  | { readonly kind: "class"; readonly url: string; readonly export: string }
  /** Takes nothing and returns the names of the functions that the module exports. */
  | { readonly kind: "listing"; readonly url: string }
  | { readonly kind: "builtin"; readonly path: string };

/** Marks functions made by `fromModule` and `listingOf`. A registered symbol, because another copy of the package may have made them. */
const moduleMark = Symbol.for("interpreters.fromModule");

const known = new WeakMap<object, Callable>();

/** `{ [native code] }` is not a valid JavaScript body, so no user function ends like this. */
const nativeBody = /\{\s*\[native code\]\s*\}$/;

/**
 * Returns the description of `fn` that lets another interpreter call it.
 *
 * @throws TypeError if `fn` is not a function
 * @throws NotShareableError if it cannot travel, with the reason and the remedy
 */
export function describe(fn: unknown): Callable {
  if (typeof fn !== "function") throw new TypeError(notAFunction(fn));
  let callable = known.get(fn);
  if (callable === undefined) {
    callable = describeNew(fn);
    known.set(fn, callable);
  }
  return callable;
}

function describeNew(fn: Function): Callable {
  const mark: unknown = types.isProxy(fn)
    ? undefined
    : Object.getOwnPropertyDescriptor(fn, moduleMark)?.value;
  if (mark !== undefined) {
    const { url } = mark as Callable & { kind: "module" | "class" | "listing" };
    prepareTypeScript(url);
    return mark as Callable;
  }

  const source = asWritten(Function.prototype.toString.call(fn));
  if (nativeBody.test(source)) return describeNative(fn);

  const name = nameOf(fn);
  try {
    const callable = describeSource(source, name);
    // Node writes much of its API in JavaScript. Free names that only Node's internals define give such a function away.
    const path = callable.free.every((each) => each in globalThis) ? undefined : builtinPath(fn);
    return path === undefined ? callable : { kind: "builtin", path };
  } catch (error) {
    if (!(error instanceof Unportable)) throw error;
    const path = builtinPath(fn);
    if (path !== undefined) return { kind: "builtin", path };
    throw new NotShareableError(`${label(name)} cannot be sent to another interpreter: ${error.message}`, {
      cause: error.cause,
    });
  }
}

type FunctionSource = Callable & { kind: "function" };

/** A function expression in a loop makes a new function in each iteration, always with the same source. */
const bySource = new Map<string, FunctionSource>();
const bySourceLimit = 1000;

function describeSource(source: string, name: string): FunctionSource {
  const key = `${name}\n${source}`;
  let callable = bySource.get(key);
  if (callable === undefined) {
    const { expression, free } = analyse(source, name);
    const begins = expression.indexOf(source);
    const location = begins === -1 ? undefined : locate(source);
    callable = {
      kind: "function",
      source: expression,
      free,
      name,
      ...(location && { location, begins }),
    };
    if (bySource.size >= bySourceLimit) bySource.clear();
    bySource.set(key, callable);
  }
  return callable;
}

function describeNative(fn: Function): Callable {
  const path = builtinPath(fn);
  if (path !== undefined) return { kind: "builtin", path };
  const name = nameOf(fn);
  let why: string;
  if (types.isProxy(fn)) why = "it is a Proxy, whose target and handler live in this interpreter";
  else if (name.startsWith("bound "))
    why = "it is a bound function, and the values it is bound to live in this interpreter";
  else why = "it is native code that no global name refers to";
  throw new NotShareableError(
    `${label(name)} cannot be sent to another interpreter: ${why}; ` +
      "send a function that makes the call itself, and pass the values as arguments",
  );
}

/** Never runs user code: `name` may be a getter, or (as a static member of a class) any value. */
function nameOf(fn: Function): string {
  if (types.isProxy(fn)) return "";
  const name: unknown = Object.getOwnPropertyDescriptor(fn, "name")?.value;
  return typeof name === "string" ? name : "";
}

function label(name: string): string {
  return name === "" ? "an anonymous function" : `function ${JSON.stringify(name)}`;
}

function notAFunction(value: unknown): string {
  const found =
    value === null ? "null" : typeof value === "object" ? "an object" : `a value of type ${typeof value}`;
  let hint = "";
  // Easily passed by mistake instead of one of its functions.
  if (modules.has(value as object)) {
    hint = " (a whole module: pass one of its functions, as in `const { f } = fromModule(…)`)";
  } else if (typeof value === "string" || value instanceof URL) {
    // Other packages take a file or a name.
    hint =
      ' (to name a function of a module: `const { f } = fromModule(new URL("./file.js", import.meta.url))`)';
  }
  return `expected a function to run in another interpreter, got ${found}${hint}`;
}

const modules = new WeakSet<object>();
/** Never cleared, as Node never unloads the modules: one name of one module is always the same function. */
const moduleByUrl = new Map<string, object>();

declare const classType: unique symbol;

/** A class of a module, for `Interpreter.construct`. Its static members are left out: this interpreter does not load the module. */
export interface ModuleClass<out C> {
  /** Exists for the compiler only. */
  readonly [classType]: C;
}

type Callables = (...args: never) => unknown;
type Classes = new (...args: never) => unknown;

/**
 * What `fromModule` returns for a module of the type `M`: its functions, as they are typed there, and its classes, which
 * `Interpreter.construct` takes. Its constants and namespaces are left out, because other interpreters cannot call them and this one does
 * not load the module to read them.
 */
export type ModuleFunctions<M extends object> = {
  readonly [K in keyof M as M[K] extends Callables | Classes ? K : never]: M[K] extends Callables
    ? M[K]
    : ModuleClass<M[K]>;
};

/**
 * Represents the module at `url` in other interpreters, without loading it in this one. Each property is a function to
 * pass to `call()`, `submit()` and every other method that takes a function to run elsewhere; calling it here throws a
 * TypeError. The target loads the module at its first call and keeps it loaded, as `import()` does.
 *
 * The type parameter is the module's type:
 * `const { resize } = fromModule<typeof import("./resize.js")>(new URL("./resize.js", import.meta.url))`. The result has the
 * functions of that type and nothing else: import the module itself to read its constants.
 *
 * @param url An absolute path, a `file:`, `data:` or `node:` URL, or the name of a builtin module. Other interpreters
 *   cannot resolve anything relative to the caller: pass `new URL("./file.js", import.meta.url)` for a file beside it,
 *   and `import.meta.resolve("package")` for a package.
 * @throws TypeError if `url` is anything else
 *
 * @example
 * const { basename } = fromModule<typeof import("node:path")>("node:path");
 * await using interp = create();
 * console.log(await interp.call(basename, "/a/b.txt")); // b.txt
 */
export function fromModule<M extends object>(url: URL | string): ModuleFunctions<M> {
  const href = moduleUrl(url, "fromModule");
  const before = moduleByUrl.get(href);
  if (before !== undefined) return before as ModuleFunctions<M>;

  const markers = new Map<string, Function>();
  const readOnly = (): never => {
    throw new TypeError(
      `fromModule(${JSON.stringify(href)}) is read-only: it represents a module of other interpreters`,
    );
  };
  const module = new Proxy(Object.create(null) as object, {
    get(_target, key) {
      // `await` and promise resolution would call `then`; inspectors read symbols.
      if (typeof key === "symbol" || key === "then") return undefined;
      let marker = markers.get(key);
      if (marker === undefined) markers.set(key, (marker = moduleFunction(href, key)));
      return marker;
    },
    has: (_target, key) => typeof key === "string" && key !== "then",
    set: readOnly,
    defineProperty: readOnly,
    deleteProperty: readOnly,
  });
  modules.add(module);
  moduleByUrl.set(href, module);
  return module as ModuleFunctions<M>;
}

function moduleFunction(url: string, name: string): Function {
  const marker = (): never => {
    throw new TypeError(
      `${name}() of ${url} was made by fromModule() and runs in other interpreters only: ` +
        "pass it to call() or submit(), or import the module to call it here",
    );
  };
  const callable: Callable = Object.freeze({ kind: "module", url, export: name });
  Object.defineProperty(marker, "name", { value: name, configurable: true });
  Object.defineProperty(marker, moduleMark, { value: callable });
  return marker;
}

const classes = new WeakMap<Function, Function>();

/**
 * The function that, called in another interpreter, makes an instance of the class that `fromModule` names.
 *
 * @throws TypeError it was not made by `fromModule`
 */
export function classOf(cls: unknown): Function {
  const mark =
    typeof cls === "function" && !types.isProxy(cls)
      ? (Object.getOwnPropertyDescriptor(cls, moduleMark)?.value as Callable | undefined)
      : undefined;
  if (typeof cls !== "function" || mark?.kind !== "module") {
    throw new TypeError(
      `construct takes a class of a module: const { Database } = fromModule<typeof import("./db.js")>(new URL("./db.js", import.meta.url))`,
    );
  }
  let maker = classes.get(cls);
  if (maker === undefined) {
    maker = (): never => {
      throw new TypeError(`${mark.export} of ${mark.url} can be constructed in other interpreters only`);
    };
    const callable: Callable = Object.freeze({ kind: "class", url: mark.url, export: mark.export });
    Object.defineProperty(maker, "name", { value: mark.export, configurable: true });
    Object.defineProperty(maker, moduleMark, { value: callable });
    classes.set(cls, maker);
  }
  return maker;
}

/** Kept for good, like modules: an interpreter that has loaded the listing of a module once has it for every later call. */
const listingByUrl = new Map<string, () => Promise<string[]>>();

/**
 * The function that, called in another interpreter, loads the module at `url` there and returns the names of the functions
 * that it exports. `caller` is the public function that error texts name.
 */
export function listingOf(url: URL | string, caller: string): () => Promise<string[]> {
  const href = moduleUrl(url, caller);
  let listing = listingByUrl.get(href);
  if (listing === undefined) {
    listing = (): never => {
      throw new TypeError(`the functions of ${href} can be listed in other interpreters only`);
    };
    const callable: Callable = Object.freeze({ kind: "listing", url: href });
    Object.defineProperty(listing, moduleMark, { value: callable });
    listingByUrl.set(href, listing);
  }
  return listing;
}

/** Returns an absolute URL, because other interpreters cannot resolve anything relative to this caller. */
function moduleUrl(url: unknown, caller: string): string {
  const remedy =
    'pass an absolute URL, for instance new URL("./file.js", import.meta.url) or import.meta.resolve("package")';
  if (typeof url !== "string" && !isUrl(url)) {
    throw new TypeError(
      `${caller}() takes a URL or a string, got ${url === null ? "null" : typeof url}: ${remedy}`,
    );
  }
  if (typeof url === "string") {
    if (path.isAbsolute(url)) return pathToFileURL(url).href;
    if (nodeModule().isBuiltin(url)) return url.startsWith("node:") ? url : `node:${url}`;
  }
  const given = typeof url === "string" ? url : url.href;
  const parsed = URL.canParse(given) ? new URL(given) : undefined;
  if (parsed === undefined) {
    throw new TypeError(`${caller}(${JSON.stringify(given)}): neither an absolute path nor a URL; ${remedy}`);
  }
  if (!MODULE_PROTOCOLS.split(" ").includes(parsed.protocol)) {
    throw new TypeError(
      `${caller}(${JSON.stringify(parsed.href)}): modules are loaded from ${MODULE_PROTOCOLS} URLs, ` +
        `not from ${parsed.protocol}; ${remedy}`,
    );
  }
  if (parsed.protocol === "node:" && !nodeModule().isBuiltin(parsed.href)) {
    throw new TypeError(`${caller}(${JSON.stringify(parsed.href)}): Node has no such builtin module`);
  }
  return parsed.href;
}
