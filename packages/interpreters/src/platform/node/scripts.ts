export { default as vm } from "node:vm";

/** The file name of a script whose imports resolve against `base`, the URL of a module or a directory. */
export const filenameOfBase = (base: string): string => base;

/** Gives the import of a module the errors that Node has. */
export const imported = <T>(module: Promise<T>): Promise<T> => module;

/**
 * Calls `begin` when this thread begins to import modules and `end` when it has imported them, where terminating a thread that loads a module
 * ends the process. Undefined elsewhere.
 */
export const watchImports: ((begin: () => void, end: () => void) => void) | undefined = undefined;
