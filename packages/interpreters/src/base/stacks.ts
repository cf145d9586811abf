/**
 * Stacks as users see them: without this package's own frames, which say nothing about their code.
 */
import { types } from "../platform/brand-checks.js";
import { fileURLToPath } from "../platform/urls.js";
import { packageFile } from "../platform/package-files.js";

// As they were when this was loaded: a program may replace them.
const { Error: NativeError } = globalThis;
export const { captureStackTrace } = NativeError;
const { [Symbol.hasInstance]: ordinaryHasInstance } = Function.prototype;

/** How the places of our frames begin: with the compiled files, or with their sources if source maps are on. */
let roots: readonly string[] | undefined;

/** Computed at its first use: making URLs is a noticeable part of an interpreter's start-up time. */
function ownRoots(): readonly string[] {
  return (roots ??= [packageFile("."), packageFile("../../src/")].flatMap((url) => [
    url.href,
    fileURLToPath(url),
  ]));
}

/** The longest chain of causes that is followed, and the most errors of an AggregateError that are visited. */
const MOST_CAUSES = 16;

export function isFrame(line: string): boolean {
  return /^\s+at /.test(line);
}

export function isOwnFrame(line: string): boolean {
  return isFrame(line) && ownRoots().some((root) => line.includes(root));
}

export function isOwnFile(file: string): boolean {
  return ownRoots().some((root) => file.startsWith(root));
}

/**
 * Reads a stack as the runtime formats it, whatever user code has made of `Error.prepareStackTrace`, which is called when a stack is
 * first read and may return anything, or throw. Returns undefined if there is no text.
 */
export function stackOf(holder: { readonly stack?: unknown } | undefined): string | undefined {
  if (holder === undefined) return undefined;
  let stack: unknown;
  try {
    const prepare = Error.prepareStackTrace;
    if (prepare === undefined) stack = holder.stack;
    else {
      (Error as { prepareStackTrace?: unknown }).prepareStackTrace = undefined;
      try {
        stack = holder.stack;
      } finally {
        Error.prepareStackTrace = prepare;
      }
    }
  } catch {
    // `Error` is frozen, or the stack has a getter of user code.
    return undefined;
  }
  return typeof stack === "string" ? stack : undefined;
}

/** The frames of a stack that belong to the user, without its message. None of a stack that is no text. */
export function callerFrames(stack: unknown): string {
  if (typeof stack !== "string") return "";
  return stack
    .split("\n")
    .filter((line) => isFrame(line) && !isOwnFrame(line))
    .join("\n");
}

/** A stack without our frames. */
export function withoutOwnFrames(stack: string): string {
  return stack
    .split("\n")
    .filter((line) => !isOwnFrame(line))
    .join("\n");
}

/** Whether the value is an error. Calls no `Error[Symbol.hasInstance]` of the user. */
export function isError(value: unknown): value is Error {
  if (types.isNativeError(value)) return true;
  try {
    return ordinaryHasInstance.call(NativeError, value);
  } catch {
    // A proxy that throws.
    return false;
  }
}

/** Removes our frames from the stacks of an error that came from elsewhere, of its causes, and of the errors that it aggregates. */
export function hideOwnFrames(value: unknown, depth = 0): void {
  if (depth > MOST_CAUSES || !isError(value)) return;
  const stack = stackOf(value);
  if (stack !== undefined && ownRoots().some((root) => stack.includes(root))) {
    Object.defineProperty(value, "stack", {
      value: withoutOwnFrames(stack),
      writable: true,
      configurable: true,
    });
  }
  hideOwnFrames(ownValue(value, "cause"), depth + 1);
  const errors = ownValue(value, "errors");
  if (!Array.isArray(errors)) return;
  for (let i = 0; i < Math.min(errors.length, MOST_CAUSES); i++) hideOwnFrames(errors[i], depth + 1);
}

/** An own property without running a getter, of the error or of a prototype that user code has changed. */
function ownValue(error: Error, key: string): unknown {
  return Object.getOwnPropertyDescriptor(error, key)?.value as unknown;
}
