/**
 * The error that refuses a command, and the words for a failure of an item.
 *
 * A `UsageError` ends the command with exit code 2 before any item has run; the failure of an item is never one.
 */

import { inspect } from "node:util";

/** The user must change the command before anything can run: a bad option, a missing file, a broken module. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The description of a failed item, on stderr and in the `--errors` file. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** Describes any thrown value. For a value that is not an error, the name is its type and the message its display. */
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

/** `Name: message` on one line: line breaks in the message become spaces. */
export function oneLine(failure: Failure): string {
  const message = failure.message.trim().replace(/\s*[\r\n]+\s*/g, " ");
  return message === "" ? failure.name : `${failure.name}: ${message}`;
}

/** A file system error in words, without code, system call and path. */
export function systemMessage(error: unknown): string {
  const { message, code } = describeError(error);
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a directory";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  return message;
}
