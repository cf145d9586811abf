/**
 * Where this package's files are.
 *
 * This file is part of the bundles (scripts/bundle.mjs), and they lie where it lies itself: only here may the place of
 * a file be told from `import.meta.url`.
 */

// Not the global: a program may have replaced it.
import { URL } from "node:url";

/** The URL of a compiled file, from its path below `src`. */
export function packageFile(path: string): URL {
  return new URL(path, import.meta.url);
}
