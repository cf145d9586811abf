/**
 * Which classes are the runtime's own: JavaScript's, the web's, and those of builtin modules. Their instances keep what they are in
 * internal slots, private fields or handles, so a copy of their properties would be something else. Instances of user classes are
 * data, as in a structured clone, unless the class extends one of the runtime's.
 */

import { types } from "../platform/brand-checks.js";
import { newlyLoadedBuiltins } from "../platform/loaded-builtins.js";

const { getOwnPropertyDescriptor, getOwnPropertyNames, getOwnPropertySymbols, getPrototypeOf } = Object;
const sourceOf = Function.prototype.toString;

/** The globals when this was loaded: those of the runtime. A class that a program or a script declares later is its own. */
const globalNames: ReadonlySet<string> = new Set(getOwnPropertyNames(globalThis));

/** Prototypes of the language's iterators, whose classes have no constructor. */
const iterators: readonly object[] = [
  getPrototypeOf(getPrototypeOf([].values()) as object) as object,
  getPrototypeOf(getPrototypeOf(getPrototypeOf((async function* () {})()) as object) as object) as object,
];

/** Where a class of a builtin module is found. */
interface ModuleClass {
  readonly module: string;
  readonly name: string;
}

/** Prototypes of classes that loaded builtin modules export, and of the classes that these extend, which have no place of their own. */
const exported = new WeakMap<object, ModuleClass | undefined>();
/** The modules that have exports behind a getter, which may load more or print a warning, and these exports. */
const behindGetters: { readonly module: object; readonly names: ReadonlySet<string> }[] = [];

function valueOf(object: object, key: string): unknown {
  return getOwnPropertyDescriptor(object, key)?.value as unknown;
}

function classHas(object: object, description: string): boolean {
  let prototype = getPrototypeOf(object) as object | null;
  for (; prototype !== null; prototype = getPrototypeOf(prototype) as object | null) {
    // A proxy has a trap for its keys, which is user code.
    if (types.isProxy(prototype)) return false;
    if (getOwnPropertySymbols(prototype).some((symbol) => symbol.description === description)) return true;
  }
  return false;
}

/** Whether structured clone treats the object as its class says, and not as a bag of properties. */
export function saysHowToClone(object: object): boolean {
  return classHas(object, "messaging_clone_symbol");
}

/** Whether its class says how it moves to another thread. A MessagePort moves without: its class is native. */
export function saysHowToMove(object: object): boolean {
  return classHas(object, "messaging_transfer_symbol");
}

function isNative(constructor: (...args: never) => unknown): boolean {
  return sourceOf.call(constructor).endsWith("{ [native code] }");
}

/** Whether it is `Object.prototype`, of whatever realm. */
function isRoot(prototype: object): boolean {
  if (prototype === Object.prototype) return true;
  if (getPrototypeOf(prototype) !== null) return false;
  const constructor = valueOf(prototype, "constructor");
  return (
    typeof constructor === "function" &&
    constructor.name === "Object" &&
    isNative(constructor as () => unknown)
  );
}

function addExports(moduleName: string, module: object): void {
  const names = getOwnPropertyNames(module);
  const getters = names.filter((name) => getOwnPropertyDescriptor(module, name)?.get !== undefined);
  if (getters.length > 0) behindGetters.push({ module, names: new Set(getters) });
  addClass(module, undefined);
  for (const name of names) {
    const value = valueOf(module, name);
    addClass(value, { module: moduleName, name });
    // Some classes are properties of others: `stream.Readable.ReadableState`.
    if (typeof value === "function" && !types.isProxy(value))
      for (const inner of getOwnPropertyNames(value)) addClass(valueOf(value, inner), undefined);
  }
}

function addClass(value: unknown, place: ModuleClass | undefined): void {
  if (typeof value !== "function" || types.isProxy(value)) return;
  let prototype = valueOf(value, "prototype") as object | null | undefined;
  while (typeof prototype === "object" && prototype !== null && !isRoot(prototype)) {
    if (exported.get(prototype) !== undefined) break;
    exported.set(prototype, place);
    place = undefined;
    prototype = getPrototypeOf(prototype) as object | null;
  }
}

function isExported(prototype: object): boolean {
  for (const { name, exports } of newlyLoadedBuiltins()) addExports(name, exports);
  return exported.has(prototype);
}

/** Returns where the class with this prototype is found, if a builtin module exports it. */
export function moduleClassOf(prototype: object): ModuleClass | undefined {
  return isExported(prototype) ? exported.get(prototype) : undefined;
}

/** Whether the class says to the runtime's structured clone how its instances are cloned or moved. Only the runtime's own can. */
function isTransferable(prototype: object): boolean {
  return getOwnPropertySymbols(prototype).some(
    (symbol) => symbol.description?.startsWith("messaging_") === true,
  );
}

/** Whether the global or the export of that name is `constructor`. */
function isNamed(holder: object, name: string, constructor: object): boolean {
  try {
    return (holder as Record<string, unknown>)[name] === constructor;
  } catch {
    // A getter threw: the user's, or that of a part of the runtime that is switched off.
    return false;
  }
}

/** Whether the runtime's global of that name is `value`. */
export function isRuntimeGlobal(name: string, value: object): boolean {
  return globalNames.has(name) && isNamed(globalThis, name, value);
}

function isRuntimePrototype(prototype: object): boolean {
  if (iterators.includes(prototype) || isExported(prototype) || isTransferable(prototype)) return true;
  const constructor = valueOf(prototype, "constructor");
  if (typeof constructor !== "function" || types.isProxy(constructor)) return false;
  if (valueOf(constructor, "prototype") !== prototype) return false;
  if (isNative(constructor as () => unknown)) return true;
  const name = valueOf(constructor, "name");
  if (typeof name !== "string") return false;
  return (
    isRuntimeGlobal(name, constructor) ||
    behindGetters.some(({ module, names }) => names.has(name) && isNamed(module, name, constructor))
  );
}

/** By prototype. */
const verdicts = new WeakMap<object, boolean>([
  // Made by a class of its own, but text is all that it has.
  [getPrototypeOf(process.env) as object, false],
]);
let lastData: object | undefined;

/** Returns whether the last instance of a user class had this prototype too: then no chain need be walked. */
export function isOfLastDataClass(prototype: object | null): boolean {
  return prototype === lastData;
}

/** Returns whether objects with this prototype are instances of one of the runtime's classes. Runs no user code. */
export function isOfRuntimeClass(prototype: object): boolean {
  let verdict = verdicts.get(prototype);
  if (verdict === undefined) {
    verdict = false;
    for (let each: object | null = prototype; each !== null;) {
      // A proxy has a trap for its prototype, which is user code, and no class of the runtime has one.
      if (types.isProxy(each) || isRoot(each)) break;
      if (isRuntimePrototype(each)) {
        verdict = true;
        break;
      }
      each = getPrototypeOf(each) as object | null;
    }
    verdicts.set(prototype, verdict);
  }
  if (!verdict) lastData = prototype;
  return verdict;
}

/** Notes that an instance turned out to be more than its properties, although nothing told it from a user class. */
export function noteRuntimeClass(prototype: object): void {
  verdicts.set(prototype, true);
  if (lastData === prototype) lastData = undefined;
}
