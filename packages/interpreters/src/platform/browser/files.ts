/** A page has no files. */
function none(): never {
  throw new Error("pages have no files");
}

export const existsSync = (_path: unknown): boolean => false;
export const readFileSync = none;
export const statSync = none;
export const lstatSync = none;
export const mkdirSync = none;
export const readlinkSync = none;
export const renameSync = none;
export const rmSync = none;
export const writeFileSync = none;
export const openToAppend = none;
/** There is no working directory that could be gone. */
export const realpathSync = { native: (path: string): string => path };

/** Prints the own lines of this package, each time whole. */
export function writeSync(fd: number, text: string): void {
  console[fd === 1 ? "log" : "error"](text.replace(/\n$/, ""));
}
