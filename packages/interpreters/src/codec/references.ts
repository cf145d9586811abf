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

/** The type that lets `value` travel by reference, if there is one. */
export function referenceTypeOf(value: object): ReferenceType<object> | undefined {
  for (const type of types) if (type.is(value)) return type;
  return undefined;
}

export function referenceTypeOfKind(kind: number): ReferenceType<object> | undefined {
  return byKind[kind];
}
