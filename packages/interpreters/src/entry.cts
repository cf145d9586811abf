/**
 * The module that `require("interpreters")` loads, and whose exports `entry.mts` exports by name. It gives out the copy of the package
 * that this thread has already, and loads the files of this copy only if the thread has none (base/copies.cts).
 *
 * Most bundlers take the portable build in its place, by its condition in package.json. The others (ncc, `bun build --target node`) take this
 * module, and what it requires by name: the portable build, and not the files.
 */
import type Copies = require("./base/copies.cjs");
import type { Api } from "./api.js" with { "resolution-mode": "import" };
import type * as Bundle from "./bundle.js" with { "resolution-mode": "import" };
import type LoadBundle = require("./platform/node/own-bundle.cjs");

// Vite's development server, if it transforms the package, runs this as an ES module.
if (typeof require === "undefined") throw cannotLoad();
const copies = require("./base/copies.cjs") as typeof Copies;

const here = globalThis as { [copies.API]?: Api };

export = here[copies.API] ?? loadFiles() ?? loadPortable();

/** Returns undefined if this module is within a bundle, or the files are not beside it. */
function loadFiles(): Api | undefined {
  // Bundlers give a module no `filename`, nor does Vitest (`vmThreads`), where the files are.
  if (typeof module.filename !== "string" && !areFilesHere()) return undefined;
  try {
    const loadBundle = require("./platform/node/own-bundle.cjs") as typeof LoadBundle;
    const load = <T,>(name: string): Bundle.Loaded<T> => loadBundle<T>(__dirname, name, require);
    const { exports, own } = load<typeof Bundle>("interpreters.cjs");
    exports.share(() => load<Bundle.ApiFile>("api.cjs"), own);
    return here[copies.API];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Some bundlers give a module a folder: that of the bundle, or as it was when that was built. */
function areFilesHere(): boolean {
  if (typeof __dirname !== "string") return false;
  // Pages have none.
  const { process } = globalThis as { process?: Partial<NodeJS.Process> };
  return process?.getBuiltinModule?.("node:fs").existsSync(`${__dirname}/interpreters.cjs`) === true;
}

function loadPortable(): Api {
  try {
    // In this form, bundlers find the file.
    require("./portable.mjs");
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND" ? cannotLoad(error) : error;
  }
  return here[copies.API]!;
}

function cannotLoad(cause?: unknown): Error {
  const error = new Error(
    "Cannot load interpreters: files of the package are missing. A tool has taken only a part of it: have it copy the whole package " +
      "(Next.js: `serverExternalPackages`, `outputFileTracingIncludes`), or leave it out of what it bundles (`external`, `externals`).",
    cause === undefined ? undefined : { cause },
  );
  return Object.assign(error, { code: "ERR_INTERPRETER_FILES" });
}
