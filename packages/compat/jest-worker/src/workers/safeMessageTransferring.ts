/**
 * Values that cannot be copied as they are. jest-worker sends them without their functions and symbols instead of refusing them; tests' results rely
 * on it.
 */
import { types } from "node:util";
import { deserialize, serialize } from "node:v8";

const KEY = "__INTERPRETERS_JEST_WORKER_PACKED__";

/** A copy without functions and symbols, which can be cloned. */
function withoutFunctions(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  const { toJSON } = value as { toJSON?: unknown };
  if (types.isDate(value) || types.isRegExp(value) || types.isBoxedPrimitive(value)) return value;
  if (types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) return value;
  if (typeof toJSON === "function") return withoutFunctions(toJSON.call(value), seen);
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    seen.set(value, copy);
    for (const item of value) copy.push(withoutFunctions(item, seen));
    return copy;
  }
  if (types.isMap(value)) {
    const copy = new Map();
    seen.set(value, copy);
    for (const [key, item] of value) copy.set(withoutFunctions(key, seen), withoutFunctions(item, seen));
    return copy;
  }
  if (types.isSet(value)) {
    const copy = new Set();
    seen.set(value, copy);
    for (const item of value) copy.add(withoutFunctions(item, seen));
    return copy;
  }
  const copy: object = types.isNativeError(value) ? Object.assign(new Error(value.message), own(value)) : {};
  seen.set(value, copy);
  for (const [key, item] of Object.entries(value)) {
    const { [key]: cleaned } = { [key]: withoutFunctions(item, seen) };
    if (cleaned !== undefined || item === undefined) Object.assign(copy, { [key]: cleaned });
  }
  return copy;
}

const own = ({ name, stack }: Error): object => ({ name, stack });

/** A message in place of a value that cannot be sent. JSON can carry it, too. */
export function packMessage(message: unknown): object {
  return { [KEY]: serialize(withoutFunctions(message, new Map())).toString("base64") };
}

/** The value of a message that may have been packed. */
export function unpackMessage(message: unknown): unknown {
  if (typeof message !== "object" || message === null || !(KEY in message)) return message;
  return deserialize(Buffer.from(message[KEY] as string, "base64"));
}
