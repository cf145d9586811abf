export { default as vm } from "node:vm";

/** The file name of a script whose imports resolve against `base`, the URL of a module or a directory. */
export const filenameOfBase = (base: string): string => base;

/** Gives the import of a module the errors that Node has. */
export const imported = <T>(module: Promise<T>): Promise<T> => module;
