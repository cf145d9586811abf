/** Target side: the `import.meta` of scripts. */

import { path } from "../../platform/paths.js";
import { nodeModule } from "../../platform/modules.js";
import { fileURLToPath, pathToFileURL, URL } from "../../platform/urls.js";
import { importModule } from "./dynamic-import.js";
import type { Script } from "./script-description.js";
import { registerAsyncHooks, syncHooks } from "./typescript.js";
import { resolveRequest } from "./typescript-hooks.js";

/** Makes the `import.meta` of a script whose specifiers resolve against `base`. Calls `keep` with it unless there is one already. */
export function metaOf({ filename }: Script, base: string, keep: (meta: object) => string): string {
  const own = path.isAbsolute(filename) ? pathToFileURL(filename) : undefined;
  const { href: url } =
    own ??
    (filename.startsWith("file:") && URL.canParse(filename)
      ? new URL(filename)
      : new URL(`./${filename.split("/").map(encodeURIComponent).join("/")}`, base));
  const key = `${base}\n${url}`;
  let name = names.get(key);
  if (name === undefined) {
    const file = fileURLToPath(url);
    const meta: object = Object.create(null) as object;
    const resolve = (specifier: unknown): string => resolveFrom(base, String(specifier));
    name = keep(Object.assign(meta, { dirname: path.dirname(file), filename: file, resolve, url }));
    names.set(key, name);
  }
  return name;
}

const names = new Map<string, string>();

/** The `import.meta.resolve` of a module, which is the only way to Node's resolution of packages for `import`. */
let nodeResolve: ((specifier: string) => string) | null | undefined;

/** Whether a script must wait for `prepareResolve`. */
export const needsResolve = (script: Script): boolean =>
  nodeResolve === undefined && script.parts?.isRenamed === true && /\bresolve\b/.test(script.source);

export async function prepareResolve(): Promise<void> {
  const module = await importModule("data:text/javascript,export default import.meta.resolve");
  const { default: resolve } = module as { default: unknown };
  // Bun has none in such a module.
  nodeResolve = typeof resolve === "function" ? (resolve as (specifier: string) => string) : null;
}

function resolveFrom(base: string, specifier: string): string {
  if (/^\.{0,2}\//.test(specifier)) return new URL(specifier, base).href;
  if (URL.canParse(specifier)) return new URL(specifier).href;
  const { createRequire, isBuiltin } = nodeModule();
  if (isBuiltin(specifier)) return `node:${specifier}`;
  // A script has got hold of another one's `import.meta`.
  if (!nodeResolve) return pathToFileURL(createRequire(base).resolve(specifier)).href;
  const request = resolveRequest(specifier, base);
  const { registerHooks } = syncHooks();
  if (registerHooks === undefined) {
    registerAsyncHooks();
    return nodeResolve(request);
  }
  const hooks = registerHooks({
    resolve: (asked, context, next) =>
      asked === request
        ? { ...(next(specifier, { ...context, parentURL: base }) as object), shortCircuit: true }
        : next(asked, context),
  });
  try {
    return nodeResolve(request);
  } finally {
    hooks.deregister();
  }
}
