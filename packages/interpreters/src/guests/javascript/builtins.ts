/**
 * The functions that every interpreter has under the same name: `Math.hypot`, `JSON.parse`, `setTimeout`.
 *
 * Found by identity among what hangs off the global object. Two kinds must not be taken for one: a global that
 * the user made, and a builtin that the user replaced. Native code settles it for those of the language; those
 * that Node writes in JavaScript are only believed under the names below, and the plain functions among
 * them (which tests like to mock) only if they are what they were when this module was loaded.
 */

import { vm } from "../../platform/scripts.js";

/** Global functions of Node whose source is JavaScript. */
const nodeFunctions = [
  "atob",
  "btoa",
  "clearImmediate",
  "clearInterval",
  "clearTimeout",
  "fetch",
  "queueMicrotask",
  "setImmediate",
  "setInterval",
  "setTimeout",
  "structuredClone",
];

/** Global objects and classes of Node whose members may be JavaScript. */
const nodeHolders = ["AbortSignal", "Buffer", "URL", "console", "crypto", "performance", "process"];

const nativeBody = /\{\s*\[native code\]\s*\}$/;
const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

const isNative = (fn: Function): boolean => nativeBody.test(Function.prototype.toString.call(fn));

const original = new Map<Function, string>();
for (const name of nodeFunctions) {
  const value: unknown = Object.getOwnPropertyDescriptor(globalThis, name)?.value;
  if (typeof value === "function") original.set(value, name);
}

/**
 * The globals of the language. Looking at another one of Node's, if only for its descriptor, may load it: since Node 22 that
 * is all of `fetch`, which without WebAssembly, or room for it, even ends the process.
 */
function languageGlobals(): string[] {
  return vm.runInNewContext("Object.getOwnPropertyNames(globalThis)") as string[];
}

let paths: Map<Function, string> | undefined;

/** The name of `fn` that holds in every interpreter; undefined if there is none. */
export function builtinPath(fn: Function): string | undefined {
  paths ??= collect();
  return paths.get(fn);
}

function collect(): Map<Function, string> {
  const found = new Map(original);
  const globals = [...members(globalThis, languageGlobals())];
  // Globals first: the first name wins, `parseFloat` over `Number.parseFloat`.
  for (const [name, value] of globals) note(found, name, value, isNative);
  for (const [name, value] of globals) {
    if (!nodeHolders.includes(name) && value !== globalThis) walk(found, value, `${name}.`, isNative, 2);
  }
  for (const name of nodeHolders) {
    const holder = (globalThis as Record<string, unknown>)[name];
    walk(found, holder, `${name}.`, () => true, 2);
    // Singletons have their methods on a prototype: `crypto.randomUUID`.
    if (typeof holder !== "object" || holder === null) continue;
    for (let proto = parent(holder); proto !== null && proto !== Object.prototype; proto = parent(proto)) {
      walk(found, proto, `${name}.`, () => true, 1);
    }
  }
  return found;
}

function walk(
  found: Map<Function, string>,
  holder: unknown,
  prefix: string,
  accept: (fn: Function) => boolean,
  depth: number,
): void {
  for (const [name, value] of members(holder)) {
    if (name === "constructor" || !note(found, prefix + name, value, accept)) continue;
    if (depth > 1) walk(found, value, `${prefix}${name}.`, accept, depth - 1);
  }
}

/** Whether `value` is a function to be found. */
function note(
  found: Map<Function, string>,
  path: string,
  value: unknown,
  accept: (fn: Function) => boolean,
): boolean {
  if (typeof value !== "function" || !accept(value)) return false;
  if (!found.has(value)) found.set(value, path);
  return true;
}

/** Own members that are plain data: getters are left alone, since running them may load half of Node. */
function* members(holder: unknown, names?: string[]): Generator<[string, unknown]> {
  if ((typeof holder !== "object" && typeof holder !== "function") || holder === null) return;
  for (const name of names ?? Object.getOwnPropertyNames(holder)) {
    if (!identifier.test(name)) continue;
    const descriptor = Object.getOwnPropertyDescriptor(holder, name);
    if (descriptor !== undefined && "value" in descriptor) yield [name, descriptor.value];
  }
}

const parent = (object: object): object | null => Object.getPrototypeOf(object) as object | null;

/** Finds the function of that path in this interpreter, with the object it is a member of as its `this`. */
export function resolveBuiltin(path: string): ((...args: unknown[]) => unknown) | undefined {
  let holder: unknown;
  let value: unknown = globalThis;
  for (const name of path.split(".")) {
    if (value === null || value === undefined) return undefined;
    holder = value;
    value = (value as Record<string, unknown>)[name];
  }
  if (typeof value !== "function") return undefined;
  const self = holder === globalThis ? undefined : holder;
  return (...args) => Reflect.apply(value, self, args) as unknown;
}
