/** Reads TypeScript files for module hooks, with their types erased once for all interpreters of the process. */

import { existsSync, readFileSync } from "../../platform/files.js";
import { fileURLToPath, pathToFileURL, URL } from "../../platform/urls.js";
import { vm } from "../../platform/scripts.js";
import type { DerivedTexts } from "../../base/derived-texts.js";
import { readErased, writeErased } from "./erased-files.js";
import { strip } from "./strip.js";

export const isTypeScript = (url: string): boolean =>
  url.startsWith("file:") && /\.[cm]?ts$/.test(new URL(url).pathname);

export interface LoadedSource {
  readonly format: "module" | "commonjs";
  readonly source: string;
  readonly shortCircuit: true;
}

const isPackaged = (path: string): boolean => /[\\/]node_modules[\\/]/.test(path);

/** Returns the result of a `load` hook for the TypeScript file at `url`. `resolved` is the format that Node has found out, if any. */
export function loadTypeScript(
  url: string,
  store: DerivedTexts | undefined,
  resolved?: unknown,
): LoadedSource {
  const path = fileURLToPath(url);
  if (isPackaged(path)) {
    throw Object.assign(
      new Error(
        `cannot load ${path}: types are not erased in files below node_modules; publish JavaScript instead`,
      ),
      { code: "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING" },
    );
  }
  const bytes = readFileSync(path);
  const source = store === undefined ? stripped(path, bytes) : eraseOnce(path, bytes, store);
  const known = resolved === "module-typescript" || resolved === "commonjs-typescript";
  const kind = known ? (resolved.replace("-typescript", "") as LoadedSource["format"]) : format(path, source);
  return { format: kind, source, shortCircuit: true };
}

interface ErasedFile {
  readonly path: string;
  readonly bytes: Buffer;
  readonly publish: (text?: string) => void;
}

function eraseOnce(path: string, bytes: Buffer, store: DerivedTexts): string {
  return store.text(bytes) ?? eraseGraph({ path, bytes, publish: store.claim(bytes) }, store);
}

/**
 * Erases the types of a file that other threads will load, and of what it imports, until it has erased `most` bytes. It does nothing about a file
 * that cannot be read or erased: its importer gets the error.
 */
export function eraseAhead(url: string, store: DerivedTexts, most: number): void {
  const path = fileURLToPath(url);
  if (isPackaged(path)) return;
  try {
    const bytes = readFileSync(path);
    if (bytes.length <= most && !store.has(bytes)) {
      eraseGraph({ path, bytes, publish: store.claim(bytes) }, store, most);
    }
  } catch {
    // See above.
  }
}

/**
 * Erases a file, and the files that it imports. Several interpreters of a pool load the same modules at the same time. The one that
 * has loaded an eraser claims everything below before it gives out the first file, so that no other one needs an eraser.
 */
function eraseGraph(first: ErasedFile, store: DerivedTexts, most = Infinity): string {
  const budget = { bytes: most - first.bytes.length };
  const text = strippedOrFailed(first);
  const waiting = claimImports(first.path, text, store, budget);
  first.publish(text);
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    try {
      const inner = strippedOrFailed(file);
      waiting.push(...claimImports(file.path, inner, store, budget));
      file.publish(inner);
    } catch {
      // Loading that file will say so.
    }
  }
  return text;
}

function strippedOrFailed({ path, bytes, publish }: ErasedFile): string {
  try {
    return stripped(path, bytes);
  } catch (error) {
    publish();
    throw error;
  }
}

function stripped(path: string, bytes: Buffer): string {
  const known = readErased(path, bytes);
  if (known !== undefined) return known;
  const text = strip(bytes.toString(), path);
  writeErased(path, bytes, text);
  return text;
}

/** Relative specifiers of static imports. A match in a comment or a string costs a look at the disk. */
const staticImport = /\b(?:from|import)\s*["'](\.{1,2}\/[^"'\n]+\.[cm]?[jt]s)["']/g;

/** Takes the sizes of what it claims from the budget. */
function claimImports(
  path: string,
  text: string,
  store: DerivedTexts,
  budget: { bytes: number },
): ErasedFile[] {
  const claimed: ErasedFile[] = [];
  for (const [, specifier] of text.matchAll(staticImport)) {
    const { href } = new URL(specifier, pathToFileURL(path));
    const url = isTypeScript(href) ? href : sourceOf(href);
    if (url === undefined) continue;
    const file = fileURLToPath(url);
    if (isPackaged(file)) continue;
    let bytes: Buffer;
    try {
      bytes = readFileSync(file);
    } catch {
      continue;
    }
    if (bytes.length > budget.bytes || store.has(bytes)) continue;
    budget.bytes -= bytes.length;
    claimed.push({ path: file, bytes, publish: store.claim(bytes) });
  }
  return claimed;
}

/** Returns the URL of the TypeScript file that a missing JavaScript file would be compiled from, if it is there. */
export function sourceOf(url: string): string | undefined {
  const source = counterpart(url, /\.([cm]?)js$/, ".$1ts");
  return source === undefined || existsSync(fileURLToPath(url)) ? undefined : source;
}

/** Returns the URL of the JavaScript file that a TypeScript file is compiled to, if it lies beside it. */
export function outputOf(url: string): string | undefined {
  return counterpart(url, /\.([cm]?)ts$/, ".$1js");
}

function counterpart(url: string, extension: RegExp, other: string): string | undefined {
  const parsed = url.startsWith("file:") && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !extension.test(parsed.pathname)) return undefined;
  parsed.pathname = parsed.pathname.replace(extension, other);
  return existsSync(fileURLToPath(parsed)) ? parsed.href : undefined;
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

const types = new Map<string, "module" | "commonjs" | undefined>();

/** The "type" of the nearest package.json above `path`. Node, too, reads each of them once. */
function packageType(path: string): "module" | "commonjs" | undefined {
  const directory = path.replace(/[\\/][^\\/]*$/, "");
  if (directory === path) return undefined;
  if (!types.has(directory)) types.set(directory, typeIn(directory));
  return types.get(directory);
}

function typeIn(directory: string): "module" | "commonjs" | undefined {
  const manifest = `${directory}/package.json`;
  if (!existsSync(manifest)) return packageType(directory);
  const { type } = JSON.parse(readFileSync(manifest, "utf8")) as { type?: unknown };
  return type === "module" || type === "commonjs" ? type : undefined;
}
