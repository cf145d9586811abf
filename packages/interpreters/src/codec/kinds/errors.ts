/**
 * Errors: class, name, message, stack, cause, the errors of an AggregateError, and own enumerable
 * properties. A class that only the sender has becomes the nearest one that every interpreter has.
 */

import { ABSENT, type Decoder } from "../decoder.js";
import { isError, stackOf } from "../../base/stacks.js";
import { readKey, readSlot, readValue, setProperty } from "../decode.js";
import { writeKeysAndValues, writeValue } from "../encode.js";
import { writeJavaScriptTag, writtenBefore, type Encoder } from "../encoder.js";
import { registerKind } from "../kind-table.js";
import { TAG_DOM_EXCEPTION, TAG_ERROR, TAG_QUOTA_EXCEEDED } from "../tags.js";
import { writeString, writeVarint } from "../write.js";
import { defineToJson, keysBesides, type Shown, shownByToJson } from "./error-json.js";
import { errorClassName, isOwnErrorClass, makeError, nameOfClass } from "./error-classes.js";

// Not `instanceof`, which calls a hook of the user.
const { isPrototypeOf } = Object.prototype;
const { toString: errorToString } = Error.prototype;
const { prototype: domExceptionPrototype } = DOMException;

function ownDescriptor(error: object, key: string): PropertyDescriptor | undefined {
  try {
    return Object.getOwnPropertyDescriptor(error, key);
  } catch {
    // A stack is made when it is first read, and begins with a message whose getter may throw. Or the program's prepareStackTrace threw.
    // Once it is formatted, reading it calls nothing.
    if (key !== "stack" || stackOf(error) === undefined) return undefined;
    return Object.getOwnPropertyDescriptor(error, key);
  }
}

/** Reads a property. A stack that `Error.prepareStackTrace` of the program cannot format is formatted by the runtime. */
function read(e: Encoder, error: object, key: string): unknown {
  if (key !== "stack") return e.read(error, key);
  try {
    const { stack } = error as { stack?: unknown };
    return Array.isArray(stack) ? (textOfSites(error, stack) ?? stack) : stack;
  } catch {
    return stackOf(error) ?? e.read(error, key);
  }
}

/** The stack as the runtime would have formatted it, if prepareStackTrace gave call sites instead of a text. */
function textOfSites(error: object, sites: readonly unknown[]): string | undefined {
  const lines = [errorToString.call(error)];
  for (const site of sites) {
    if (typeof (site as { getFileName?: unknown } | undefined)?.getFileName !== "function") return undefined;
    lines.push(`    at ${String(site)}`);
  }
  return lines.join("\n");
}

/** In the bytes, a hidden property of this name is the text that `JSON.stringify` makes of the error. */
const TO_JSON = "toJSON";

/** Returns the properties that are not enumerable but belong to the error all the same, in their order. */
function hiddenKeys(e: Encoder, error: object, className: string, shown: Shown | undefined): string[] {
  const own = Object.getOwnPropertyNames(error);
  const all = isOwnErrorClass(className);
  const keys = own.filter(
    (key) => (all || standard.has(key)) && ownDescriptor(error, key)?.enumerable === false,
  );
  // A user class, or the runtime, may keep these on the prototype.
  if (!own.includes("stack") && typeof read(e, error, "stack") === "string") keys.push("stack");
  if (!own.includes("message") && e.read(error, "message") !== "") keys.push("message");
  if (!own.includes("name") && e.read(error, "name") !== nameOfClass(className)) keys.push("name");
  if (shown !== undefined) keys.push(TO_JSON);
  return keys;
}
const standard: ReadonlySet<string> = new Set([
  "name",
  "message",
  "stack",
  "cause",
  "errors",
  "error",
  "suppressed",
]);
const readable: ReadonlySet<string> = new Set([...standard, TO_JSON]);
const ofDomException: ReadonlySet<string> = new Set(["stack", "cause"]);

function writeHidden(e: Encoder, error: object, keys: readonly string[], depth: number, shown?: Shown): void {
  writeVarint(e.out, keys.length);
  for (const key of keys) {
    writeString(e.out, key);
    const value = key === TO_JSON && shown !== undefined ? shown.text : read(e, error, key);
    e.path[depth] = key;
    if (key === "stack" && typeof value !== "string") writeOddStack(e, value, depth + 1);
    else writeValue(e, value, depth + 1);
  }
}

/** Writes a stack that is no text, as the program's prepareStackTrace made it. It never keeps its error from travelling. */
function writeOddStack(e: Encoder, stack: unknown, depth: number): void {
  const { lenient } = e;
  e.lenient = true;
  try {
    writeValue(e, stack, depth);
  } finally {
    e.lenient = lenient;
  }
}

/**
 * Reads properties, which must be `among` if they are not enumerable: the encoder writes no other ones, and would not write the
 * copy's. Returns whether a stack is among the properties.
 */
