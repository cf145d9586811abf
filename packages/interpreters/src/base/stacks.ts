/**
 * Stacks as users see them: without this package's own frames, which say nothing about their code.
 */
import { fileURLToPath } from "../platform/urls.js";
import { packageFile } from "../platform/package-files.js";

/** Where our frames are: the compiled files, and their sources, which is what they are called with source maps on. */
let roots: readonly string[] | undefined;

/** Not when this is loaded: making URLs is a noticeable part of an interpreter's start. */
function ownRoots(): readonly string[] {
  return (roots ??= [packageFile("."), packageFile("../../src/")].flatMap((url) => [
    url.href,
    fileURLToPath(url),
  ]));
}

/** How deep causes are followed, and how many parts of an AggregateError are looked at. */
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

/** The frames of a stack that belong to the user, without its message. */
export function callerFrames(stack: string | undefined): string {
  if (stack === undefined) return "";
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

/** Takes our frames out of the stacks of an error that came from elsewhere, its causes and its parts. */
export function hideOwnFrames(value: unknown, depth = 0): void {
  if (!(value instanceof Error) || depth > MOST_CAUSES) return;
  const { stack, cause } = value;
  if (typeof stack === "string" && ownRoots().some((root) => stack.includes(root))) {
    Object.defineProperty(value, "stack", {
      value: withoutOwnFrames(stack),
      writable: true,
      configurable: true,
    });
  }
  hideOwnFrames(cause, depth + 1);
  const { errors } = value as { errors?: unknown };
  if (Array.isArray(errors))
    for (const error of errors.slice(0, MOST_CAUSES)) hideOwnFrames(error, depth + 1);
}
