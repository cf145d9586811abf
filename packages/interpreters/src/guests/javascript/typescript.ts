/**
 * Target side: makes `import` of `.ts`, `.mts` and `.cts` work in this thread where Node does not do it itself.
 *
 * Through Node's module hooks, so that URLs, `import.meta`, relative and bare specifiers, the cache and positions
 * are those of the real file. Node 20 only has asynchronous hooks, on a thread of their own per interpreter. That thread
 * is started by, and only talks to, the thread that registers it: it works while the main thread is blocked (tested),
 * and costs some 25 ms and 10 MB, which is why only the first TypeScript module turns it on. From Node 22.15
 * the hooks are synchronous and there is no such thread.
 *
 * As with Node's own support, specifiers are taken as written: `./x.js` is not looked for as `./x.ts`, tsconfig.json
 * is not read, and `require()` of a `.ts` works from `.cts` only.
 */

import { packageFile } from "../../platform/package-files.js";
import { nodeModule } from "../../platform/modules.js";
import type * as Strip from "./strip.js";
import type * as Hooks from "./typescript-hooks.js";

/** The synchronous hooks, which the types of Node 20 do not know. */
interface SyncHooks {
  registerHooks?: (hooks: {
    load: (url: string, context: object, nextLoad: (url: string, context: object) => unknown) => unknown;
  }) => void;
}

let enabled = false;

export function enableTypeScript(): void {
  if (enabled || (process.features as { typescript?: unknown }).typescript) return;
  enabled = true;
  const { registerHooks, register, createRequire } = nodeModule() as SyncHooks &
    ReturnType<typeof nodeModule>;
  if (registerHooks === undefined) {
    register(packageFile("guests/javascript/typescript-hooks.js"));
    return;
  }
  // Every Node with synchronous hooks can also `require` a module.
  const require = createRequire(packageFile("guests/javascript/"));
  const { isTypeScript, loadTypeScript } = require("./strip.js") as typeof Strip;
  const { isUnknownExtension } = require("./typescript-hooks.js") as typeof Hooks;
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
