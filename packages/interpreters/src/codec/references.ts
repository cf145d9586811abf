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

const types: ReferenceType<object>[] = [];
const byKind: (ReferenceType<object> | undefined)[] = [];

export function registerReference<T extends object>(type: ReferenceType<T>): void {
  if (!Number.isInteger(type.kind) || type.kind < 1 || type.kind > 255) {
    throw new InterpreterError(
      `Cannot register a type that travels by reference: kind ${type.kind} is not 1 to 255`,
    );
  }
  if (byKind[type.kind] !== undefined) {
    throw new InterpreterError(
      `Cannot register a type that travels by reference: kind ${type.kind} is taken; choose another number`,
    );
  }
  const erased = type as unknown as ReferenceType<object>;
  byKind[type.kind] = erased;
  types.push(erased);
}

const symbols = new Map<symbol, number>();

/** Lets one symbol of the global registry travel, as the same symbol there. */
export function registerSymbol(kind: number, symbol: symbol): void {
  registerReference<never>({
    kind,
    is: (_value): _value is never => false,
    toReference: () => [0, 0],
    fromReference: () => symbol,
  });
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

export function referenceTypeOfKind(kind: number): ReferenceType<object> | undefined {
  return byKind[kind];
}
