/**
 * Syntax errors that point into the code as the user wrote it, in Node's layout.
 */

import { isOwnFile } from "../../base/stacks.js";

/** An error that one of our parsers found. */
export interface Complaint {
  readonly message: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 0. */
  readonly column: number;
  readonly width: number;
}

const lineOf = (source: string, line: number): string | undefined =>
  source.split(/\r\n|[\n\r\u2028\u2029]/)[line - 1];

export function syntaxErrorAt(complaint: Complaint, source: string, filename: string): SyntaxError {
  const { message, line, column, width } = complaint;
  const error = new SyntaxError(message);
  const text = lineOf(source, line) ?? "";
  const marks = "^".repeat(Math.max(1, Math.min(width, text.length - column)));
  error.stack = `${filename}:${line}\n${text}\n${" ".repeat(column)}${marks}\n\nSyntaxError: ${message}`;
  return error;
}

/** Returns the line in which Node found an error, or undefined if the stack does not begin with it. */
export function lineInStack(error: unknown): number | undefined {
  const stack = stackOf(error);
  const line = stack === undefined ? undefined : /^.*:(\d+)\n/.exec(stack)?.[1];
  return line === undefined ? undefined : Number(line);
}

/**
 * Node begins the stack of an error that leaves a script with the line that threw it. Shows that line as its author
 * wrote it, or not at all if it belongs to this package or to Node.
 */
export function showWrittenLine(error: unknown, source: string, filename: string): void {
  const stack = stackOf(error);
  const match = stack === undefined ? null : /^(.*):(\d+)\n(.*)\n *\^+ *\n\n/.exec(stack);
  if (stack === undefined || match === null) return;
  const [excerpt, file, number, line] = match;
  let written: string | undefined;
  if (file === filename)
    written = excerpt.replace(`\n${line}\n`, () => `\n${lineOf(source, Number(number)) ?? ""}\n`);
  else if (isOwnFile(file) || file.startsWith("node:")) written = "";
  if (written === undefined) return;
  const value = written + stack.slice(excerpt.length);
  Object.defineProperty(error, "stack", { value, writable: true, configurable: true });
}

/** Returns the stack of an error if it can be replaced, and if reading it runs no user code. */
function stackOf(error: unknown): string | undefined {
  try {
    if (!(error instanceof Error) || Object.getOwnPropertyDescriptor(error, "stack")?.configurable !== true)
      return undefined;
    const { stack } = error;
    return typeof stack === "string" ? stack : undefined;
  } catch {
    return undefined; // A proxy, or a getter.
  }
}
