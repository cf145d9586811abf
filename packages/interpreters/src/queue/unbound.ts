/**
 * What becomes of an item when the interpreter that put it is destroyed (PEP 734, "Queue Objects"; UNBOUND_KEEP is ours).
 *
 * The constants are symbols of the global registry: the same ones for every copy of the package, and TypeScript can tell
 * by `item !== UNBOUND` that an item is one.
 */
import { registerSymbol } from "../codec/codec.js";
import {
  REF_UNBOUND,
  UNBOUND_ITEM,
  UNBOUND_ITEM_ERROR,
  UNBOUND_ITEM_KEEP,
  UNBOUND_ITEM_REMOVE,
} from "../memory/layout.js";

/** `get` returns this in the item's place. The one symbol that is shareable itself. */
export const UNBOUND: unique symbol = Symbol.for("interpreters.UNBOUND");
/** The `get` that reaches the item throws ItemInterpreterDestroyed. */
export const UNBOUND_ERROR: unique symbol = Symbol.for("interpreters.UNBOUND_ERROR");
/** The item is gone at once. */
export const UNBOUND_REMOVE: unique symbol = Symbol.for("interpreters.UNBOUND_REMOVE");
/** The item is delivered as if nothing had happened. */
export const UNBOUND_KEEP: unique symbol = Symbol.for("interpreters.UNBOUND_KEEP");

export type UnboundItems =
  | typeof UNBOUND
  | typeof UNBOUND_ERROR
  | typeof UNBOUND_REMOVE
  | typeof UNBOUND_KEEP;

/** As they stand in records. */
const NUMBERS = new Map<UnboundItems, number>([
  [UNBOUND, UNBOUND_ITEM],
  [UNBOUND_ERROR, UNBOUND_ITEM_ERROR],
  [UNBOUND_REMOVE, UNBOUND_ITEM_REMOVE],
  [UNBOUND_KEEP, UNBOUND_ITEM_KEEP],
]);

export function unboundNumber(value: UnboundItems): number {
  const number = NUMBERS.get(value);
  if (number !== undefined) return number;
  throw new TypeError("unboundItems must be UNBOUND, UNBOUND_ERROR, UNBOUND_REMOVE or UNBOUND_KEEP");
}

export function unboundFrom(number: number): UnboundItems {
  for (const [value, each] of NUMBERS) if (each === number) return value;
  return UNBOUND;
}

registerSymbol(REF_UNBOUND, UNBOUND);
