/**
 * Caller side: describes a script for `exec` (script.ts says what it means to run one).
 *
 * A text without any of the words below is sent as it is: V8 runs it without anybody else having parsed it. Others are
 * rewritten (script-reader.ts). What the parser refuses may be TypeScript; what is not that either is left to V8, which words
 * errors best and may know a syntax that is newer.
 */

import { path } from "../../platform/paths.js";
import { pathToFileURL, URL } from "../../platform/urls.js";
import { types } from "../../platform/brand-checks.js";
import type * as Acorn from "acorn";
import { isUrl, show } from "../../base/check.js";
import { Reader } from "./script-reader.js";
import { erase } from "./strip.js";
import type { Complaint } from "./syntax-error.js";

/** What travels: the text, where it stands, and what it takes to run it. */
export interface Script {
  readonly source: string;
  readonly filename: string;
  /** The URL that modules are looked for from; undefined: the working directory. */
  readonly base: string | undefined;
  /** Present if it is not to be run as it is. */
  readonly parts?: ScriptParts;
  /** Present if no parser here could read it. */
  readonly broken?: FinalComplaint;
}

export interface ScriptParts {
  readonly imports: readonly StaticImport[];
  readonly declared: Declared;
  /** The source with its functions only, where they must not be within what awaits. */
  readonly functions: string | undefined;
  /** What stands before the body's first line. */
  readonly head: string;
  readonly body: string;
  /** The source with its last expression only, where that does not await. */
  readonly tail: string | undefined;
  /** Whether `body` awaits, and so has to be that of an async function. */
  readonly awaits: boolean;
  readonly strict: boolean;
  /** Whether what the body evaluates to is that of the script, and not of a declaration that was rewritten. */
  readonly completes: boolean;
  /** Whether it has META_NAME or IMPORT_NAME in it. */
  readonly isRenamed: boolean;
}

/** Names at the top level, by how they are declared. */
export interface Declared {
  readonly constants: readonly string[];
  readonly variables: readonly string[];
  /** `let x;`: has its value from the start. */
  readonly undefineds: readonly string[];
  readonly vars: readonly string[];
}

export interface StaticImport {
  readonly specifier: string;
  readonly attributes: Readonly<Record<string, string>> | undefined;
  readonly names: readonly ImportedName[];
}

export interface ImportedName {
  readonly local: string;
  /** What the module calls it; `*` is its namespace. */
  readonly imported: string;
  readonly line: number;
  readonly column: number;
}

export interface FinalComplaint extends Complaint {
  /** V8 would say less of it, or nothing. */
  readonly final: boolean;
}

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
