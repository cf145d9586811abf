import type * as api from "interpreters" with { "resolution-mode": "import" };

/** Loaded when the first pool is made, not with the adapter: the workers' files import the adapter, too. */
export const interpreters = (): typeof api => require("interpreters") as typeof api;
