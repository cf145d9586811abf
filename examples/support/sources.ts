/**
 * Finds the source files that the examples use as input. The same folder contents always give the same list in the same order.
 */

import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";

export interface SourceFile {
  readonly file: string;
  readonly size: number;
}

export interface Choice {
  /** With the dot. */
  readonly extensions: readonly string[];
  /** The size of the largest file to choose, in bytes. */
  readonly largest: number;
  /** How many files to choose at most. */
  readonly limit: number;
}

/**
 * The files below `folder` that have one of the extensions, without empty and huge ones. Symbolic links are not followed: in
 * the `node_modules` of a workspace they lead back to the workspace.
 */
export async function findSources(
  folder: string,
  { extensions, largest, limit }: Choice,
): Promise<SourceFile[]> {
  const names = (await filesBelow(folder)).filter((name) => extensions.includes(extname(name))).sort();
  const files = await Promise.all(names.map(async (file) => ({ file, size: (await stat(file)).size })));
  return files.filter(({ size }) => size > 0 && size <= largest).slice(0, limit);
}

/** Does not use the option `recursive`, which follows links to folders in some versions of Node. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = entries
    // Caches come and go while an example runs.
    .filter(({ name }) => name !== ".cache")
    .map(async (entry) => {
      const name = join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(name);
      return entry.isFile() ? [name] : [];
    });
  return (await Promise.all(found)).flat();
}

/** Longest job first: a big file started last would leave all other interpreters idle until it is done. */
export function largestFirst(files: readonly SourceFile[]): SourceFile[] {
  return files.toSorted((a, b) => b.size - a.size || (a.file < b.file ? -1 : 1));
}
