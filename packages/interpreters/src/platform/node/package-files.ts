/**
 * Bundles lie two folders above this file, and `scripts/bundle.mjs` has `import.meta.url` in them answer with the place of this
 * module: no other module may locate a file by `import.meta.url`.
 */
import { URL } from "node:url";

/** The URL of a compiled file, from its path below `src`. */
export function packageFile(path: string): URL {
  return new URL(path, new URL("../../", import.meta.url));
}
