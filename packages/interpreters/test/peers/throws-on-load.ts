/** A module that cannot be loaded. */
export function never(): string {
  return "never";
}

throw new RangeError("thrown while loading");
