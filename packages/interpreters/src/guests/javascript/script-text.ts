/**
 * Caller side: describes a script for `exec` (script.ts says what it means to run one).
 *
 * A text without any of the words below is sent as it is: V8 runs it without anybody else having parsed it. Others are
 * rewritten (script-reader.ts). What the parser refuses may be TypeScript; what is not that either is left to V8, which words
 * errors best and may know a syntax that is newer.
 */

import path from "node:path";
import { pathToFileURL, URL } from "node:url";
import { types } from "node:util";
import type * as Acorn from "acorn";
import { isUrl, show } from "../../check.js";
import type { FinalComplaint, Script } from "./script-description.js";
import { Reader } from "./script-reader.js";
import { erase } from "./strip.js";

/** Any of these may stand for something that V8 would not do in a script, or not twice. */
const needsReading = /\b(?:let|const|class|import|await|export)\b/;

/**
 * What has to be sent to run `source`.
 *
 * @throws TypeError for a file name or a base that is none
 */
export function describeScript(source: string, filename: unknown = "<exec>", base?: unknown): Script {
  if (typeof filename !== "string") {
    throw new TypeError(`exec: filename must be a string, found ${show(filename)}`);
  }
  const script: Script = { source, filename, base: baseUrl(base) };
  return needsReading.test(source) ? readScript(script) : script;
}

function baseUrl(base: unknown): string | undefined {
  if (base === undefined) return undefined;
  if (isUrl(base) && base.protocol === "file:") return base.href;
  if (typeof base === "string" && base.startsWith("file:") && URL.canParse(base)) return new URL(base).href;
  if (typeof base === "string" && base !== "" && !/^(?!file:)[a-z][a-z\d+.-]+:/i.test(base)) {
    return pathToFileURL(path.resolve(base) + path.sep).href;
  }
  throw new TypeError(
    `exec: base must be the path of a directory, or a file: URL (such as import.meta.url), found ${show(base)}`,
  );
}

/** Parses it, whatever is in it. */
export function readScript(script: Script): Script {
  const { source, filename } = script;
  // A first line for the shell is none for us.
  const text = source.startsWith("#!") ? `//${source.slice(2)}` : source;
  let complaint: FinalComplaint;
  try {
    return { ...script, parts: new Reader(text, script).parts() };
  } catch (error) {
    complaint = complaintOf(error);
  }
  if (complaint.final) return { ...script, broken: complaint };
  const erased = erase(text, filename);
  if (typeof erased !== "string") {
    return { ...script, broken: erased.unsupported ? { ...erased, final: true } : complaint };
  }
  try {
    return { ...script, parts: new Reader(erased, script).parts() };
  } catch {
    return { ...script, broken: complaint };
  }
}

function complaintOf(error: unknown): FinalComplaint {
  // The parser's, which may be of another realm (check.ts).
  if (!types.isNativeError(error) || error.name !== "SyntaxError") throw error;
  const { message, loc, final } = error as SyntaxError & { loc?: Acorn.Position; final?: boolean };
  return {
    message: message.replace(/ \(\d+:\d+\)$/, ""),
    line: loc?.line ?? 1,
    column: loc?.column ?? 0,
    width: 1,
    final: final === true,
  };
}

/** The text of a function that a script declared, as it was written. */
export function asWritten(source: string): string {
  if (!source.includes("$")) return source;
  return source
    .replaceAll(/\bim\$[\da-z]{3}\b/g, "import")
    .replaceAll(/\bimport\$[\da-z]{4}\b/g, "import.meta");
}
