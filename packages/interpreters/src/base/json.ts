/** JSON of this package's own data. */

/** As `JSON.stringify`, but calls no `toJSON` that the program has added to a prototype. */
export function toJson(data: object): string {
  return JSON.stringify(withoutHooks(data));
}

function withoutHooks(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const copy: object = Array.isArray(value)
    ? value.map(withoutHooks)
    : Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutHooks(each)]));
  // JSON has no undefined, so this is not written.
  return Object.defineProperty(copy, "toJSON", { value: undefined, enumerable: false });
}
