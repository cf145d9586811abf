/**
 * Syntax errors that point into the code as the user wrote it, laid out as Node does.
 */

import { isOwnFile } from "../../base/stacks.js";

/** What a parser of ours found. */
export interface Complaint {
  readonly message: string;
  /** From 1 on. */
  readonly line: number;
  /** From 0 on. */
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

/** The line that Node says an error was found in; undefined where it does not say so. */
export function lineInStack(error: unknown): number | undefined {
  const stack = stackOf(error);
  const line = stack === undefined ? undefined : /^.*:(\d+)\n/.exec(stack)?.[1];
  return line === undefined ? undefined : Number(line);
}

/**
 * Node begins the stack of an error that leaves a script with the line it was thrown at. Shows that line as it was
 * written, and none where it is one of ours.
 */
export function showWrittenLine(error: unknown, source: string, filename: string): void {
  const stack = stackOf(error);
  const match = stack === undefined ? null : /^(.*):(\d+)\n(.*)\n *\^+ *\n\n/.exec(stack);
  if (stack === undefined || match === null) return;
  const [excerpt, file, number, line] = match;
  let written: string | undefined;
  if (file === filename)
    written = excerpt.replace(`\n${line}\n`, () => `\n${lineOf(source, Number(number)) ?? ""}\n`);
  else if (isOwnFile(file)) written = "";
  if (written === undefined) return;
  const value = written + stack.slice(excerpt.length);
  Object.defineProperty(error, "stack", { value, writable: true, configurable: true });
}

/** Where it can be replaced, and looking at it runs nothing of the user's. */
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
