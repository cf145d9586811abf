/**
 * Bundles lie two folders above this file, and `scripts/bundle.mjs` makes `import.meta.url` in them the URL of this module: no
 * other module may locate a file by `import.meta.url`.
 */
import { URL } from "node:url";

/** The URL of a compiled file, from its path below `src`. */
export function packageFile(path: string): URL {
  return new URL(path, new URL("../../", import.meta.url));
}
