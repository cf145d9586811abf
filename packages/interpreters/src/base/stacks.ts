/**
 * Stacks as users see them: without this package's own frames, which say nothing about their code.
 */
import { fileURLToPath } from "../platform/urls.js";
import { packageFile } from "../platform/package-files.js";

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

/** Removes our frames from the stacks of an error that came from elsewhere, of its causes, and of the errors that it aggregates. */
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
