/** Values as text for messages, much as Node's `util.inspect` shows them. Runs getters of no user, except those that an error has. */

export interface InspectOptions {
  readonly depth?: number | null;
  readonly breakLength?: number;
  readonly colors?: boolean;
  readonly customInspect?: boolean;
}

const MOST_ITEMS = 100;
const LINE = 72;

function show(value: unknown, depth: number, above: readonly object[], wide: boolean): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "symbol") return String(value);
  if (typeof value === "function") return functionText(value);
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null) return String(value);
  if (above.includes(value)) return "[Circular *1]";
  if (isErrorLike(value)) return errorText(value, depth, [...above, value], wide);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  const name = nameOf(value);
  if (depth < 0) return Array.isArray(value) ? "[Array]" : `[${name || "Object"}]`;
  const inner = [...above, value];
  const next = (each: unknown): string => show(each, depth - 1, inner, wide);
  const parts: string[] = [];
  let prefix = name === "Object" || name === "Array" ? "" : `${name} `;
  let [open, close] = ["{", "}"];
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) {
    [open, close] = ["[", "]"];
    const list = value as ArrayLike<unknown>;
    if (prefix !== "") prefix = `${name}(${list.length}) `;
    for (let i = 0; i < Math.min(list.length, MOST_ITEMS); i++)
      parts.push(i in list ? next(list[i]) : "<empty>");
    if (list.length > MOST_ITEMS) parts.push(`... ${list.length - MOST_ITEMS} more items`);
  } else if (value instanceof Map) {
    prefix = `${name}(${value.size}) `;
    for (const [key, each] of value) parts.push(`${next(key)} => ${next(each)}`);
  } else if (value instanceof Set) {
    prefix = `${name}(${value.size}) `;
    for (const each of value) parts.push(next(each));
  }
  if (open === "{") parts.push(...properties(value, [], next));
  if (parts.length === 0) return `${prefix}${open}${close}`;
  const line = parts.join(", ");
  if (wide || (line.length <= LINE && !line.includes("\n"))) return `${prefix}${open} ${line} ${close}`;
  return `${prefix}${open}\n  ${parts.join(",\n").replaceAll("\n", "\n  ")}\n${close}`;
}

function properties(value: object, left: readonly string[], next: (each: unknown) => string): string[] {
  return Reflect.ownKeys(value).flatMap((key) => {
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    if (descriptor?.enumerable !== true || left.includes(key as string)) return [];
    const name =
      typeof key === "symbol"
        ? `[${String(key)}]`
        : /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)
          ? key
          : quote(key);
    return [`${name}: ${descriptor.get === undefined ? next(descriptor.value) : "[Getter]"}`];
  });
}

const isErrorLike = (value: object): value is Error => value instanceof Error;

/** V8's stacks begin with name and message; those of other engines have frames only. */
function errorText(error: Error, depth: number, above: readonly object[], wide: boolean): string {
  const { name, message, stack } = error;
  const head = message === "" ? name : `${name}: ${message}`;
  let text = head;
  if (typeof stack === "string" && stack !== "")
    text =
      stack.includes(message) && /^\w*(?:Error|Exception)\b/.test(stack)
        ? stack
        : `${head}\n${asFrames(stack)}`;
  const next = (each: unknown): string => show(each, depth - 1, above, wide);
  const rest = properties(error, ["stack", "message", "name"], next);
  for (const key of ["cause", "errors"]) {
    const own = Object.getOwnPropertyDescriptor(error, key);
    if (own !== undefined && own.enumerable !== true && depth >= 0) rest.push(`[${key}]: ${next(own.value)}`);
  }
  return rest.length === 0 ? text : `${text} {\n  ${rest.join(",\n").replaceAll("\n", "\n  ")}\n}`;
}

/** `name@place` of Firefox and Safari, as V8 writes it. */
function asFrames(stack: string): string {
  return stack
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [, name, place] = /^(.*)@(.*)$/.exec(line) ?? [];
      return place === undefined ? `    at ${line}` : `    at ${name === "" ? place : `${name} (${place})`}`;
    })
    .join("\n");
}

const quote = (text: string): string =>
  text.includes("'") ? JSON.stringify(text) : `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"')}'`;

function functionText(fn: Function): string {
  const isClass = /^class\b/.test(Function.prototype.toString.call(fn));
  return `[${isClass ? "class" : "Function"}${fn.name === "" ? " (anonymous)" : isClass ? ` ${fn.name}` : `: ${fn.name}`}]`;
}

function nameOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as { constructor?: unknown } | null;
  if (prototype === null) return "[Object: null prototype]";
  const { constructor } = prototype;
  return typeof constructor === "function" ? constructor.name : "Object";
}

export function inspect(value: unknown, options: InspectOptions = {}): string {
  const { depth = inspect.defaultOptions.depth, breakLength } = options;
  return show(value, depth ?? Infinity, [], breakLength === Infinity);
}

inspect.defaultOptions = { depth: 2 } as { depth: number | null };
/** A symbol that no method of a page has: only Node's console calls such methods. */
inspect.custom = Symbol.for("nodejs.util.inspect.custom");
