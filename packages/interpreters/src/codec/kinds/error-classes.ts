/** The error classes that keep their class: the language's and this package's own. */

import * as own from "../../errors.js";

type ErrorClass = abstract new (...args: never[]) => Error;

const builtin = [
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  AggregateError,
];

const byName = new Map<string, ErrorClass>();
const nameByPrototype = new Map<object, string>();
const ownNames = new Set<string>();

function add(cls: ErrorClass): void {
  byName.set(cls.name, cls);
  nameByPrototype.set(cls.prototype as object, cls.name);
}
for (const cls of builtin) add(cls);
for (const exported of Object.values(own)) {
  if (!(exported.prototype instanceof Error)) continue;
  add(exported);
  ownNames.add(exported.name);
}

/** The nearest class of an error that keeps its class. */
export function errorClassName(error: object): string {
  let prototype = Object.getPrototypeOf(error) as object | null;
  for (; prototype !== null; prototype = Object.getPrototypeOf(prototype) as object | null) {
    const name = nameByPrototype.get(prototype) ?? foreignName(prototype);
    if (name !== undefined) return name;
  }
  return "Error";
}

/** Recognises the same class of another realm, or of another copy of this package. */
function foreignName(prototype: object): string | undefined {
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof constructor !== "function" || !byName.has(constructor.name)) return undefined;
  const { name } = constructor;
  if (ownNames.has(name))
    return Object.hasOwn(prototype, Symbol.for(`interpreters.error.${name}`)) ? name : undefined;
  const native = Function.prototype.toString.call(constructor).includes("[native code]");
  return native ? name : undefined;
}

export function isOwnErrorClass(name: string): boolean {
  return ownNames.has(name);
}

/** An instance of the class of that name, without properties; `Error` where there is none. */
export function makeError(name: string): Error {
  const cls = byName.get(name) ?? Error;
  // A constructor with parameters of its own is not called: what it would set is sent anyway.
  if (cls === AggregateError || ownNames.has(name))
    return Reflect.construct<[], Error>(Error, [], cls as typeof Error);
  return new (cls as typeof Error)();
}
