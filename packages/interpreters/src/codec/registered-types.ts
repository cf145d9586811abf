/**
 * Classes of users whose instances travel as instances (`registerType`). The bytes hold the name of the type and what its `encode`
 * made of the instance. All copies of the package in a thread share the table: user code may import another copy than the
 * interpreter runs.
 */

import { types } from "../platform/brand-checks.js";
import { show } from "../base/check.js";

/** How instances of a class become a value that can be sent, and that value an instance. */
export interface TypeCodec<T, E> {
  /** Returns what describes the instance: any value that can be sent, other registered instances included. */
  encode(instance: T): E;
  /** Makes the instance again, in the interpreter where it arrives. */
  decode(encoded: E): T;
}

export interface RegisteredType extends TypeCodec<object, unknown> {
  readonly name: string;
  readonly prototype: object;
}

interface Table {
  readonly byName: Map<string, RegisteredType>;
  readonly byPrototype: Map<object, RegisteredType>;
}

const KEY = Symbol.for("interpreters.types");
const here = globalThis as { [KEY]?: Table };
const table: Table = (here[KEY] ??= { byName: new Map(), byPrototype: new Map() });
const { byName, byPrototype } = table;

/**
 * Lets instances of a class arrive as instances: in queues, arguments, results and errors. Both interpreters must register it under the
 * same name, so call it in the module that defines the class, and import that module in both. (A module whose function is called with
 * `fromModule` is loaded before the arguments are read.) Instances of subclasses are not included: register these classes, too. Without it,
 * an instance arrives as a plain object, and an error as one of the nearest builtin class.
 *
 * @param name the same in every interpreter, and unique, so begin it with the name of your package: `"app/Point"`
 * @param cls the class, of which the instances must be direct
 * @param codec `encode`, which must not lead back to the instance, and `decode`
 * @throws TypeError a bad argument, or the name or the class is registered already
 * @example
 * class Point {
 *   constructor(readonly x: number, readonly y: number) {}
 * }
 * registerType("app/Point", Point, {
 *   encode: ({ x, y }) => [x, y],
 *   decode: ([x, y]) => new Point(x, y),
 * });
 * const queue = createQueue<Point>();
 * queue.putNowait(new Point(1, 2));
 * console.log(queue.getNowait() instanceof Point); // true
 */
export function registerType<T extends object, E>(
  name: string,
  cls: abstract new (...args: never[]) => T,
  codec: TypeCodec<T, E>,
): void {
  if (typeof name !== "string" || name === "") {
    throw new TypeError(`registerType: the name must be a string that is not empty, found ${show(name)}`);
  }
  const prototype: unknown = typeof cls === "function" && !types.isProxy(cls) ? cls.prototype : undefined;
  if (typeof prototype !== "object" || prototype === null || general.includes(prototype)) {
    throw new TypeError(
      `registerType: ${name} must be a class other than Object and Array, found ${show(cls)}`,
    );
  }
  const { encode, decode } = Object(codec) as Partial<TypeCodec<T, E>>;
  if (typeof encode !== "function" || typeof decode !== "function") {
    throw new TypeError(`registerType: ${name} needs two functions, encode and decode, found ${show(codec)}`);
  }
  const taken = byName.get(name) ?? byPrototype.get(prototype);
  if (taken !== undefined && (taken.name !== name || taken.prototype !== prototype)) {
    throw new TypeError(
      taken.name === name
        ? `registerType: another class has the name ${name} already; choose another one`
        : `registerType: the class of ${name} is registered as ${taken.name} already`,
    );
  }
  const type: RegisteredType = {
    name,
    prototype,
    encode: (instance) => encode.call(codec, instance as T),
    decode: (encoded) => decode.call(codec, encoded as E),
  };
  byName.set(name, type);
  byPrototype.set(prototype, type);
}
const general: readonly object[] = [Object.prototype, Array.prototype, Function.prototype];

/** Returns the type of a direct instance. */
export function registeredTypeOf(object: object): RegisteredType | undefined {
  // Most programs register none.
  if (byPrototype.size === 0) return undefined;
  return byPrototype.get(Object.getPrototypeOf(object) as object);
}

export function registeredTypeOfName(name: string): RegisteredType | undefined {
  return byName.get(name);
}
