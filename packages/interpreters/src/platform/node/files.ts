import { closeSync, constants, openSync, rmSync } from "node:fs";

export {
  existsSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readSync,
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

/** Opens a new file that has no name, so that it is gone when the process is. Throws the system's error. */
export function openNameless(file: string): number {
  const fd = openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    rmSync(file);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return fd;
}
