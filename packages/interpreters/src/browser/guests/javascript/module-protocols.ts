/** Where modules of a page are loaded from. */
export const MODULE_PROTOCOLS = "http: https: blob: data: file:";
