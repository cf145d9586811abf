/** Checks of a value's class by its internal slots: the result is the same for values of another realm, and no code of the value runs. */
export * from "./node/brand-checks.js";
