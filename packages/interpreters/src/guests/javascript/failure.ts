/**
 * Target side: describes any thrown value the way Node prints an uncaught exception.
 *
 * It must not throw, and must not run more user code than inspecting needs, whatever the value is: a frozen
 * error, a revoked proxy, an error whose `message` is a getter that throws.
 */

import { inspect } from "../../platform/inspect.js";
import { types } from "../../platform/brand-checks.js";
import { vm } from "../../platform/scripts.js";
import type { ExceptionInfo } from "../../base/errors.js";
import { isFrame, isOwnFrame } from "../../base/stacks.js";

export function describeFailure(thrown: unknown): ExceptionInfo {
  try {
    return isError(thrown) ? describeError(thrown) : describeOther(thrown);
  } catch {
    const message = "(an exception that cannot be displayed)";
    const name = typeof thrown;
    return { type: { name }, message, formatted: `${name}: ${message}`, errdisplay: `Uncaught ${message}` };
  }
}

/** Errors that come from another Node thread are not native errors here. */
function isError(thrown: unknown): thrown is Error {
  return types.isNativeError(thrown) || attempt(() => thrown instanceof Error) === true;
}

function describeError(error: Error): ExceptionInfo {
  const own = text(attempt(() => error.name));
  const constructed = text(attempt(() => error.constructor.name));
  // Node's internal classes are all called NodeError and set `name` to the class that they represent.
  const typeName = constructed === "" || constructed === "NodeError" ? own || "Error" : constructed;
  // `class MyError extends Error {}` inherits the name "Error", which says less than its class does.
  const name = own === "" || inheritedNames.has(own) ? typeName : own;
  const message = text(attempt(() => error.message));
  const formatted = message === "" ? name : `${name}: ${message}`;
  return {
    type: { name: typeName },
    message,
    formatted,
    errdisplay: attempt(() => display(error)) ?? `Uncaught ${formatted}`,
  };
}

const inheritedNames = new Set([
  "AggregateError",
  "Error",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
]);

function describeOther(thrown: unknown): ExceptionInfo {
  const shown = inspect(thrown, inspectOptions());
  const message = typeof thrown === "string" ? thrown : shown;
  const name = typeof thrown;
  return { type: { name }, message, formatted: `${name}: ${message}`, errdisplay: `Uncaught ${shown}` };
}

// As Node does for an uncaught exception. A custom inspector is user code and may do anything.
function inspectOptions(): { colors: false; customInspect: false; depth: number } {
  return { colors: false, customInspect: false, depth: Math.max(inspect.defaultOptions.depth ?? 0, 5) };
}

function display(error: Error): string {
  const restore: (() => void)[] = [];
  try {
    // Before inspecting, because `inspect` replaces lines that an error and its cause have in common.
    for (const each of reachableErrors(error)) showUserFrames(each, restore);
    const shown = inspect(error, inspectOptions());
    // Brackets mark an error without frames. This one may have had frames, but none in user code.
    const { stack } = restore.length > 0 ? error : { stack: undefined };
    const bracketed = stack !== undefined && !/^\s+at /m.test(stack) && shown.startsWith(`[${stack}]`);
    return withoutInternalFrames(bracketed ? stack + shown.slice(stack.length + 2) : shown);
  } finally {
    for (const undo of restore) undo();
  }
}

/** Collects the error, its causes, its aggregated errors and those among own properties, without running a getter. */
function reachableErrors(error: Error): Set<Error> {
  const found = new Set<Error>();
  const visit = (value: unknown): void => {
    if (types.isProxy(value) || !isError(value) || found.has(value) || found.size >= 1000) return;
    found.add(value);
    for (const key of Reflect.ownKeys(value)) {
      const child: unknown = key === "stack" ? undefined : Object.getOwnPropertyDescriptor(value, key)?.value;
      if (!Array.isArray(child)) visit(child);
      else if (!types.isProxy(child)) for (const each of child.slice(0, 1000)) visit(each);
    }
  };
  visit(error);
  return found;
}

/** Gives `error` the stack to show, until the steps in `restore` run. A frozen error keeps its own stack. */
function showUserFrames(error: Error, restore: (() => void)[]): void {
  attempt(() => {
    if (error instanceof SyntaxError) locate(error); // not undone: a copy of the error should show it too
    const before = Object.getOwnPropertyDescriptor(error, "stack");
    if (before?.configurable !== true) return;
    const { stack } = error;
    if (typeof stack !== "string") return;
    const value = withoutInternalFrames(stack);
    Object.defineProperty(error, "stack", {
      value,
      writable: true,
      configurable: true,
      enumerable: before.enumerable ?? false,
    });
    restore.push(() => attempt(() => Object.defineProperty(error, "stack", before)));
  });
}

const locatorFile = "<interpreters:locate>";
const locatorSlot = Symbol.for("interpreters.locate");
let locator: vm.Script | undefined;

/**
 * A module's SyntaxError knows its location, but its stack does not include it until Node prints the error. Node also
 * adds it when the error leaves a script; for an error without a location, Node adds the location of this script.
 */
function locate(error: SyntaxError): void {
  const before = error.stack;
  if (before === undefined || !/^\w*SyntaxError\b/.test(before)) return; // already located
  const slot = globalThis as { [locatorSlot]?: unknown };
  locator ??= new vm.Script('throw globalThis[Symbol.for("interpreters.locate")]', { filename: locatorFile });
  slot[locatorSlot] = error;
  try {
    locator.runInThisContext();
  } catch {
    if (error.stack?.startsWith(locatorFile) === true) error.stack = before;
  } finally {
    delete slot[locatorSlot];
  }
}

/**
 * Drops the frames of this package, Node's internal frames, and the frames of functions that this package called to
 * reach user code. Text that `inspect` appended to the last frame (`{` of own properties, a comma) moves up.
 */
function withoutInternalFrames(stack: string): string {
  const kept: string[] = [];
  let [ours, behind] = [false, ""];
  for (const line of stack.split("\n").reverse()) {
    const isOurs = isOwnFrame(line);
    const isNodes =
      isFrame(line) &&
      (/\bnode:(?:internal\/|diagnostics_channel:)/.test(line) ||
        (ours && /\bnode:\w|\(<anonymous>\)$/.test(line)));
    if (isOurs || isNodes) {
      ours ||= isOurs;
      behind ||= /(?: \{|,)$/.exec(line)?.[0] ?? "";
    } else {
      kept.push(line + behind);
      [ours, behind] = [false, ""];
    }
  }
  return kept.reverse().join("\n");
}

function attempt<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch {
    return undefined;
  }
}

function text(value: unknown): string {
  return typeof value === "string"
    ? value
    : value === undefined
      ? ""
      : (attempt(() => inspect(value, inspectOptions())) ?? "");
}
