/**
 * The module that `require("interpreters")` loads, and whose exports `entry.mts` exports by name. It gives out the copy of the package
 * that this thread has already, and loads the bundle of this copy only if the thread has none (base/copies.cts).
 */
import copies = require("./base/copies.cjs");
import loadBundle = require("./platform/node/own-bundle.cjs");
import type * as Bundle from "./bundle.js" with { "resolution-mode": "import" };

const here = globalThis as { [copies.API]?: Bundle.Api };

export = here[copies.API] ?? load();

function load(): Bundle.Api {
  const loaded = loadBundle(__dirname, "interpreters.cjs", require);
  // In this form, a bundler finds the file.
  if (loaded === undefined) return (require("./interpreters.cjs") as typeof Bundle).share();
  return (loaded.exports as typeof Bundle).share(loaded.own);
}
