/** A module that cannot be loaded. */

export function double(): never {
  throw new Error("never called");
}

throw new RangeError("thrown while loading");
