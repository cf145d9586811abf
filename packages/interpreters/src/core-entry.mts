/** The module that `import "interpreters/core"` loads: the integer form of the core (core.ts), of the copy that this thread has. */
import api from "./entry.cjs";
import type { Core } from "./core.js";

const { [Symbol.for("interpreters.core")]: own } = api as unknown as Record<symbol, Core>;
export const core: Core = own;
