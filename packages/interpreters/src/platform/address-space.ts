/** How much address space this process may still use. */
export * from "./node/address-space.js";
