/**
 * What the command line says when something cannot be done at all, and how it puts a failure into words.
 *
 * A `UsageError` ends the command with exit code 2 before any item has run; a failure of an item never is one.
 */

import { inspect } from "node:util";

/** Something the user has to change before anything can run: a bad option, a missing file, a broken module. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What is said of a failed item, on stderr and in the `--errors` file. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** Describes whatever was thrown: a value that is no error gets its type as name and its display as message. */
export function describeError(thrown: unknown): Failure {
  if (typeof thrown !== "object" || thrown === null || !("message" in thrown)) {
    const display = inspect(thrown, { breakLength: Infinity, compact: true, depth: 2 });
    return {
      name: thrown === null ? "null" : typeof thrown,
      message: `${display} was thrown, which is no error`,
    };
  }
  const name =
    "name" in thrown && typeof thrown.name === "string" && thrown.name !== "" ? thrown.name : "Error";
  const failure = { name, message: String(thrown.message) };
  return "code" in thrown && typeof thrown.code === "string" ? { ...failure, code: thrown.code } : failure;
}

/** `Name: message` on one line, whatever line breaks the message has. */
export function oneLine(failure: Failure): string {
  const message = failure.message.trim().replace(/\s*[\r\n]+\s*/g, " ");
  return message === "" ? failure.name : `${failure.name}: ${message}`;
}

/** The system's own words for an error of the file system, without its code, call and path. */
export function systemMessage(error: unknown): string {
  const { message, code } = describeError(error);
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a directory";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  return message;
}
