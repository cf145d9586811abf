/** What a value is, told from its internal slots: the same answer for values of another realm, and no code of the value runs. */
export * from "./node/brand-checks.js";