function readProperties(
  d: Decoder,
  error: object,
  enumerable: boolean,
  among: ReadonlySet<string> | undefined,
): boolean {
  const count = d.readCount(2);
  let stack = false;
  for (let i = 0; i < count; i++) {
    const key = readKey(d);
    if (among !== undefined && !among.has(key)) throw d.malformed(`an error in it hides a property ${key}`);
    if (key === "stack") stack = true;
    // A property that was deleted while it was encoded reads as `ABSENT` and is left out.
    const value = readSlot(d);
    if (key === TO_JSON && !enumerable && (typeof value === "string" || value === undefined)) {
      defineToJson(error, value);
      continue;
    }
    // Assigning to the stack of a new error is much cheaper than defining another one, before which the runtime would format it, by the
    // program's prepareStackTrace. JavaScriptCore makes none where the limit is 0.
    const assigned = key === "stack" && value !== ABSENT && Object.hasOwn(error, key);
    if (assigned) (error as { stack?: unknown }).stack = value;
    if (!assigned || enumerable || typeof value !== "string") setProperty(error, key, value, enumerable);
  }
  return stack;
}

function isDomException(value: object): value is DOMException {
  try {
    codeOfDomException.call(value as DOMException);
    return true;
  } catch {
    return false;
  }
}
// Unlike `instanceof`, this cannot be imitated.
const codeOfDomException = Object.getOwnPropertyDescriptor(DOMException.prototype, "code")?.get as (
  this: DOMException,
) => number;

registerKind<DOMException>({
  tags: [TAG_DOM_EXCEPTION, TAG_QUOTA_EXCEEDED],
  is: (value): value is DOMException =>
    isPrototypeOf.call(domExceptionPrototype, value) && isDomException(value),
  write(e, error, depth) {
    if (writtenBefore(e, error)) return;
    const quota = quotaOf(error);
    writeJavaScriptTag(e, quota === undefined ? TAG_DOM_EXCEPTION : TAG_QUOTA_EXCEEDED);
    writeString(e.out, String(e.read(error, "message")));
    if (quota === undefined) writeString(e.out, String(e.read(error, "name")));
    else for (const each of quota) writeValue(e, each, depth);
    const hidden = [...ofDomException].filter((key) => ownDescriptor(error, key)?.enumerable === false);
    writeHidden(e, error, hidden, depth);
    writeKeysAndValues(e, error, Object.keys(error), depth);
  },
  read(d, tag) {
    const message = readValue(d);
    if (tag === TAG_QUOTA_EXCEEDED) {
      const error = d.note(readQuotaExceeded(d, message));
      readProperties(d, error, false, ofDomException);
      readProperties(d, error, true, undefined);
      return error;
    }
    const name = readValue(d);
    if (typeof message !== "string" || typeof name !== "string") {
      throw d.malformed("an exception in it has no name or no message");
    }
    const error = d.note(withoutStack(() => new DOMException(message, name)));
    readProperties(d, error, false, ofDomException);
    readProperties(d, error, true, undefined);
    return error;
  },
});

function readQuotaExceeded(d: Decoder, message: unknown): DOMException {
  const [quota, requested] = [readValue(d), readValue(d)];
  const Class = QuotaExceededError;
  if (typeof message !== "string" || Class === undefined) {
    throw d.malformed("an exception in it has no message, or a class that this interpreter does not know");
  }
  try {
    return withoutStack(
      () =>
        new Class(message, {
          ...(quota !== null && { quota: quota as number }),
          ...(requested !== null && { requested: requested as number }),
        }),
    );
  } catch {
    throw d.malformed("an exception in it has an impossible quota");
  }
}

interface QuotaExceeded extends DOMException {
  readonly quota: number | null;
  readonly requested: number | null;
}
type Numbers = Partial<Record<"quota" | "requested", number>>;

/** Newer runtimes have this subclass of DOMException. */
const { QuotaExceededError } = globalThis as {
  QuotaExceededError?: new (message: string, numbers: Numbers) => QuotaExceeded;
};

/** Reads the two from private fields, which cannot be imitated; undefined if the exception has none. */
function quotaOf(error: DOMException): (number | null)[] | undefined {
  const prototype = QuotaExceededError?.prototype;
  if (prototype === undefined || !isPrototypeOf.call(prototype, error)) return undefined;
  try {
    return (["quota", "requested"] as const).map(
      (key) => Object.getOwnPropertyDescriptor(prototype, key)?.get?.call(error) as number | null,
    );
  } catch {
    return undefined;
  }
}

registerKind<object>({
  tags: [TAG_ERROR],
  // An old-style class makes objects that only inherit from Error.
  is: (value): value is object => isError(value),
  write(e, error, depth) {
    if (writtenBefore(e, error)) return;
    const className = errorClassName(error);
    writeJavaScriptTag(e, TAG_ERROR);
    writeString(e.out, className);
    const shown = shownByToJson(error);
    const keys = shown === undefined ? Object.keys(error) : keysBesides(shown, error);
    writeHidden(e, error, hiddenKeys(e, error, className, shown), depth, shown);
    writeKeysAndValues(e, error, keys, depth);
  },
  read(d) {
    const className = readKey(d);
    const error = d.note(withoutStack(() => makeError(className)));
    const hidden = readProperties(d, error, false, isOwnErrorClass(className) ? undefined : readable);
    const shown = readProperties(d, error, true, undefined);
    // A new error has a stack, which here would be the decoder's.
    if (!hidden && !shown) delete error.stack;
    return error;
  },
});

/** Collecting a stack takes longer than everything else here, and no caller would see it. */
function withoutStack<T>(make: () => T): T {
  const limit = Error.stackTraceLimit;
  try {
    Error.stackTraceLimit = 0;
  } catch {
    // `Error` is frozen: the stack is collected after all.
  }
  try {
    return make();
  } finally {
    try {
      Error.stackTraceLimit = limit;
    } catch {
      // As above.
    }
  }
}
