/** The exports of the runtime's own modules, as far as they are loaded in this thread. */
export * from "./node/loaded-builtins.js";
