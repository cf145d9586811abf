/**
 * The fates of an item whose interpreter is destroyed (PEP 734, "Queue Objects"; UNBOUND_KEEP is an addition).
 *
 * The constants are symbols of the global registry, so every copy of the package has the same ones, and TypeScript narrows a type by
 * `item !== UNBOUND`.
 */
import { registerSymbol } from "../codec/codec.js";
import {
  REF_UNBOUND,
  UNBOUND_ITEM,
  UNBOUND_ITEM_ERROR,
  UNBOUND_ITEM_KEEP,
  UNBOUND_ITEM_REMOVE,
} from "../memory/layout.js";

/**
 * `get` returns UNBOUND itself in place of the item (CPython: `UNBOUND`). The default. No other symbol can be sent to other
 * interpreters.
 *
 * @example
 * const queue = createQueue<string>();
 * const interp = create();
 * await interp.call((q) => q.putNowait("hello"), queue);
 * await interp.close();
 * console.log((await queue.get()) === UNBOUND); // true
 */
export const UNBOUND: unique symbol = Symbol.for("interpreters.UNBOUND");
/**
 * The `get` that reaches the item throws ItemInterpreterDestroyed (CPython: `UNBOUND_ERROR`).
 *
 * @example
 * const queue = createQueue<string>(0, { unboundItems: UNBOUND_ERROR });
 * const interp = create();
 * await interp.call((q) => q.putNowait("hello"), queue);
 * await interp.close();
 * const error = await queue.get().catch((reason) => reason);
 * console.log(error.name); // ItemInterpreterDestroyed
 */
export const UNBOUND_ERROR: unique symbol = Symbol.for("interpreters.UNBOUND_ERROR");
/**
 * The item leaves the queue at once (CPython: `UNBOUND_REMOVE`).
 *
 * @example
 * const queue = createQueue<string>(0, { unboundItems: UNBOUND_REMOVE });
 * const interp = create();
 * await interp.call((q) => q.putNowait("hello"), queue);
 * await interp.close();
 * queue.empty(); // true
 */
export const UNBOUND_REMOVE: unique symbol = Symbol.for("interpreters.UNBOUND_REMOVE");
/**
 * The item is delivered as if its interpreter still lived. (CPython has no counterpart.)
 *
 * @example
 * const queue = createQueue<string>(0, { unboundItems: UNBOUND_KEEP });
 * const interp = create();
 * await interp.call((q) => q.putNowait("hello"), queue);
 * await interp.close();
 * console.log(await queue.get()); // hello
 */
export const UNBOUND_KEEP: unique symbol = Symbol.for("interpreters.UNBOUND_KEEP");

/** The fate of an item whose interpreter is destroyed. */
export type UnboundItems =
  | typeof UNBOUND
  | typeof UNBOUND_ERROR
  | typeof UNBOUND_REMOVE
  | typeof UNBOUND_KEEP;

/** Their numbers in records. */
const NUMBERS = new Map<UnboundItems, number>([
  [UNBOUND, UNBOUND_ITEM],
  [UNBOUND_ERROR, UNBOUND_ITEM_ERROR],
  [UNBOUND_REMOVE, UNBOUND_ITEM_REMOVE],
  [UNBOUND_KEEP, UNBOUND_ITEM_KEEP],
]);

/** The number of a fate. @throws TypeError not one of the four */
export function unboundNumber(value: UnboundItems): number {
  const number = NUMBERS.get(value);
  if (number !== undefined) return number;
  throw new TypeError("unboundItems must be UNBOUND, UNBOUND_ERROR, UNBOUND_REMOVE or UNBOUND_KEEP");
}

/** As `unboundNumber`, or `otherwise` if no fate is given. */
export function unboundOr(value: UnboundItems | undefined, otherwise: number): number {
  return value === undefined ? otherwise : unboundNumber(value);
}

/** The fate with that number. */
export function unboundFrom(number: number): UnboundItems {
  for (const [value, each] of NUMBERS) if (each === number) return value;
  return UNBOUND;
}

registerSymbol(REF_UNBOUND, UNBOUND);
