/**
 * Where the items come from: lines of stdin or of a file, or file names given as arguments.
 *
 * Everything that can be wrong with the command is found before the first item runs; what is wrong with one line
 * becomes that item's failure. Lines are read as they are needed, never ahead of the window.
 */

import { open, stat } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { UsageError, systemMessage } from "./errors.js";
import { countLines, splitLines } from "./lines.js";

/** One input of the function. */
export type Item =
  | {
      readonly kind: "json" | "text";
      readonly source: string;
      readonly line: number;
      readonly text: string;
    }
  | {
      readonly kind: "unreadable";
      readonly source: string;
      readonly line: number;
      readonly error: Error;
    }
  | { readonly kind: "file"; readonly source: string; readonly path: string };

export interface Inputs {
  readonly items: AsyncIterable<Item>;
  /** How many there are, where that is known. */
  readonly total: number | undefined;
  /** Finds out how many there are, where that is possible, beside the reading of them. Rejects when it cannot. */
  count?(): Promise<number>;
  /** Ends a read under way, and frees what is held. */
  close(): void;
}

/** What the function gets for the item. Throws when the item is no valid input. */
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

/** `stdin:12`, or the name of the file: what a message about the item begins with. */
export function placeOf(item: Item): string {
  return item.kind === "file" ? item.source : `${item.source}:${item.line}`;
}

/** About how many characters of memory the item takes. */
export function sizeOf(item: Item): number {
  return item.kind === "json" || item.kind === "text" ? item.text.length : 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Newer engines add a position "(line 1 column 8)", which beside our own line number only misleads.
    const why = error instanceof Error ? error.message.replace(/ \(line 1 column \d+\)$/, "") : String(error);
    throw new SyntaxError(`malformed JSON: ${why}`);
  }
}

/** The lines of `stream` as items. `asText` takes each line as it is, otherwise it is JSON and blank ones are skipped. */
export function linesOf(stream: Readable, source: string, asText: boolean): Inputs {
  async function* items(): AsyncGenerator<Item, void, void> {
    for await (const line of splitLines(stream)) {
      if ("error" in line) yield { kind: "unreadable", source, line: line.number, error: line.error };
      else if (asText) yield { kind: "text", source, line: line.number, text: line.text };
      else if (line.text.trim() !== "") yield { kind: "json", source, line: line.number, text: line.text };
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
  // What is no regular file, a pipe for instance, can be read only once.
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

/** The files that `patterns` name, as items: each a file's name or, where no such file exists, a glob pattern. */
export async function filesOf(patterns: readonly string[], cwd: string): Promise<Inputs> {
  const files: Item[] = [];
  for (const pattern of patterns) {
    const names = await namesOf(pattern, cwd);
    for (const source of names) files.push({ kind: "file", source, path: resolve(cwd, source) });
  }
  async function* items(): AsyncGenerator<Item, void, void> {
    yield* files;
  }
  return { items: items(), total: files.length, close: () => undefined };
}

async function namesOf(pattern: string, cwd: string): Promise<readonly string[]> {
  let problem: unknown;
  try {
    // First of all a name: files may well be called "[id].js".
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
