/**
 * What `require("interpreters")` gives, and what `entry.mts` gives out by name: the copy that this thread has already,
 * or else this one, whose modules are not so much as compiled before that is clear (copies.cts).
 */
import copies = require("./base/copies.cjs");
import type * as Bundle from "./bundle.js" with { "resolution-mode": "import" };

const here = globalThis as { [copies.API]?: Bundle.Api };

export = here[copies.API] ?? (require("./interpreters.cjs") as typeof Bundle).share();
