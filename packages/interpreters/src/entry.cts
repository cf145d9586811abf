/**
 * The module that `require("interpreters")` loads, and whose exports `entry.mts` exports by name. It gives out the copy of the package
 * that this thread has already, and loads the files of this copy only if the thread has none (base/copies.cts).
 */
import type Copies = require("./base/copies.cjs");
import type { Api } from "./api.js" with { "resolution-mode": "import" };
import type * as Bundle from "./bundle.js" with { "resolution-mode": "import" };
import type LoadBundle = require("./platform/node/own-bundle.cjs");

// Vite's development server, if it transforms the package, runs this as an ES module.
if (typeof require === "undefined") throw bundled();
const copies = require("./base/copies.cjs") as typeof Copies;

const here = globalThis as { [copies.API]?: Api };

export = here[copies.API] ?? load();

function load(): Api {
  // A bundler that makes an ES module of this one leaves the name as it is, and ES modules do not have it.
  if (typeof __filename === "undefined") throw bundled();
  try {
    const loadBundle = require("./platform/node/own-bundle.cjs") as typeof LoadBundle;
    const first = loadBundle(__dirname, "interpreters.cjs", require);
    // In this form, a bundler finds the files.
    if (first === undefined) {
      (require("./interpreters.cjs") as typeof Bundle).share(() => ({
        exports: require("./api.cjs") as Bundle.ApiFile,
      }));
    } else {
      const load = (): object =>
        loadBundle(__dirname, "api.cjs", require) ?? { exports: require("./api.cjs") };
      (first.exports as typeof Bundle).share(load as () => Bundle.Loaded<Bundle.ApiFile>, first.own);
    }
    return here[copies.API]!;
  } catch (error) {
    // webpack gives modules a `require` that finds nothing but what is in its bundle.
    throw error instanceof Error && error.message.startsWith("Cannot find module 'node:")
      ? bundled(error)
      : error;
  }
}

function bundled(cause?: Error): Error {
  const error = new Error(
    "Cannot load interpreters: a bundler has taken the package apart, but its threads need its own files: leave it out of the " +
      "bundle (in esbuild, rollup, rolldown and Vite: `external`; in webpack and rspack: `externals`; in Next.js: `serverExternalPackages`).",
    cause && { cause },
  );
  return Object.assign(error, { code: "ERR_INTERPRETER_FILES" });
}
