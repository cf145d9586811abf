/**
 * Caller side: where the text of a stateless function stands, so that stacks and breakpoints in other interpreters point into the file
 * of its author.
 *
 * V8 tells the place of a function to debuggers only. But most functions are written in the file that sends them, so this file looks for
 * the text in the file of the calling frame, once for each text. That takes about 0.1 ms, and finds nothing if the file is not what runs
 * (compiled on the way, bundled).
 */

import { callerFrames, captureStackTrace, stackOf } from "../../base/stacks.js";
import { readFileSync, statSync } from "../../platform/files.js";
import { setImmediate } from "../../platform/timers.js";
import { fileURLToPath } from "../../platform/urls.js";

export interface Location {
  /** As stacks show it: a URL for an ES module, else a path. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
}

/** Bytes. Larger files are bundles, and searching them takes longer. */
const LARGEST = 1 << 20;
/** A function that stands further to the right is in minified code. */
const MOST_COLUMNS = 1_000;
const MOST_MATCHES = 100;

/** Returns the place of a function's text in the file of the code that sends it; undefined if it is not found there. */
export function locate(text: string): Location | undefined {
  // Made by `new Function`, of no file.
  if (text.startsWith("function anonymous(")) return undefined;
  const holder: { stack?: string } = {};
  try {
    captureStackTrace(holder, locate);
  } catch {
    // The program had replaced the function before this was loaded.
    return undefined;
  }
  for (const frame of callerFrames(stackOf(holder)).split("\n")) {
    const match = /^\s+at (?:.*\()?((?:file:\/\/|\/|[A-Za-z]:\\).*):(\d+):\d+\)?$/.exec(frame);
    if (match === null) continue;
    const [, file, line] = match;
    return findIn(file, text, Number(line));
  }
  return undefined;
}

function findIn(file: string, text: string, near: number): Location | undefined {
  const code = read(file);
  if (code === undefined) return undefined;
  const lines = lineStarts(code);
  let best: Location | undefined;
  for (const at of matches(code, text, /\.[cm]?ts$/.test(file))) {
    const line = lineOf(lines, at);
    const column = at - lines[line - 1] + 1;
    if (column > MOST_COLUMNS) continue;
    if (best === undefined || Math.abs(line - near) < Math.abs(best.line - near))
      best = { file, line, column };
  }
  return best;
}

let last: { readonly file: string; readonly code: string | undefined } | undefined;

/** The file's text. The last one is kept until the event loop turns: a program sends several functions of one file. */
function read(file: string): string | undefined {
  if (last?.file === file) return last.code;
  if (last === undefined) setImmediate(() => (last = undefined)).unref();
  let code: string | undefined;
  try {
    const path = file.startsWith("file:") ? fileURLToPath(file) : file;
    if (statSync(path).size <= LARGEST) code = readFileSync(path, "utf8");
  } catch {
    // It has gone, or is no file.
  }
  last = { file, code };
  return code;
}

/** Where the text stands. With `erased`, each space of the text may stand for a character of a type. */
function* matches(code: string, text: string, erased: boolean): Generator<number> {
  const head = erased ? /^\S+/.exec(text)![0] : text;
  let count = 0;
  for (let at = code.indexOf(head); at !== -1 && count < MOST_MATCHES; at = code.indexOf(head, at + 1)) {
    count++;
    if (!erased || isErased(code, at, text)) yield at;
  }
}

function isErased(code: string, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== code[at + i] && text[i] !== " ") return false;
  }
  return true;
}

function lineStarts(code: string): number[] {
  const starts = [0];
  for (let at = code.indexOf("\n"); at !== -1; at = code.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** The number of the line, counted from 1, in which the character stands. */
function lineOf(starts: readonly number[], at: number): number {
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= at) low = middle;
    else high = middle;
  }
  return low + 1;
}
