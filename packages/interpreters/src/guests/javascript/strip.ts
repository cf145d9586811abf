/**
 * Erases the types of a text in TypeScript, so that every line and column stays where it was.
 *
 * The subset is the one that Node supports: syntax that would need generated code (`enum`, namespaces, parameter properties) is an
 * error. The eraser is Node's own, from 22.13 on; before, the package `@swc/wasm-typescript`, of which Node's own is made.
 */

import type * as Swc from "@swc/wasm-typescript";
import { nodeModule, requireDependency } from "../../platform/modules.js";
import { quietly } from "./quietly.js";
import { type Complaint, syntaxErrorAt } from "./syntax-error.js";

const UNSUPPORTED = "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX";
const INVALID = "ERR_INVALID_TYPESCRIPT_SYNTAX";

export interface TypeScriptComplaint extends Complaint {
  readonly code: typeof UNSUPPORTED | typeof INVALID;
  /** The source is TypeScript, but erasing its types is not enough. */
  readonly unsupported: boolean;
}

/** Takes a source, and returns it without types. Throws an object that `complaintOf` understands. */
type Eraser = (source: string, filename: string) => string;

let eraser: Eraser | undefined;

/**
 * Returns `source` without types.
 *
 * @throws SyntaxError if it is not TypeScript, or erasing its types is not enough
 */
export function strip(source: string, filename: string): string {
  const erased = erase(source, filename);
  if (typeof erased === "string") return erased;
  throw Object.assign(syntaxErrorAt(erased, source, filename), { code: erased.code });
}

/**
 * Returns `source` without types, or the reason why that is impossible.
 *
 * @throws Error (ERR_INTERPRETER_TYPESCRIPT) if there is no eraser
 */
export function erase(source: string, filename: string): string | TypeScriptComplaint {
  eraser ??= findEraser();
  try {
    return eraser(source, filename);
  } catch (error) {
    return complaintOf(error);
  }
}

/** Whether Node has loaded its own eraser in this thread, as it does for a program in TypeScript. Then `erase` is fast. */
export function hasLoadedEraser(): boolean {
  const { moduleLoadList } = process as { moduleLoadList?: unknown };
  return (
    "stripTypeScriptTypes" in nodeModule() &&
    Array.isArray(moduleLoadList) &&
    moduleLoadList.some((name) => String(name).includes("/deps/amaro/"))
  );
}

/** Loading either takes about 25 ms, so it is done only when needed. */
function findEraser(): Eraser {
  const { stripTypeScriptTypes } = nodeModule() as { stripTypeScriptTypes?: (source: string) => string };
  if (stripTypeScriptTypes !== undefined) {
    try {
      // Node may have been built without it.
      quietly(() => stripTypeScriptTypes(""));
      return (source) => stripTypeScriptTypes(source);
    } catch {}
  }
  let swc: typeof Swc;
  try {
    swc = requireDependency("@swc/wasm-typescript") as typeof Swc;
  } catch (error) {
    throw missing(error);
  }
  return (source, filename) => swc.transformSync(source, { mode: "strip-only", filename }).code;
}

export const NO_ERASER = "ERR_INTERPRETER_TYPESCRIPT";

function missing(cause: unknown): Error {
  const message =
    `Cannot erase the types of TypeScript: Node ${process.versions.node} cannot, and the package @swc/wasm-typescript is not ` +
    "installed. Install it (npm install @swc/wasm-typescript), use Node 22.13 or later, or compile to JavaScript.";
  return Object.assign(new Error(message, { cause }), { code: NO_ERASER });
}

/** What SWC throws: plain objects. */
interface SwcError {
  readonly message: unknown;
  readonly code?: string;
  readonly startLine?: number;
  readonly startColumn?: number;
  readonly endLine?: number;
  readonly endColumn?: number;
}

function complaintOf(error: unknown): TypeScriptComplaint {
  if (typeof error !== "object" || error === null || !("message" in error)) throw error;
  if (!(error instanceof Error)) return complaintOfSwc(error);
  const { code } = error as NodeJS.ErrnoException;
  if (code !== UNSUPPORTED && code !== INVALID) throw error;
  // Node's error has its place in its stack only: ":2\nenum E { a }\n^^^^^^^^^^\n\nSyntaxError…", maybe with the line before.
  const [, line = "1", indent = "", marks = ""] =
    /^[^\n]*:(\d+)\n(?:[^\n]*\n){0,2}?( *)(\^+) *\n/.exec(error.stack ?? "") ?? [];
  return complain(error.message, code === UNSUPPORTED, Number(line), indent.length, marks.length);
}

function complaintOfSwc(error: SwcError): TypeScriptComplaint {
  const { message, code, startLine = 1, startColumn = 0, endLine, endColumn } = error;
  const width = endLine === startLine && endColumn !== undefined ? endColumn - startColumn : Infinity;
  return complain(String(message), code === "UnsupportedSyntax", startLine, startColumn, width);
}

function complain(
  found: string,
  unsupported: boolean,
  line: number,
  column: number,
  width: number,
): TypeScriptComplaint {
  if (!unsupported) return { message: found, line, column, width, unsupported, code: INVALID };
  // "TypeScript enum is not supported in strip-only mode": that mode is not the user's.
  const what = found.replace(/ is not supported in (?:strip-only|type strip) mode/, " cannot be erased");
  const message =
    `${what.replace(/\.$/, "")}. Interpreters run TypeScript as Node does, by erasing its types, and this syntax needs generated ` +
    `code: write it without ("erasableSyntaxOnly" of tsc finds all such places), or compile it to JavaScript`;
  return { message, line, column, width, unsupported, code: UNSUPPORTED };
}
