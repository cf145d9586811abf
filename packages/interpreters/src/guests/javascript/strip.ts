/**
 * Makes JavaScript of a TypeScript file by blanking out its types, so that every line and column stays where it was.
 *
 * Same subset as Node's own: syntax that would need code to be generated (`enum`, namespaces, parameter
 * properties) is an error, and so is a file below node_modules.
 */

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import type * as Swc from "@swc/wasm-typescript";

export const isTypeScript = (url: string): boolean =>
  url.startsWith("file:") && /\.[cm]?ts$/.test(new URL(url).pathname);

export interface LoadedSource {
  readonly format: "module" | "commonjs";
  readonly source: string;
  readonly shortCircuit: true;
}

/** The answer of a `load` hook for the TypeScript file at `url`. */
export function loadTypeScript(url: string): LoadedSource {
  const path = fileURLToPath(url);
  if (/[\\/]node_modules[\\/]/.test(path)) {
    throw Object.assign(
      new Error(`types are not erased in files below node_modules: ${path}; publish JavaScript instead`),
      {
        code: "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING",
      },
    );
  }
  const source = strip(readFileSync(path, "utf8"), path);
  return { format: format(path, source), source, shortCircuit: true };
}

let swc: typeof Swc | undefined;

export function strip(source: string, filename: string): string {
  // Some 3 MB of WebAssembly in text: only where it is needed.
  swc ??= createRequire(import.meta.url)("@swc/wasm-typescript") as typeof Swc;
  try {
    return swc.transformSync(source, { mode: "strip-only", filename }).code;
  } catch (error) {
    throw syntaxError(error, source, filename);
  }
}

/** It throws plain objects. What becomes of them is laid out as Node does for a SyntaxError. */
function syntaxError(thrown: unknown, source: string, filename: string): unknown {
  if (typeof thrown !== "object" || thrown === null || !("message" in thrown)) return thrown;
  const at = thrown as { startLine?: number; startColumn?: number; endLine?: number; endColumn?: number };
  const error = new SyntaxError(String(thrown.message));
  const line = at.startLine === undefined ? undefined : source.split(/\r?\n/)[at.startLine - 1];
  let where = filename;
  if (line !== undefined) {
    const start = Math.min(at.startColumn ?? 0, line.length);
    const end = at.endLine === at.startLine ? Math.min(at.endColumn ?? start, line.length) : line.length;
    where = `${filename}:${at.startLine}\n${line}\n${" ".repeat(start)}${"^".repeat(Math.max(1, end - start))}`;
  }
  error.stack = `${where}\n\nSyntaxError: ${error.message}`;
  return error;
}

function format(path: string, source: string): "module" | "commonjs" {
  if (path.endsWith(".mts")) return "module";
  if (path.endsWith(".cts")) return "commonjs";
  const type = packageType(path);
  if (type !== undefined) return type;
  try {
    // Without a "type" the syntax decides, as it does for `.js`: what is no CommonJS is meant to be a module.
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
