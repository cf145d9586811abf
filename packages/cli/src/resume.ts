/**
 * Finds the items that an earlier run has done in its output. `--resume` runs the others, and appends their results.
 *
 * With `--index` every line names its item. Without it, lines are counted, so the results must be those of the first items:
 * in order, and without gaps. A last line without its line break was cut off by a crash; it is removed, and its item runs again.
 * A failed item has no line, so it runs again, too.
 */

import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import { UsageError, describeError, systemMessage } from "./errors.js";
import { type LineFormat, envelopeIn, keyIn, keyOf } from "./format.js";
import type { Item } from "./inputs.js";
import { splitLines } from "./lines.js";

export interface Done {
  readonly count: number;
  has(item: Item): boolean;
}

export const NOTHING_DONE: Done = { count: 0, has: () => false };

/** Reads the output at `path`, and removes a line at its end that was cut off. If there is no such file, nothing is done. */
export async function readDone(
  path: string,
  cwd: string,
  ofFiles: boolean,
  format: LineFormat,
): Promise<Done> {
  const absolute = resolve(cwd, path);
  const refuse = (why: string): UsageError => new UsageError(`cannot resume from --output ${path}: ${why}`);
  let size: number;
  try {
    const handle = await open(absolute, "r+");
    try {
      if (!(await handle.stat()).isFile()) throw refuse("it is not a regular file");
      size = await removeCutLine(handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (describeError(error).code === "ENOENT") return NOTHING_DONE;
    throw refuse(systemMessage(error));
  }
  if (size === 0) return NOTHING_DONE;
  const done = new KeySet();
  let count = 0;
  for await (const line of splitLines(createReadStream(absolute, { end: size - 1 }))) {
    const text = "text" in line ? line.text : "";
    if (format.index) {
      const key = keyIn(text, ofFiles, format);
      if (key === undefined) {
        const what = ofFiles ? "the name of its file" : "an index";
        throw refuse(
          `line ${line.number} is no result with ${what}. Resume with the options of the earlier run.`,
        );
      }
      done.add(key);
    } else if (count === 0 && !format.text && envelopeIn(text) !== undefined) {
      throw refuse("its results have an index. Resume with --index.");
    }
    count += 1;
  }
  if (!format.index) return { count, has: ({ index }) => index < count };
  return { count: done.size, has: (item) => done.has(keyOf(item)) };
}

const BLOCK = 64 * 1024;
const LF = 0x0a;

/** Cuts the file off behind its last line break, and returns its size. */
async function removeCutLine(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  const block = Buffer.alloc(BLOCK);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - BLOCK);
    // oxlint-disable-next-line no-await-in-loop -- from the end of the file to its start
    const { bytesRead } = await handle.read(block, 0, end - start, start);
    const found = block.subarray(0, bytesRead).lastIndexOf(LF);
    if (found >= 0) {
      // oxlint-disable-next-line no-await-in-loop -- the last turn of the loop
      if (start + found + 1 < size) await handle.truncate(start + found + 1);
      return start + found + 1;
    }
    end = start;
  }
  if (size > 0) await handle.truncate(0);
  return 0;
}

/** Names, and numbers with one bit each: an output can have many millions of lines. */
class KeySet {
  size = 0;
  #bits = new Uint8Array(1024);
  readonly #names = new Set<string>();

  add(key: string | number): void {
    if (this.has(key)) return;
    this.size += 1;
    if (typeof key === "string") {
      this.#names.add(key);
      return;
    }
    const at = Math.floor(key / 8);
    if (at >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(at + 1, this.#bits.length * 2));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    this.#bits[at] |= 1 << (key % 8);
  }

  has(key: string | number): boolean {
    if (typeof key === "string") return this.#names.has(key);
    return ((this.#bits[Math.floor(key / 8)] ?? 0) & (1 << (key % 8))) !== 0;
  }
}
