/**
 * Target side: makes `import` of `.ts`, `.mts` and `.cts` work in this thread, with types that are erased once in a process
 * (base/derived-texts.ts). Node's own support would load an eraser in each interpreter.
 *
 * It uses Node's module hooks, so URLs, `import.meta`, relative and bare specifiers, the cache and positions are those of the real file.
 * From Node 22.15 the hooks are synchronous. Before, they run on a thread of their own for each interpreter, which costs about 25 ms and
 * 10 MB. The thread that registers the hooks starts that thread, which talks to no other: it works while the main thread is blocked
 * (tested). So only the first TypeScript module turns the hooks on.
 *
 * The user's loaders take precedence, because their result may differ. Loaders that flags name are known in advance. A loader that code of this
 * interpreter registers gets every module if it is registered after the first TypeScript module, else at least those that cannot be erased.
 */

import { runsPreloads } from "../../platform/exec-argv.js";
import { packageModule } from "../../platform/package-files.js";
import { nodeModule } from "../../platform/modules.js";
import { workerData } from "../../platform/threads.js";
import { DerivedTexts } from "../../base/derived-texts.js";
import type { WorkerData } from "../../wire/boot.js";
import { isTypeScript, loadTypeScript } from "./load-typescript.js";
import { type HooksData, isJsx, loadInstead, sourceInstead } from "./typescript-hooks.js";

/** The synchronous hooks, which the types of Node 20 lack. */
interface SyncHooks {
  registerHooks?: (hooks: {
    resolve?: (
      specifier: string,
      context: { parentURL?: string },
      nextResolve: (specifier: string, context: object) => unknown,
    ) => unknown;
    load?: (
      url: string,
      context: { format?: unknown },
      nextLoad: (url: string, context: object) => unknown,
    ) => unknown;
  }) => { deregister: () => void };
}

export const syncHooks = (): SyncHooks => nodeModule() as SyncHooks;

const textsOfProcess = (): SharedArrayBuffer | undefined =>
  ((workerData ?? {}) as Partial<WorkerData>).derivedTexts;

let registered = false;

/** Starts the hooks thread, in versions of Node that have no other hooks. */
export function registerAsyncHooks(): void {
  if (registered) return;
  registered = true;
  // A bundle of typescript-hooks.ts: the hooks thread loads one file.
  nodeModule().register<HooksData>(packageModule("typescript-hooks.cjs"), {
    data: { store: textsOfProcess() },
  });
}

export const needsTypeScript = (url: string): boolean => isTypeScript(url) || isJsx(url);

let enabled = false;

export function enableTypeScript(): void {
  if (enabled) return;
  enabled = true;
  const { registerHooks } = syncHooks();
  if (registerHooks === undefined) {
    const own = (process.features as { typescript?: unknown }).typescript;
    if (own === undefined || own === false) registerAsyncHooks();
    return;
  }
  const memory = textsOfProcess();
  const store = memory === undefined ? undefined : new DerivedTexts(memory);
  const othersFirst = runsPreloads();
  registerHooks({
    resolve(specifier, context, nextResolve) {
      try {
        return nextResolve(specifier, context);
      } catch (error) {
        return nextResolve(sourceInstead(specifier, context.parentURL, error), context);
      }
    },
    load(url, context, nextLoad) {
      if (!othersFirst && isTypeScript(url)) {
        try {
          return loadTypeScript(url, store, context.format);
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
          let loaded: { format?: unknown };
          try {
            loaded = nextLoad(url, context) as typeof loaded;
          } catch {
            throw error;
          }
          // Node itself would erase the types next, and say less.
          if (String(loaded.format).endsWith("-typescript")) throw error;
          return loaded;
        }
      }
      try {
        return nextLoad(url, context);
      } catch (error) {
        return loadInstead(url, error, store);
      }
    },
  });
}
