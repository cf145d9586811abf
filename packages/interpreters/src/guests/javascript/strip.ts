/**
 * Turns a TypeScript file into JavaScript by blanking out its types, so that every line and column stays where it was.
 *
 * The subset is the one that Node supports: syntax that would need generated code (`enum`, namespaces, parameter
 * properties) is an error, and so is a file below node_modules.
 */

import { existsSync, readFileSync } from "../../platform/files.js";
import { fileURLToPath, URL } from "../../platform/urls.js";
import { vm } from "../../platform/scripts.js";
import type * as Swc from "@swc/wasm-typescript";
import { requireDependency } from "../../platform/modules.js";
import { type Complaint, syntaxErrorAt } from "./syntax-error.js";

export const isTypeScript = (url: string): boolean =>
  url.startsWith("file:") && /\.[cm]?ts$/.test(new URL(url).pathname);

export interface LoadedSource {
  readonly format: "module" | "commonjs";
  readonly source: string;
  readonly shortCircuit: true;
}

/** Returns the result of a `load` hook for the TypeScript file at `url`. */
export function loadTypeScript(url: string): LoadedSource {
  const path = fileURLToPath(url);
  if (/[\\/]node_modules[\\/]/.test(path)) {
    throw Object.assign(
      new Error(
        `cannot load ${path}: types are not erased in files below node_modules; publish JavaScript instead`,
      ),
      {
        code: "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING",
      },
    );
  }
  const source = strip(readFileSync(path, "utf8"), path);
  return { format: format(path, source), source, shortCircuit: true };
}

let swc: typeof Swc | undefined;

/**
 * Returns `source` without types.
 *
 * @throws SyntaxError if it is not TypeScript, or erasing its types is not enough
 */
export function strip(source: string, filename: string): string {
  const erased = erase(source, filename);
  if (typeof erased === "string") return erased;
  throw syntaxErrorAt(erased, source, filename);
}

/** Returns `source` without types, or the reason why that is impossible. */
export function erase(source: string, filename: string): string | TypeScriptComplaint {
  // About 3 MB of WebAssembly as text, so it is loaded only when needed.
  swc ??= requireDependency("@swc/wasm-typescript") as typeof Swc;
  try {
    return swc.transformSync(source, { mode: "strip-only", filename }).code;
  } catch (error) {
    if (typeof error !== "object" || error === null || !("message" in error)) throw error;
    return complaintOf(error);
  }
}

export interface TypeScriptComplaint extends Complaint {
  /** The source is TypeScript, but erasing its types is not enough. */
  readonly unsupported: boolean;
}

/** SWC throws plain objects. */
interface SwcError {
  readonly message: unknown;
  readonly code?: string;
  readonly startLine?: number;
  readonly startColumn?: number;
  readonly endLine?: number;
  readonly endColumn?: number;
}

function complaintOf(error: SwcError): TypeScriptComplaint {
  const { message, code, startLine = 1, startColumn = 0, endLine, endColumn } = error;
  const width = endLine === startLine && endColumn !== undefined ? endColumn - startColumn : Infinity;
  return {
    message: String(message),
    line: startLine,
    column: startColumn,
    width,
    unsupported: code === "UnsupportedSyntax",
  };
}

function format(path: string, source: string): "module" | "commonjs" {
  if (path.endsWith(".mts")) return "module";
  if (path.endsWith(".cts")) return "commonjs";
  const type = packageType(path);
  if (type !== undefined) return type;
  try {
    // Without a "type" the syntax decides, as it does for `.js`: a text that is not CommonJS is taken as a module.
    vm.compileFunction(source, ["exports", "require", "module", "__filename", "__dirname"]);
    return "commonjs";
  } catch {
    return "module";
  }
}

/** The "type" of the nearest package.json above `path`. */
function packageType(path: string): "module" | "commonjs" | undefined {
  for (let directory = path; ;) {
    const up = directory.replace(/[\\/][^\\/]*$/, "");
    if (up === directory) return undefined;
    directory = up;
    const manifest = `${directory}/package.json`;
    if (!existsSync(manifest)) continue;
    const { type } = JSON.parse(readFileSync(manifest, "utf8")) as { type?: unknown };
    return type === "module" || type === "commonjs" ? type : undefined;
  }
}
