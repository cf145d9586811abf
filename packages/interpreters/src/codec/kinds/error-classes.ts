/**
 * The error classes that survive a copy: the language's, WebAssembly's, this package's own, and those of the runtime's modules
 * (`AssertionError`). Each has a name that tells it from all others.
 */

import { ownClasses } from "../../base/brand.js";
import "../../base/errors.js";
import { isError } from "../../base/stacks.js";
import { builtinExports } from "../../platform/loaded-builtins.js";
import { moduleClassOf } from "../runtime-classes.js";

type ErrorClass = abstract new (...args: never[]) => Error;

/** Older runtimes lack some. As they were when this was loaded: a program may replace them. */
const { SuppressedError, WebAssembly } = globalThis as unknown as {
  SuppressedError?: ErrorClass;
  WebAssembly?: object;
};
const builtin: Readonly<Record<string, ErrorClass | undefined>> = {
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  AggregateError,
  SuppressedError,
};
/** Only of modules of the runtime, whose names contain no colon but that of the prefix. */
const OF_MODULE = /^((?:node:)?[\w/]+):(\w+)$/;

class Tables {
  readonly byName = new Map<string, ErrorClass>();
  readonly nameByPrototype = new Map<object, string>();
  readonly ownNames = new Set<string>();

  constructor() {
    for (const [name, cls] of Object.entries(builtin)) this.#add(name, cls);
    const namespace = Object.getOwnPropertyDescriptors(WebAssembly ?? {});
    for (const [name, { value }] of Object.entries(namespace)) {
      if (typeof value === "function" && isError(value.prototype))
        this.#add(`WebAssembly.${name}`, value as ErrorClass);
    }
    for (const cls of ownClasses) {
      this.#add(cls.name, cls);
      this.ownNames.add(cls.name);
    }
  }

  #add(name: string, cls: ErrorClass | undefined): void {
    if (cls === undefined) return;
    this.byName.set(name, cls);
    this.nameByPrototype.set(cls.prototype as object, name);
  }
}

let made: Tables | undefined;
/** Made for the first error that travels. */
const tables = (): Tables => (made ??= new Tables());

/** Returns the name of the error's nearest class that survives a copy. */
export function errorClassName(error: object): string {
  let prototype = Object.getPrototypeOf(error) as object | null;
  for (; prototype !== null; prototype = Object.getPrototypeOf(prototype) as object | null) {
    const name = tables().nameByPrototype.get(prototype) ?? nameInModule(prototype) ?? foreignName(prototype);
    if (name !== undefined) return name;
  }
  return "Error";
}

function nameInModule(prototype: object): string | undefined {
  const place = moduleClassOf(prototype);
  return place && `${place.module}:${place.name}`;
}

function classInModule(name: string): ErrorClass | undefined {
  const [, module, exportName] = OF_MODULE.exec(name) ?? [];
  if (module === undefined) return undefined;
  const cls: unknown = (builtinExports(module) as Record<string, unknown> | undefined)?.[exportName];
  if (typeof cls !== "function") return undefined;
  const prototype = cls.prototype as unknown;
  if (!isError(prototype) || nameInModule(prototype) !== name) return undefined;
  return cls as unknown as ErrorClass;
}

/** Recognises the same class of another realm, or of another copy of this package. */
function foreignName(prototype: object): string | undefined {
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof constructor !== "function" || !tables().byName.has(constructor.name)) return undefined;
  const { name } = constructor;
  if (tables().ownNames.has(name))
    return Object.hasOwn(prototype, Symbol.for(`interpreters.error.${name}`)) ? name : undefined;
  const native = Function.prototype.toString.call(constructor).includes("[native code]");
  return native ? name : undefined;
}

/** The `name` that instances inherit, for all that is known without looking the class up. */
export function nameOfClass(className: string): string {
  return className.slice(className.lastIndexOf(".") + 1);
}

export function isOwnErrorClass(name: string): boolean {
  return tables().ownNames.has(name);
}

/** Makes an instance of the class with that name, without properties; an `Error` if no class has the name. */
export function makeError(name: string): Error {
  const known = tables().byName.get(name);
  const cls = known ?? classInModule(name) ?? Error;
  // A constructor with its own parameters is not called: the properties that it would set are sent anyway.
  if (known === undefined || takesMore.has(name) || tables().ownNames.has(name))
    return Reflect.construct<[], Error>(Error, [], cls as typeof Error);
  return new (cls as typeof Error)();
}
const takesMore: ReadonlySet<string> = new Set(["AggregateError", "SuppressedError"]);
