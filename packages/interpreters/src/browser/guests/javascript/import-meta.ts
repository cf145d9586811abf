/** Target side: the `import.meta` of scripts. */
import type { Script } from "../../../guests/javascript/script-description.js";
import { URL } from "../../../platform/urls.js";

const names = new Map<string, string>();

/** Makes the `import.meta` of a script whose specifiers resolve against `base`. Calls `keep` with it unless there is one already. */
export function metaOf({ filename }: Script, base: string, keep: (meta: object) => string): string {
  const { href: url } = new URL(filename.startsWith("<") ? encodeURIComponent(filename) : filename, base);
  const key = `${base}\n${url}`;
  let name = names.get(key);
  if (name === undefined) {
    const resolve = (specifier: unknown): string => new URL(String(specifier), base).href;
    name = keep(Object.assign(Object.create(null) as object, { resolve, url }));
    names.set(key, name);
  }
  return name;
}

export const needsResolve = (_script: Script): boolean => false;

export const prepareResolve = async (): Promise<void> => {};
