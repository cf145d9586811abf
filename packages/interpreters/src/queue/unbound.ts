/**
 * What becomes of an item when the interpreter that put it is destroyed (PEP 734, "Queue Objects"; UNBOUND_KEEP is ours).
 */
import { registerReference } from "../codec/codec.js";
import {
  REF_UNBOUND,
  UNBOUND_ITEM,
  UNBOUND_ITEM_ERROR,
  UNBOUND_ITEM_KEEP,
  UNBOUND_ITEM_REMOVE,
} from "../memory/layout.js";

/** The class of the four constants. Not to be made by users. */
class UnboundBehaviour<Name extends string> {
  readonly name: Name;
  constructor(name: Name) {
    this.name = name;
    Object.freeze(this);
  }
  toString(): string {
    return this.name;
  }
  get [Symbol.toStringTag](): string {
    return this.name;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `<${this.name}>`;
  }
}

/** `get` returns this very object in the item's place. Shareable itself. */
export const UNBOUND: UnboundBehaviour<"UNBOUND"> = new UnboundBehaviour("UNBOUND");
/** The `get` that reaches the item throws ItemInterpreterDestroyed. */
export const UNBOUND_ERROR: UnboundBehaviour<"UNBOUND_ERROR"> = new UnboundBehaviour("UNBOUND_ERROR");
/** The item is gone at once. */
export const UNBOUND_REMOVE: UnboundBehaviour<"UNBOUND_REMOVE"> = new UnboundBehaviour("UNBOUND_REMOVE");
/** The item is delivered as if nothing had happened. */
export const UNBOUND_KEEP: UnboundBehaviour<"UNBOUND_KEEP"> = new UnboundBehaviour("UNBOUND_KEEP");

export type UnboundItems = typeof UNBOUND | typeof UNBOUND_ERROR | typeof UNBOUND_REMOVE | typeof UNBOUND_KEEP;

/** By number, as it stands in records. */
const NUMBERS: readonly UnboundItems[] = [];
(NUMBERS as UnboundItems[])[UNBOUND_ITEM] = UNBOUND;
(NUMBERS as UnboundItems[])[UNBOUND_ITEM_ERROR] = UNBOUND_ERROR;
(NUMBERS as UnboundItems[])[UNBOUND_ITEM_REMOVE] = UNBOUND_REMOVE;
(NUMBERS as UnboundItems[])[UNBOUND_ITEM_KEEP] = UNBOUND_KEEP;

export function unboundNumber(value: UnboundItems): number {
  // By name: the constant may be another copy of the package's.
  const number = NUMBERS.findIndex((behaviour) => behaviour.name === (value as { name?: unknown } | null)?.name);
  if (number === -1 || typeof value !== "object") {
    throw new TypeError("unboundItems must be UNBOUND, UNBOUND_ERROR, UNBOUND_REMOVE or UNBOUND_KEEP");
  }
  return number;
}

export function unboundFrom(number: number): UnboundItems {
  return NUMBERS[number];
}

registerReference({
  kind: REF_UNBOUND,
  is: (value): value is typeof UNBOUND => value === UNBOUND,
  toReference: () => [0, 0],
  fromReference: () => UNBOUND,
});
