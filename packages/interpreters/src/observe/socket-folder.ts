/**
 * The folder with the sockets of one user's processes. Only that user can enter it, so only that user reaches them: the sockets themselves ask
 * for nothing. The command line (packages/cli/src/top/attach.ts) looks for the same path.
 */
import { lstatSync, mkdirSync } from "../platform/files.js";
import { path } from "../platform/paths.js";
import { process } from "../platform/process.js";
import { tmpdir } from "../platform/sockets.js";
import { InterpreterError } from "../base/errors.js";

/** Makes the folder if it is missing. @throws InterpreterError it is not this user's alone */
export function usableFolder(): string {
  const user = process.getuid?.() ?? -1;
  const folder = path.join(tmpdir(), `interpreters-${user}`);
  try {
    if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process of this user may have been faster.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw refused(folder, String(error), error);
  }
  // Any user may make something of that name in a folder for all.
  const found = lstatSync(folder);
  if (!found.isDirectory()) throw refused(folder, "it is not a folder");
  if (found.uid !== user) throw refused(folder, `it belongs to another user (${found.uid})`);
  if ((found.mode & 0o077) !== 0)
    throw refused(folder, `other users may enter it (mode ${(found.mode & 0o777).toString(8)})`);
  return folder;
}

export function socketOf(folder: string, pid: number): string {
  return path.join(folder, `${pid}.sock`);
}

function refused(folder: string, why: string, cause?: unknown): InterpreterError {
  return new InterpreterError(
    `Cannot be inspected: ${folder}: ${why}. Remove it, or set TMPDIR to a folder of your own.`,
    { code: "ERR_INTERPRETER_INSPECT", ...(cause !== undefined && { cause }) },
  );
}
