/**
 * The module that Node runs on its hooks thread, in versions where `import` has no other hooks.
 *
 * Hooks that were registered before (by a user's TypeScript loader, say) run first, and their result stands.
 */

import type { LoadHook } from "../../platform/modules.js";
import { isTypeScript, loadTypeScript } from "./strip.js";

export const load: LoadHook = async (url, context, nextLoad) => {
  try {
    return await nextLoad(url, context);
  } catch (error) {
    if (!isTypeScript(url) || !isUnknownExtension(error)) throw error;
    return loadTypeScript(url);
  }
};

export function isUnknownExtension(error: unknown): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    error.code === "ERR_UNKNOWN_FILE_EXTENSION"
  );
}
