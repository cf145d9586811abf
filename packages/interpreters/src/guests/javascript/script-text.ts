/**
 * Caller side: describes a script for `exec` (script.ts says what it means to run one).
 *
 * A text without any of the words below is sent unchanged: only V8 parses it. Other texts are rewritten
 * (script-reader.ts). A text that the parser refuses may be TypeScript. A text that is not TypeScript either is left to V8,
 * which words errors best and may know newer syntax.
 */

import { path } from "../../platform/paths.js";
import { pathToFileURL, URL } from "../../platform/urls.js";
import { types } from "../../platform/brand-checks.js";
import type * as Acorn from "acorn";
import { isUrl, show } from "../../base/check.js";
import type { FinalComplaint, Script } from "./script-description.js";
import { Reader } from "./script-reader.js";
import { erase, NO_ERASER, type TypeScriptComplaint } from "./strip.js";

/** Each of these may begin syntax that V8 refuses in a script, or refuses when a later script repeats it. */
const needsReading = /\b(?:let|const|class|import|await|export)\b/;

/**
 * Returns the description of a script that lets another interpreter run it.
 *
 * @throws TypeError if `filename` is not a string, or `base` is neither a path nor a `file:` URL
 */
export function describeScript(
  source: string,
  filename: unknown = "<exec>",
  base?: unknown,
  breakOnSigint = false,
): Script {
  if (typeof filename !== "string") {
    throw new TypeError(`exec: filename must be a string, found ${show(filename)}`);
  }
  const script: Script = {
    source,
    filename,
    base: baseUrl(base),
    ...(breakOnSigint && { breakOnSigint }),
  };
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

/** Parses and rewrites a script, whichever words it contains. */
export function readScript(script: Script): Script {
  const { source, filename } = script;
  // A hashbang line becomes a comment of the same width.
  const text = source.startsWith("#!") ? `//${source.slice(2)}` : source;
  let complaint: FinalComplaint;
  try {
    return { ...script, parts: new Reader(text, script).parts() };
  } catch (error) {
    complaint = complaintOf(error);
  }
  if (complaint.final) return { ...script, broken: complaint };
  let erased: string | TypeScriptComplaint;
  try {
    erased = erase(text, filename);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== NO_ERASER) throw error;
    const { message } = error as Error;
    // V8 would not know that it may be TypeScript.
    const both = `${complaint.message} (is it TypeScript? ${message})`;
    return { ...script, broken: { ...complaint, message: both, final: true } };
  }
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
  // The parser's error, which may belong to another realm (check.ts).
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
