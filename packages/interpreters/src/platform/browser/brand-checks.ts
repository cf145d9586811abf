/**
 * Checks of a value's class. A page shows internal slots only to the methods that need them, which throw for other objects. So each check
 * first looks whether the prototype leaves the class open at all: most objects are plain.
 */
const { getPrototypeOf, prototype: root } = Object;
const { toString } = root;

type Method = (this: never, ...args: never[]) => unknown;

/** Whether `method` accepts the value, whose class it belongs to. */
function accepts(method: Method, value: unknown, ...args: unknown[]): boolean {
  if (typeof value !== "object" || value === null || getPrototypeOf(value) === root || Array.isArray(value))
    return false;
  try {
    Reflect.apply(method, value, args);
    return true;
  } catch {
    return false;
  }
}

/** The getter of a property that a class or one of its parents defines. */
function getter(cls: object, key: PropertyKey): Method {
  for (let each: object | null = cls; each !== null; each = getPrototypeOf(each) as object | null) {
    const found = Object.getOwnPropertyDescriptor(each, key)?.get;
    if (found !== undefined) return found;
  }
  return () => {
    throw new TypeError("no such class");
  };
}

const { has: mapHas } = Map.prototype;
const { has: setHas } = Set.prototype;
const { has: weakMapHas } = WeakMap.prototype;
const { has: weakSetHas } = WeakSet.prototype;
const { getTime } = Date.prototype;
const flags = getter(RegExp.prototype, "global");
const bufferLength = getter(ArrayBuffer.prototype, "byteLength");
// A page that is not isolated has no such class.
const sharedLength = getter(
  typeof SharedArrayBuffer === "function" ? SharedArrayBuffer.prototype : {},
  "byteLength",
);
const { valueOf: stringValue } = String.prototype;
const { valueOf: numberValue } = Number.prototype;
const { valueOf: booleanValue } = Boolean.prototype;
const { valueOf: symbolValue } = Symbol.prototype;
const { valueOf: bigintValue } = BigInt.prototype;
const { isError } = Error as { isError?: (value: unknown) => boolean };
const { isView } = ArrayBuffer;
const generatorPrototype = getPrototypeOf(getPrototypeOf((function* () {})()) as object) as object;
const asyncGeneratorPrototype = getPrototypeOf(getPrototypeOf((async function* () {})()) as object) as object;
const GeneratorFunction = getPrototypeOf(function* () {}) as object;
const AsyncGeneratorFunction = getPrototypeOf(async function* () {}) as object;
const { [Symbol.hasInstance]: isInstance } = Function.prototype;
const { isPrototypeOf } = root;

const tagOf = (value: unknown): string => toString.call(value).slice(8, -1);

export const types = {
  isProxy: (_value: unknown): boolean => false,
  isExternal: (_value: unknown): boolean => false,
  isMap: (value: unknown): value is Map<unknown, unknown> => accepts(mapHas, value, 0),
  isSet: (value: unknown): value is Set<unknown> => accepts(setHas, value, 0),
  isWeakMap: (value: unknown): boolean => accepts(weakMapHas, value, root),
  isWeakSet: (value: unknown): boolean => accepts(weakSetHas, value, root),
  isDate: (value: unknown): value is Date => accepts(getTime, value),
  isRegExp: (value: unknown): value is RegExp => accepts(flags, value),
  isArrayBuffer: (value: unknown): value is ArrayBuffer => !isView(value) && accepts(bufferLength, value),
  isSharedArrayBuffer: (value: unknown): value is SharedArrayBuffer =>
    !isView(value) && accepts(sharedLength, value),
  isAnyArrayBuffer: (value: unknown): value is ArrayBufferLike =>
    types.isArrayBuffer(value) || types.isSharedArrayBuffer(value),
  isNativeError: (value: unknown): value is Error =>
    isError === undefined ? isInstance.call(Error, value) : isError(value),
  isPromise: (value: unknown): value is Promise<unknown> => isInstance.call(Promise, value),
  isModuleNamespaceObject: (value: unknown): boolean =>
    typeof value === "object" &&
    value !== null &&
    getPrototypeOf(value) === null &&
    tagOf(value) === "Module",
  isArgumentsObject: (value: unknown): boolean =>
    typeof value === "object" &&
    value !== null &&
    !(Symbol.toStringTag in value) &&
    tagOf(value) === "Arguments",
  isGeneratorObject: (value: unknown): boolean =>
    typeof value === "object" &&
    value !== null &&
    (isPrototypeOf.call(generatorPrototype, value) || isPrototypeOf.call(asyncGeneratorPrototype, value)),
  isGeneratorFunction: (value: unknown): boolean =>
    typeof value === "function" &&
    (isPrototypeOf.call(GeneratorFunction, value) || isPrototypeOf.call(AsyncGeneratorFunction, value)),
  isStringObject: (value: unknown): boolean => accepts(stringValue, value),
  isNumberObject: (value: unknown): boolean => accepts(numberValue, value),
  isBooleanObject: (value: unknown): boolean => accepts(booleanValue, value),
  isSymbolObject: (value: unknown): boolean => accepts(symbolValue, value),
  isBoxedPrimitive: (value: unknown): boolean =>
    [stringValue, numberValue, booleanValue, symbolValue, bigintValue].some((each) => accepts(each, value)),
};
