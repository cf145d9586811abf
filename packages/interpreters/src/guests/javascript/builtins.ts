/**
 * The functions that every interpreter has under the same name: `Math.hypot`, `JSON.parse`, `setTimeout`.
 *
 * This module finds them by identity among the members of the global object. It must not mistake two kinds for a builtin:
 * a global that the user defined, and the user's replacement of a builtin. Native code identifies the language's own
 * functions. Functions that Node writes in JavaScript count only under the names below, and the plain functions among
 * them (which tests often mock) only if they are unchanged since this module was loaded.
 */

import { ensureCallStack } from "../../base/call-stack.js";
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

/** The global object, but in the workers of pages: there it is a prototype of the global object that has them. */
const holderOf = (name: string): object | undefined => {
  let holder: object | null = globalThis;
  while (holder !== null && !Object.hasOwn(holder, name))
    holder = Object.getPrototypeOf(holder) as object | null;
  return holder ?? undefined;
};

const original = new Map<Function, string>();
for (const name of nodeFunctions) {
  const holder = holderOf(name);
  const value: unknown = holder && Object.getOwnPropertyDescriptor(holder, name)?.value;
  if (typeof value === "function") original.set(value, name);
}

/**
 * The globals of the language itself. Reading a Node global, even only its descriptor, may load it: since Node 22 that
 * loads all of `fetch`, which ends the process if WebAssembly, or the room for it, is missing.
 */
function languageGlobals(): string[] {
  return vm.runInNewContext("Object.getOwnPropertyNames(globalThis)") as string[];
}

let paths: Map<Function, string> | undefined;

/** Returns the name of `fn` that is valid in every interpreter, or undefined if it has none. */
export function builtinPath(fn: Function): string | undefined {
  paths ??= collect();
  return paths.get(fn);
}

function collect(): Map<Function, string> {
  // Reading globals loads parts of Node. Node 24 aborts the process when it loads a part again that an exhausted call stack cut short.
  ensureCallStack();
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
    // Singletons keep their methods on a prototype: `crypto.randomUUID`.
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

/** Records `value` under `path` if it is an acceptable function. Returns whether it is one. */
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

/** Yields own data properties. It skips getters, because running them may load half of Node. */
function* members(holder: unknown, names?: string[]): Generator<[string, unknown]> {
  if ((typeof holder !== "object" && typeof holder !== "function") || holder === null) return;
  for (const name of names ?? Object.getOwnPropertyNames(holder)) {
    if (!identifier.test(name)) continue;
    const descriptor = Object.getOwnPropertyDescriptor(holder, name);
    if (descriptor !== undefined && "value" in descriptor) yield [name, descriptor.value];
  }
}

const parent = (object: object): object | null => Object.getPrototypeOf(object) as object | null;

/** Finds the function at `path` in this interpreter. The function returned calls it with its holder as `this`. */
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
  const call = (...args: unknown[]): unknown => Reflect.apply(value, self, args);
  return Object.defineProperty(call, "name", { value: path });
}
