/** Translates the errors of Bun's module loader, which has its own classes for them, into those that Node throws. */
import { fileURLToPath, pathToFileURL, URL } from "node:url";

interface ResolveMessage extends Error {
  readonly specifier: string;
  readonly referrer: string;
}

interface BuildMessage extends Error {
  /** Lines and columns count from 1. */
  readonly position: {
    readonly file: string;
    readonly line: number;
    readonly column: number;
    readonly lineText: string;
  } | null;
}

/** Returns the error that Node would throw for the same reason, or the error itself. */
export function asNodesError(error: unknown): unknown {
  // It has one for each line with a mistake.
  const first = error instanceof AggregateError ? (error.errors as unknown[])[0] : error;
  if (!(first instanceof Error)) return error;
  if (first.constructor.name === "ResolveMessage") return notFound(first as ResolveMessage);
  if (first.constructor.name === "BuildMessage") return syntaxError(first as BuildMessage);
  return error;
}

function notFound(error: ResolveMessage): Error {
  const { message, specifier, referrer } = error;
  const path = /^(?:\/|[A-Za-z]:[\\/]|file:)/.test(specifier);
  const code = (error as { code?: unknown }).code;
  if (!path && !/^\.{1,2}\//.test(specifier)) return Object.assign(new Error(message), { code });
  const base = referrer.startsWith("/blob:") ? `${process.cwd()}/` : referrer;
  const url = path ? fileUrl(specifier) : new URL(specifier, fileUrl(base));
  const text = `Cannot find module '${fileURLToPath(url)}' imported from ${fileURLToPath(fileUrl(base))}`;
  return Object.assign(new Error(text), { code, url: url.href });
}

const fileUrl = (file: string): URL => (file.startsWith("file:") ? new URL(file) : pathToFileURL(file));

function syntaxError({ message, position }: BuildMessage): Error {
  const error = new SyntaxError(message);
  if (position !== null) {
    const { file, line, column, lineText } = position;
    error.stack = `${file}:${line}\n${lineText}\n${" ".repeat(Math.max(0, column - 1))}^\n\nSyntaxError: ${message}`;
  }
  return error;
}
