/**
 * The sources of the items: lines of stdin or of a file, or file names given as arguments.
 *
 * An error in the command is found before the first item runs; an error in one line becomes that item's failure.
 * Lines are read on demand, never ahead of the window.
 */

import { open, stat } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { UsageError, systemMessage } from "./errors.js";
import { countLines, splitLines } from "./lines.js";

/** One input of the function. `index` is its place among the inputs, from 0; blank lines that are skipped do not count. */
export type Item = { readonly index: number; readonly source: string } & (
  | { readonly kind: "json" | "text"; readonly line: number; readonly text: string }
  | { readonly kind: "unreadable"; readonly line: number; readonly error: Error }
  | { readonly kind: "file"; readonly path: string }
);

export interface Inputs {
  readonly items: AsyncIterable<Item>;
  /** How many items there are, if known. */
  readonly total: number | undefined;
  /** Counts the items while they are being read; absent if that is impossible. Rejects if counting fails. */
  count?(): Promise<number>;
  /** Ends a read in progress and releases its resources. */
  close(): void;
}

/** The function's argument for the item. Throws if the item is not valid input. */
export function valueOf(item: Item): unknown {
  switch (item.kind) {
    case "json":
      return parseJson(item.text);
    case "text":
      return item.text;
    case "file":
      return item.path;
    case "unreadable":
      throw item.error;
  }
}

/** `stdin:12`, or the name of the file: a message about the item begins with it. */
export function placeOf(item: Item): string {
  return item.kind === "file" ? item.source : `${item.source}:${item.line}`;
}

/** About how many characters the item keeps in memory. */
export function sizeOf(item: Item): number {
  return item.kind === "json" || item.kind === "text" ? item.text.length : 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Newer engines add a position, "(line 1 column 8)", which contradicts the line number that we report.
    const why = error instanceof Error ? error.message.replace(/ \(line 1 column \d+\)$/, "") : String(error);
    throw new SyntaxError(`malformed JSON: ${why}`);
  }
}

/** The lines of `stream` as items: strings if `asText`, else JSON, and blank lines are skipped. */
export function linesOf(stream: Readable, source: string, asText: boolean): Inputs {
  async function* items(): AsyncGenerator<Item, void, void> {
    let index = 0;
    for await (const line of splitLines(stream)) {
      const { number } = line;
      if ("error" in line)
        yield { index: index++, kind: "unreadable", source, line: number, error: line.error };
      else if (asText) yield { index: index++, kind: "text", source, line: number, text: line.text };
      else if (line.text.trim() !== "")
        yield { index: index++, kind: "json", source, line: number, text: line.text };
    }
  }
  return { items: items(), total: undefined, close: () => void stream.destroy() };
}

/** The lines of the file at `path`. */
export async function linesOfFile(path: string, cwd: string, asText: boolean): Promise<Inputs> {
  const absolute = resolve(cwd, path);
  const handle = await open(absolute).catch((error: unknown) => {
    throw new UsageError(`cannot read the input ${path}: ${systemMessage(error)}`);
  });
  const found = await handle.stat();
  const isFile = found.isFile();
  if (found.isDirectory()) {
    await handle.close();
    throw new UsageError(`cannot read the input ${path}: it is a directory`);
  }
  const inputs = linesOf(createReadStream(absolute, { fd: handle }), path, asText);
  // Only a regular file can be read twice; a pipe, for instance, cannot.
  if (!isFile) return inputs;
  let counting: Readable | undefined;
  return {
    ...inputs,
    count: () => countLines((counting = createReadStream(absolute)), !asText),
    close() {
      inputs.close();
      counting?.destroy();
    },
  };
}

/** The files that `patterns` name, as items. A pattern is the name of a file or, if no such file exists, a glob. */
export async function filesOf(patterns: readonly string[], cwd: string): Promise<Inputs> {
  const files: Item[] = [];
  for (const pattern of patterns) {
    const names = await namesOf(pattern, cwd);
    for (const source of names)
      files.push({ index: files.length, kind: "file", source, path: resolve(cwd, source) });
  }
  async function* items(): AsyncGenerator<Item, void, void> {
    yield* files;
  }
  return { items: items(), total: files.length, close: () => undefined };
}

async function namesOf(pattern: string, cwd: string): Promise<readonly string[]> {
  let problem: unknown;
  try {
    // Tried as a name first, because a file can be called "[id].js".
    const found = await stat(resolve(cwd, pattern));
    if (!found.isDirectory()) return [pattern];
    throw new UsageError(
      `${pattern} is a directory; name its files, as in "${pattern.replace(/[\\/]+$/, "")}/**/*"`,
    );
  } catch (error) {
    if (error instanceof UsageError) throw error;
    problem = error;
  }
  const { glob, isDynamicPattern } = await import("tinyglobby");
  const portable = process.platform === "win32" ? pattern.replaceAll("\\", "/") : pattern;
  if (!isDynamicPattern(portable)) throw new UsageError(`cannot read ${pattern}: ${systemMessage(problem)}`);
  const names = await glob(portable, { cwd, onlyFiles: true, expandDirectories: false });
  if (names.length === 0) throw new UsageError(`no file matches ${pattern}`);
  return names.sort();
}
