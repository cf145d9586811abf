/** Error texts for values that cannot travel: where the value is, what it is, and what to do. */

import { isError } from "../base/stacks.js";
import { inspect, type InspectOptions } from "../platform/inspect.js";
import { types } from "../platform/brand-checks.js";
import { NotShareableError } from "../base/errors.js";

/** One step into a value: an index, a property, an entry of a `Map`, an item of a `Set`, what `encode` made of a registered instance. */
export type Step =
  | number
  | string
  | { readonly entry: unknown }
  | { readonly item: number }
  | { readonly call: string };

const SHOWN_STEPS = 24;

function notation(step: Step): string {
  if (typeof step === "number") return `[${step}]`;
  if (typeof step === "object" && "call" in step) return `.${step.call}()`;
  if (typeof step === "object") return "item" in step ? `<item ${step.item}>` : `.get(${short(step.entry)})`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

export function formatPath(root: string, steps: readonly Step[]): string {
  if (steps.length <= SHOWN_STEPS) return root + steps.map(notation).join("");
  const half = SHOWN_STEPS / 2;
  return `${root}${steps.slice(0, half).map(notation).join("")}…${steps.slice(-half).map(notation).join("")}`;
}

function short(value: unknown): string {
  const text = safeInspect(value, { depth: 0, breakLength: Infinity });
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** Names the type of a value: "a function", "an AsyncGenerator". Never throws. */
export function describe(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (types.isProxy(value)) return "a Proxy";
  if (types.isModuleNamespaceObject(value)) return "a module namespace";
  let name: string;
  try {
    name = className(value);
  } catch {
    // A getter of the value's class or tag.
    name = "Object";
  }
  return `${/^([AEIO]|U(?!RL|int))/i.test(name) ? "an" : "a"} ${name}`;
}

function className(value: unknown): string {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const { constructor } = Object(value) as { constructor?: unknown };
  const own: unknown = typeof constructor === "function" ? constructor.name : "";
  const name = typeof own === "string" ? own : "";
  if (tag === "Object") return name === "" ? "host object" : name;
  // The tag of some builtin classes is only that of a class they extend.
  const tagged = (globalThis as Record<string, unknown>)[tag];
  const extended = typeof tagged === "function" && tagged !== constructor && Object(value) instanceof tagged;
  return extended && name !== "" ? name : tag;
}

/** Advice for an object that the runtime moves, but does not clone. */
export const ONLY_MOVES = "it can only move: name it in `transfer`, or use move()";

const advice: Readonly<Record<string, string>> = {
  "a function":
    "only data can be copied, so leave it out, mark it with callback(), or name it as a function of a module",
  "a symbol": "symbols are unique to their interpreter, so leave it out or use a string",
  "a Promise": "await it first",
  "a SharedArrayBuffer": "copy it into an ArrayBuffer, or leave it out",
  "a MessagePort": ONLY_MOVES,
  "a Proxy": "copy its target into a plain object first",
};

export function notShareable(root: string, steps: readonly Step[], found: string, hint?: string): Error {
  const todo =
    advice[found] ?? hint ?? "only data can be copied, so leave it out or send the data it is made of";
  return new NotShareableError(
    `Cannot copy to another interpreter: ${formatPath(root, steps)} is ${found} (${todo})`,
  );
}

/** `util.inspect` that never throws. */
export function safeInspect(value: unknown, options?: InspectOptions): string {
  try {
    return inspect(value, options);
  } catch {
    return `[${typeof value} that could not be displayed]`;
  }
}

/** The text that replaces a property whose getter threw, in a lenient copy. */
export function getterThrew(error: unknown): string {
  let text: string;
  try {
    text = isError(error) ? `${error.name}: ${error.message}` : safeInspect(error);
  } catch {
    text = "something that could not be displayed";
  }
  return `[Getter threw: ${text}]`;
}
