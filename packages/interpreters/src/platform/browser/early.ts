/** Where the script that the supervisor's thread starts with (page-first.ts) leaves the thread that it has started for the first interpreter. */
export const EARLY: unique symbol = Symbol.for("interpreters.early");
