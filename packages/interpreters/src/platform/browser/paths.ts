/** The few functions of `node:path` that texts about modules need. A path of a page is that of a URL. */
const isAbsolute = (path: string): boolean => path.startsWith("/");
const dirname = (path: string): string => path.replace(/\/[^/]*$/, "");
const basename = (path: string): string => path.replace(/^.*\//, "");
const join = (...parts: string[]): string => parts.join("/");
const resolve = (...parts: string[]): string => parts.join("/");

export const path = { sep: "/", isAbsolute, dirname, basename, join, resolve };
