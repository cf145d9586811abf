/** A copy of the enumerable properties of an object, inherited ones included. Undefined for what is no object. */
export function extractProperties<T extends object>(object: T): T;
export function extractProperties<T>(object?: T): T | undefined;
export function extractProperties(object?: unknown): unknown {
  if (typeof object !== "object" || object === null) return undefined;
  const properties: Record<string, unknown> = {};
  for (const key in object) properties[key] = (object as Record<string, unknown>)[key];
  return properties;
}
