/**
 * The module hooks, and the module that Node runs on its hooks thread in versions where `import` has no other hooks.
 *
 * There, hooks that were registered before (by a user's TypeScript loader, say) run first, and their result stands.
 */

import type { LoadHook, ResolveHook } from "../../platform/modules.js";
import { fileURLToPath, URL } from "../../platform/urls.js";
import { DerivedTexts } from "../../base/derived-texts.js";
import { isTypeScript, type LoadedSource, loadTypeScript, sourceOf } from "./load-typescript.js";

/** Data for the hooks thread, from the thread that registers the hooks. */
export interface HooksData {
  readonly store: SharedArrayBuffer | undefined;
}

let store: DerivedTexts | undefined;

export function initialize(data: HooksData): void {
  if (data.store !== undefined) store = new DerivedTexts(data.store);
}

const REQUEST = "interpreters:resolve?";

/** A specifier that has the hooks thread resolve another one, against a base of its own. */
export const resolveRequest = (specifier: string, base: string): string =>
  REQUEST + JSON.stringify([specifier, base]);

export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  if (specifier.startsWith(REQUEST)) {
    const [asked, parentURL] = JSON.parse(specifier.slice(REQUEST.length)) as [string, string];
    return { ...(await nextResolve(asked, { ...context, parentURL })), shortCircuit: true };
  }
  try {
    return await nextResolve(specifier, context);
  } catch (error) {
    return nextResolve(sourceInstead(specifier, context.parentURL, error), context);
  }
};

export const load: LoadHook = async (url, context, nextLoad) => {
  try {
    return await nextLoad(url, context);
  } catch (error) {
    return loadInstead(url, error, store);
  }
};

/**
 * Returns what to import instead of a specifier that was not found. In a TypeScript file, the name of a missing JavaScript file means the
 * TypeScript file that it would be compiled from, as for TypeScript's compiler.
 */
export function sourceInstead(specifier: string, parent: string | undefined, error: unknown): string {
  const notFound = /^(?:ERR_)?MODULE_NOT_FOUND$/.test(codeOf(error) ?? "");
  if (!notFound || parent === undefined || !isTypeScript(parent)) throw error;
  const isPath = /^(?:\.{0,2}\/|file:)/.test(specifier) && URL.canParse(specifier, parent);
  const source = isPath ? sourceOf(new URL(specifier, parent).href) : undefined;
  if (source === undefined) throw error;
  return source;
}

/** Loads a file whose extension Node does not know, if its types can be erased. */
export function loadInstead(url: string, error: unknown, erased: DerivedTexts | undefined): LoadedSource {
  if (codeOf(error) !== "ERR_UNKNOWN_FILE_EXTENSION") throw error;
  if (isTypeScript(url)) return loadTypeScript(url, erased);
  throw isJsx(url) ? jsxRefused(url) : error;
}

export const isJsx = (url: string): boolean =>
  url.startsWith("file:") && /\.[jt]sx$/.test(new URL(url).pathname);

function jsxRefused(url: string): Error {
  return Object.assign(
    new Error(
      `cannot load ${fileURLToPath(url)}: JSX needs generated code, and interpreters only erase types. Compile the file to ` +
        'JavaScript, or give the interpreter a loader that does (with tsx: execArgv: ["--import", "tsx"])',
    ),
    { code: "ERR_UNKNOWN_FILE_EXTENSION" },
  );
}

function codeOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}
