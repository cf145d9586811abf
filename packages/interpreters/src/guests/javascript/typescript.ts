/**
 * Target side: makes `import` of `.ts`, `.mts` and `.cts` work in this thread where Node does not support it itself.
 *
 * It uses Node's module hooks, so URLs, `import.meta`, relative and bare specifiers, the cache and positions
 * are those of the real file. Node 20 has only asynchronous hooks, on a thread of their own per interpreter. The thread
 * that registers the hooks starts that thread, which talks to no other: it works while the main thread is blocked
 * (tested). It costs about 25 ms and 10 MB, so only the first TypeScript module turns it on. From Node 22.15 the hooks
 * are synchronous and need no such thread.
 *
 * As with Node's own support, specifiers are taken as written: `./x.js` does not find `./x.ts`, tsconfig.json
 * is not read, and `require()` of a `.ts` works from `.cts` only.
 */

import { packageFile } from "../../platform/package-files.js";
import { nodeModule } from "../../platform/modules.js";
import { isTypeScript, loadTypeScript } from "./strip.js";
import { isUnknownExtension } from "./typescript-hooks.js";

/** The synchronous hooks, which the types of Node 20 lack. */
interface SyncHooks {
  registerHooks?: (hooks: {
    load: (url: string, context: object, nextLoad: (url: string, context: object) => unknown) => unknown;
  }) => void;
}

let enabled = false;

export function enableTypeScript(): void {
  if (enabled || (process.features as { typescript?: unknown }).typescript) return;
  enabled = true;
  const { registerHooks, register } = nodeModule() as SyncHooks & ReturnType<typeof nodeModule>;
  if (registerHooks === undefined) {
    // A bundle of typescript-hooks.ts: the hooks thread loads one file.
    register(packageFile("typescript-hooks.cjs"));
    return;
  }
  registerHooks({
    load(url, context, nextLoad) {
      try {
        return nextLoad(url, context);
      } catch (error) {
        if (!isTypeScript(url) || !isUnknownExtension(error)) throw error;
        return loadTypeScript(url);
      }
    },
  });
}
