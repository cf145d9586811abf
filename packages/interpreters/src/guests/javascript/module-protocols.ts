/** Where modules are loaded from. */
export const MODULE_PROTOCOLS = "file: data: node:";
