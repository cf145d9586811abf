/** The error classes that survive a copy: the language's and this package's own. */

import { ownClasses } from "../../base/brand.js";
import "../../base/errors.js";

type ErrorClass = abstract new (...args: never[]) => Error;

const builtin: readonly ErrorClass[] = [
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  AggregateError,
];

class Tables {
  readonly byName = new Map<string, ErrorClass>();
  readonly nameByPrototype = new Map<object, string>();
  readonly ownNames = new Set<string>();

  constructor() {
    for (const cls of [...builtin, ...ownClasses]) {
      this.byName.set(cls.name, cls);
      this.nameByPrototype.set(cls.prototype as object, cls.name);
    }
    for (const { name } of ownClasses) this.ownNames.add(name);
  }
}

let made: Tables | undefined;
/** Made for the first error that travels. */
const tables = (): Tables => (made ??= new Tables());

/** Returns the name of the error's nearest class that survives a copy. */
export function errorClassName(error: object): string {
  let prototype = Object.getPrototypeOf(error) as object | null;
  for (; prototype !== null; prototype = Object.getPrototypeOf(prototype) as object | null) {
    const name = tables().nameByPrototype.get(prototype) ?? foreignName(prototype);
    if (name !== undefined) return name;
  }
  return "Error";
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

export function isOwnErrorClass(name: string): boolean {
  return tables().ownNames.has(name);
}

/** Makes an instance of the class with that name, without properties; an `Error` if no class has the name. */
export function makeError(name: string): Error {
  const cls = tables().byName.get(name) ?? Error;
  // A constructor with its own parameters is not called: the properties that it would set are sent anyway.
  if (cls === AggregateError || tables().ownNames.has(name))
    return Reflect.construct<[], Error>(Error, [], cls as typeof Error);
  return new (cls as typeof Error)();
}
