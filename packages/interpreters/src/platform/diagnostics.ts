/** Named channels on which the package publishes events, and for which a subscriber costs nothing until there is one. */
export * from "./node/diagnostics.js";
