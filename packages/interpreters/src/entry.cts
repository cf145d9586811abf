/**
 * The module that `require("interpreters")` loads, and whose exports `entry.mts` exports by name. It gives out the copy of the package
 * that this thread has already, and loads the bundle of this copy only if the thread has none (base/copies.cts).
 */
import copies = require("./base/copies.cjs");
import type * as Bundle from "./bundle.js" with { "resolution-mode": "import" };

const here = globalThis as { [copies.API]?: Bundle.Api };

export = here[copies.API] ?? load().share();

function load(): typeof Bundle {
  // A bundler that makes an ES module of this one leaves the name as it is, and ES modules do not have it.
  if (typeof __filename === "undefined") {
    const error = new Error(
      "Cannot load interpreters: a bundler has made it part of an ES module, but its threads need its own files: leave the " +
        "package out of the bundle (in esbuild, rollup, rolldown and Vite: `external`).",
    );
    throw Object.assign(error, { code: "ERR_INTERPRETER_FILES" });
  }
  return require("./interpreters.cjs") as typeof Bundle;
}
