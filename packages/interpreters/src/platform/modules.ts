/** The runtime's module loader. */
export * from "./node/modules.js";
