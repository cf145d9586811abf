/**
 * Types that travel by reference: the sender writes two integers, from which the receiver gets the same object. The
 * codec knows none of these types; each registers itself.
 */

import { InterpreterError } from "../base/errors.js";

export interface ReferenceType<T> {
  /** 1 to 255, the same in every interpreter. */
  readonly kind: number;
  /**
   * Called for every object that is neither an array nor an immediate child of `Object.prototype` (which therefore
   * cannot travel by reference), so it must be cheap, must not throw and must not run user code.
   */
  is(value: object): value is T & object;
  /**
   * Called before `toReference`. Returns why the object cannot travel after all, and what to do: it is refused with its path. Must not
   * run user code.
   */
  obstacle?(value: T): { readonly found: string; readonly hint: string } | undefined;
  /**
   * Called once for an object, however often it occurs in the value, and once more if the value must be encoded
   * again.
   */
  toReference(value: T): readonly [a: number, b: number];
  /** Called at most once for each triple of a decoded value. */
  fromReference(a: number, b: number): unknown;
}

/** Reads the references of a kind. */
type Reader = Pick<ReferenceType<object>, "fromReference">;

const types: ReferenceType<object>[] = [];
const byKind: (Reader | undefined)[] = [];

let loadOthers = (): void => {};

/** Has this thread call `load` when it must read a reference of a kind that is not registered; `load` registers more kinds. */
export function registerOthersBy(load: () => void): void {
  loadOthers = load;
}

export function registerReference<T extends object>(type: ReferenceType<T>): void {
  const erased = type as unknown as ReferenceType<object>;
  claim(type.kind, erased);
  types.push(erased);
}

/** Calls `load`. If it throws (at the end of the call stack, say), the types that it has registered are unknown again, so that it can be called again. */
export function registerAllBy<T>(load: () => T): T {
  const known = types.length;
  try {
    return load();
  } catch (error) {
    for (const { kind } of types.splice(known)) byKind[kind] = undefined;
    throw error;
  }
}

/** How instances of the runtime's classes are written. */
type Cloneable = Required<Pick<ReferenceType<object>, "kind" | "obstacle" | "toReference">>;

let cloneable: Cloneable | undefined;

/**
 * Registers what becomes of instances of the runtime's classes, which have no encoding. Its `obstacle` is asked about each of them.
 * They are read by the reader of their kind.
 */
export function registerCloneable(type: Cloneable): void {
  cloneable = type;
}

/** Returns what was registered for instances of the runtime's classes, or undefined. */
export function cloneableType(): Cloneable | undefined {
  return cloneable;
}

/** Registers how to read a kind whose references are not written by an object's type (`registerSymbol`, `Moved`). */
export function registerReader(kind: number, fromReference: Reader["fromReference"]): void {
  claim(kind, { fromReference });
}

function claim(kind: number, reader: Reader): void {
  if (!Number.isInteger(kind) || kind < 1 || kind > 255) {
    throw new InterpreterError(
      `Cannot register a type that travels by reference: the kind must be an integer from 1 to 255, not ${kind}`,
    );
  }
  if (byKind[kind] !== undefined) {
    throw new InterpreterError(
      `Cannot register a type that travels by reference: kind ${kind} is taken; choose another number`,
    );
  }
  byKind[kind] = reader;
}

const symbols = new Map<symbol, number>();

/** Lets a symbol of the global symbol registry travel; it arrives as the same symbol. */
export function registerSymbol(kind: number, symbol: symbol): void {
  registerReader(kind, () => symbol);
  symbols.set(symbol, kind);
}

/** Returns the kind of a registered symbol, or undefined. */
export function kindOfSymbol(symbol: symbol): number | undefined {
  return symbols.get(symbol);
}

/** Returns the type that lets `value` travel by reference, or undefined. */
export function referenceTypeOf(value: object): ReferenceType<object> | undefined {
  for (const type of types) if (type.is(value)) return type;
  return undefined;
}

/**
 * Reads the references of a record whose value is not read. They became this thread's handles when the record was
 * taken, and a handle is released when its object is collected: without an object it would stay.
 */
export function letGoOfReferences(refs: ArrayLike<number>): void {
  for (let i = 0; i + 2 < refs.length; i += 3) {
    try {
      referenceTypeOfKind(refs[i])?.fromReference(refs[i + 1], refs[i + 2]);
    } catch {
      // Its target is gone. The error of the whole record matters more.
    }
  }
}

export function referenceTypeOfKind(kind: number): Reader | undefined {
  const known = byKind[kind];
  if (known !== undefined) return known;
  loadOthers();
  return byKind[kind];
}
