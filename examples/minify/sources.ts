/**
 * Finds the files to minify: the same list, in the same order, whenever the folder holds the same files.
 */

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

export interface SourceFile {
  readonly file: string;
  readonly size: number;
}

/**
 * Above it a file's syntax tree leaves the caches that a core has to itself: two interpreters would then wait for the
 * memory that they share (measured: 1.8 times as fast with files up to 200 kB, 1.9 times with these), and the last
 * file would decide how long the whole run takes.
 */
const LARGEST = 30_000;

/**
 * The `.js` files below `folder` that are worth minifying, at most `limit` of them: neither minified already nor
 * huge nor empty. Symbolic links are not followed: in a workspace's `node_modules` they lead back to the workspace.
 */
export async function findSources(folder: string, limit: number): Promise<SourceFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".js") && !entry.name.endsWith(".min.js"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const files = await Promise.all(names.map(async (file) => ({ file, size: (await stat(file)).size })));
  return files.filter(({ size }) => size > 0 && size <= LARGEST).slice(0, limit);
}

/** Longest job first: a big file started last would leave all other interpreters idle until it is done. */
export function largestFirst(files: readonly SourceFile[]): SourceFile[] {
  return files.toSorted((a, b) => b.size - a.size || (a.file < b.file ? -1 : 1));
}
