/**
 * What travels by reference: two integers here, the same thing again there. The codec knows none of
 * these types; each registers itself.
 */

import { InterpreterError } from "../errors.js";

export interface ReferenceType<T> {
  /** 1 to 255, the same in every interpreter. */
  readonly kind: number;
  /**
   * Asked for every object that is neither an array nor an immediate child of `Object.prototype` (such an object
   * can therefore be no reference), so it must be cheap, must not throw and must not run user code.
   */
  is(value: object): value is T & object;
  /** Called at most once per value that is encoded, however often the object is in it. */
  toReference(value: T): readonly [a: number, b: number];
  /** Called at most once per value that is decoded. */
  fromReference(a: number, b: number): unknown;
}

/** How references of a kind are read. */
type Reader = Pick<ReferenceType<object>, "fromReference">;

const types: ReferenceType<object>[] = [];
const byKind: (Reader | undefined)[] = [];

export function registerReference<T extends object>(type: ReferenceType<T>): void {
  const erased = type as unknown as ReferenceType<object>;
  claim(type.kind, erased);
  types.push(erased);
}

/** For a kind whose references are not written for what an object is (`registerSymbol`, `Moved`): only how they are read. */
export function registerReader(kind: number, fromReference: Reader["fromReference"]): void {
  claim(kind, { fromReference });
}

function claim(kind: number, reader: Reader): void {
  if (!Number.isInteger(kind) || kind < 1 || kind > 255) {
    throw new InterpreterError(
      `Cannot register a type that travels by reference: kind ${kind} is not 1 to 255`,
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

/** Lets one symbol of the global registry travel, as the same symbol there. */
export function registerSymbol(kind: number, symbol: symbol): void {
  registerReader(kind, () => symbol);
  symbols.set(symbol, kind);
}

/** The kind of a symbol that travels, or undefined. */
export function kindOfSymbol(symbol: symbol): number | undefined {
  return symbols.get(symbol);
}

/** The type that lets `value` travel by reference, if there is one. */
export function referenceTypeOf(value: object): ReferenceType<object> | undefined {
  for (const type of types) if (type.is(value)) return type;
  return undefined;
}

/**
 * Reads each reference of a record whose value is not read. The record's references became this thread's when it was
 * taken; read, they are objects, which the garbage collector lets go of.
 */
export function letGoOfReferences(refs: ArrayLike<number>): void {
  for (let i = 0; i + 2 < refs.length; i += 3) {
    try {
      byKind[refs[i]]?.fromReference(refs[i + 1], refs[i + 2]);
    } catch {
      // Gone already: the error of the record matters more.
    }
  }
}

export function referenceTypeOfKind(kind: number): Reader | undefined {
  return byKind[kind];
}
