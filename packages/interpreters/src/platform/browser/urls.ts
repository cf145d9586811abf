import { start } from "./start.js";

/** Not the global: a program may replace it. */
export const { URL } = globalThis;

/** A module's place: its URL. */
export const fileURLToPath = (url: URL | string): string => (typeof url === "string" ? url : url.href);

export const pathToFileURL = (path: string): URL => new URL(path, start.base);

/** Whether relative specifiers of a script may resolve against it. */
export const isBase = (url: URL): boolean => /^(?:https?|file):$/.test(url.protocol);
