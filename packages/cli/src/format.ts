/**
 * The line of a result: JSON, or with `--text` a string as it is, and with `--index` the input that it belongs to.
 *
 *                  JSON lines                                   --text
 *     (default)    "HELLO"                                      HELLO
 *     --index      {"index":7,"result":"HELLO"}                 7<TAB>HELLO
 *       of files   {"index":7,"file":"a.md","result":"HELLO"}   a.md<TAB>HELLO
 *
 * An input has one key, by which `--resume` finds in an output what is done: the name of a file, and the index of a line. (Files
 * may have been added since; lines have no name.)
 */

import type { Item } from "./inputs.js";
import { toJsonLine } from "./json.js";

export interface LineFormat {
  readonly index: boolean;
  readonly text: boolean;
}

/** The name of a file, or the index of a line. */
export type Key = string | number;

export function keyOf(item: Item): Key {
  return item.kind === "file" ? item.source : item.index;
}

/** The line of the result of `item`. Throws TypeError if the line would lose a part of the result. */
export function lineOf(item: Item, result: unknown, { index, text }: LineFormat): string {
  if (text) {
    const shown = typeof result === "string" ? result : toJsonLine(result);
    if (/[\n\r]/.test(shown)) {
      throw new TypeError("the result has a line break: leave out --text to write it as JSON");
    }
    return index ? `${shownKey(keyOf(item))}\t${shown}` : shown;
  }
  const json = toJsonLine(result);
  if (!index) return json;
  const file = item.kind === "file" ? `,"file":${JSON.stringify(item.source)}` : "";
  return `{"index":${item.index}${file},"result":${json}}`;
}

/** The key in a line that `lineOf` made with `index`; undefined if it did not. */
export function keyIn(line: string, ofFiles: boolean, { text }: LineFormat): Key | undefined {
  if (text) {
    const tab = line.indexOf("\t");
    return tab < 0 ? undefined : readKey(line.slice(0, tab), ofFiles);
  }
  const found = envelopeIn(line);
  return ofFiles ? found?.file : found?.index;
}

/** The index, and the name of the file if there is one, of a line of JSON that `lineOf` made with `index`. */
export function envelopeIn(line: string): { readonly index: number; readonly file?: string } | undefined {
  // Not by JSON.parse, which would read the whole result.
  const [, index, file] = /^\{"index":(\d{1,15})(?:,"file":("(?:[^"\\]|\\.)*"))?,"result":/.exec(line) ?? [];
  if (index === undefined) return undefined;
  return { index: Number(index), ...(file !== undefined && { file: JSON.parse(file) as string }) };
}

/** A name that would break the line, or that looks like a quoted one, is quoted as JSON. */
function shownKey(key: Key): string {
  // oxlint-disable-next-line no-control-regex -- those are what must be quoted
  return typeof key === "string" && /^"|[\u0000-\u001F]/.test(key) ? JSON.stringify(key) : String(key);
}

function readKey(shown: string, ofFiles: boolean): Key | undefined {
  if (!ofFiles) return /^\d{1,15}$/.test(shown) ? Number(shown) : undefined;
  try {
    return shown.startsWith('"') ? (JSON.parse(shown) as string) : shown;
  } catch {
    return undefined;
  }
}
