/**
 * The module that `require("interpreters")` loads, and whose exports `entry.mts` exports by name. It gives out the copy of the package
 * that this thread has already, and loads the bundle of this copy only if the thread has none (base/copies.cts).
 */
import copies = require("./base/copies.cjs");
import type * as Bundle from "./bundle.js" with { "resolution-mode": "import" };

const here = globalThis as { [copies.API]?: Bundle.Api };

export = here[copies.API] ?? (require("./interpreters.cjs") as typeof Bundle).share();
