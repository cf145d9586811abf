/**
 * The entry of the API bundle: all modules that the interpreter bundle (bundle.ts) lacks, which an interpreter needs only if its code
 * imports the package, or is sent an object that this bundle knows. It uses the modules, the globals and the builtin modules of the other one
 * (scripts/bundle.mjs), so no module exists twice in a thread.
 */
import { core } from "./core.js";
import * as index from "./index.js";
import { observeByEnvironment } from "./observe/observe.js";

export type Api = typeof index;

/** The package's exports, in a plain object (scripts/bundle.mjs): reading a property of a namespace would call a function. */
export const api: Api = { ...index };

// For guest languages, whose threads import "interpreters/core".
Object.defineProperty(api, Symbol.for("interpreters.core"), { value: core });

observeByEnvironment();
