import { constants, openSync } from "node:fs";

export {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";

/** Opens a file that is emptied, and to which each write is appended, whichever thread makes it. */
export function openToAppend(file: string): number {
  return openSync(
    file,
    constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND,
    0o666,
  );
}
