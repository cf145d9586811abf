/**
 * Caller side: turns a function into a description that can travel to another interpreter.
 *
 * Four things can travel: the source of a *stateless* function (whatever it refers to must exist where it
 * arrives, which `load` checks there), the name of a module's export (`fromModule`), the request for the names of
 * a module's functions (`functionsOf`), and the name of a builtin. Everything else is refused here, before anything
 * is sent.
 *
 * A description depends on nothing but the function, so it is worked out once per function; functions of the same
 * name and source share one description object, so that whoever sends it can tell by identity that it has been sent.
 */

import { isAbsolute } from "node:path";
import { pathToFileURL, URL } from "node:url";
import { types } from "node:util";
import { isUrl } from "../../check.js";
import { NotShareableError } from "../../errors.js";
import { nodeModule } from "../../node-module.js";
import { analyse, Unportable } from "./analyse.js";
import { builtinPath } from "./builtins.js";
import { asWritten } from "./script-text.js";

export type Callable =
  /** `source` is an expression of strict code; `free` are the names it needs to find around it. */
  | {
      readonly kind: "function";
      readonly source: string;
      readonly free: readonly string[];
      readonly name: string;
    }
  | { readonly kind: "module"; readonly url: string; readonly export: string }
  /** Takes nothing and returns the names of the functions that the module exports. */
  | { readonly kind: "listing"; readonly url: string }
  | { readonly kind: "builtin"; readonly path: string };

/** On functions made by `fromModule` and `listingOf`. In the global registry: another copy of the package may have made them. */
const moduleMark = Symbol.for("interpreters.fromModule");

const known = new WeakMap<object, Callable>();

/** `{ [native code] }` is no valid JavaScript body, so that no function of a user ends like this. */
const nativeBody = /\{\s*\[native code\]\s*\}$/;

/** What has to be sent for `fn` to be called elsewhere. Throws what is wrong with it otherwise. */
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
  if (mark !== undefined) return mark as Callable;

  const source = asWritten(Function.prototype.toString.call(fn));
  if (nativeBody.test(source)) return describeNative(fn);

  const name = nameOf(fn);
  try {
    const callable = describeSource(source, name);
    // Much of Node's own API is JavaScript: it gives itself away by names only Node's insides know.
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

/** A function expression inside a loop is a new function each time round, with the same source. */
const bySource = new Map<string, FunctionSource>();
const bySourceLimit = 1000;

function describeSource(source: string, name: string): FunctionSource {
  const key = `${name}\n${source}`;
  let callable = bySource.get(key);
  if (callable === undefined) {
    const { expression, free } = analyse(source, name);
    callable = { kind: "function", source: expression, free, name };
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
    why = "it is a bound function, and what it is bound to lives in this interpreter";
  else why = "it is native code that no global name leads to";
  throw new NotShareableError(
    `${label(name)} cannot be sent to another interpreter: ${why}; ` +
      "send a function that makes the call itself, and give it the values as arguments",
  );
}

/** Never runs user code: `name` may be a getter, or (as a static member of a class) anything at all. */
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
  // An easy thing to pass by mistake for one of its functions.
  const hint = modules.has(value as object)
    ? " (a whole module: take one function of it, as in `const { f } = fromModule(…)`)"
    : "";
  return `expected a function to run in another interpreter, got ${found}${hint}`;
}

const modules = new WeakSet<object>();
/** Kept for good, as the loaded modules themselves are: the same name of the same module is one function. */
const moduleByUrl = new Map<string, object>();

/**
 * Stands for the module at `url` in other interpreters, without loading it in this one:
 * `const { resize } = fromModule<typeof import("./resize.js")>(new URL("./resize.js", import.meta.url))`.
 * Its properties can be given to whatever takes a function to run elsewhere, and cannot be called here.
 */
export function fromModule<M extends object>(url: URL | string): M {
  const href = moduleUrl(url, "fromModule");
  const before = moduleByUrl.get(href);
  if (before !== undefined) return before as M;

  const markers = new Map<string, Function>();
  const readOnly = (): never => {
    throw new TypeError(`fromModule(${JSON.stringify(href)}) is read-only: it stands for a module elsewhere`);
  };
  const module = new Proxy(Object.create(null) as object, {
    get(_target, key) {
      // A thenable would be called by `await` and by promise resolution; symbols are asked for by inspectors.
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
  return module as M;
}

function moduleFunction(url: string, name: string): Function {
  const marker = (): never => {
    throw new TypeError(
      `${name}() of ${url} was made by fromModule() and runs in other interpreters only: ` +
        "give it to call() or submit(), or import the module to call it here",
    );
  };
  const callable: Callable = Object.freeze({ kind: "module", url, export: name });
  Object.defineProperty(marker, "name", { value: name, configurable: true });
  Object.defineProperty(marker, moduleMark, { value: callable });
  return marker;
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

/** Other interpreters resolve nothing relative to this caller, so that what is sent must be absolute. */
function moduleUrl(url: unknown, caller: string): string {
  const remedy =
    'pass an absolute URL, for instance new URL("./file.js", import.meta.url) or import.meta.resolve("package")';
  if (typeof url !== "string" && !isUrl(url)) {
    throw new TypeError(
      `${caller}() takes a URL or a string, got ${url === null ? "null" : typeof url}: ${remedy}`,
    );
  }
  if (typeof url === "string") {
    if (isAbsolute(url)) return pathToFileURL(url).href;
    if (nodeModule().isBuiltin(url)) return url.startsWith("node:") ? url : `node:${url}`;
  }
  const given = typeof url === "string" ? url : url.href;
  const parsed = URL.canParse(given) ? new URL(given) : undefined;
  if (parsed === undefined) {
    throw new TypeError(`${caller}(${JSON.stringify(given)}): neither an absolute path nor a URL; ${remedy}`);
  }
  if (!["file:", "data:", "node:"].includes(parsed.protocol)) {
    throw new TypeError(
      `${caller}(${JSON.stringify(parsed.href)}): modules are loaded from file:, data: and node: URLs, ` +
        `not from ${parsed.protocol}; ${remedy}`,
    );
  }
  if (parsed.protocol === "node:" && !nodeModule().isBuiltin(parsed.href)) {
    throw new TypeError(`${caller}(${JSON.stringify(parsed.href)}): Node has no such builtin module`);
  }
  return parsed.href;
}
