/** Pages have no standard input. `create` refuses the option. */
function none(): never {
  throw new Error("pages have no standard input");
}

export type { Readable } from "../node/stdin.js";
export const replaceStdin = (_open: () => unknown): void => {};
export const makeReadable = none;
export const openStdin = none;
