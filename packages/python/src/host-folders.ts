/** Which folders of this machine a program of the command line sees, and where. */
import { readdirSync, realpathSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { isTaken } from "./settings.js";

/** The path at which Python sees a file: the same, or `/c/folder` for `C:\folder`. */
export function insidePath(file: string): string {
  const whole = path.resolve(file);
  if (process.platform !== "win32") return whole;
  return whole
    .replaceAll("\\", "/")
    .replace(/^([a-z]):/i, (_all, drive: string) => `/${drive.toLowerCase()}`);
}

/**
 * The mounts of a program: the working folder, the folder for temporary files, those in `folders`, and those of `--mount`.
 *
 * @param given `HOST` or `HOST:PATH`
 */
export function mountsOf(folders: readonly string[], given: readonly string[]): Record<string, string> {
  const mounts: Record<string, string> = {};
  for (const each of given) {
    // A drive letter is no host path.
    const colon = each.indexOf(":", process.platform === "win32" ? 2 : 0);
    const [host, inside] =
      colon === -1 ? [each, insidePath(each)] : [each.slice(0, colon), each.slice(colon + 1)];
    mounts[inside] = path.resolve(host);
  }
  for (const folder of [process.cwd(), tmpdir(), ...folders]) {
    for (const each of isTaken(insidePath(folder)) ? foldersIn(folder) : [folder]) {
      if (isFolder(each)) mounts[insidePath(each)] ??= path.resolve(each);
    }
  }
  for (const inside of Object.keys(mounts)) if (isCovered(inside, mounts)) delete mounts[inside];
  return mounts;
}

/** Whether another mount shows the same folder at the same path already. */
function isCovered(inside: string, mounts: Readonly<Record<string, string>>): boolean {
  for (let outer = path.posix.dirname(inside); ; outer = path.posix.dirname(outer)) {
    const host = mounts[outer];
    if (host !== undefined) return path.join(host, path.posix.relative(outer, inside)) === mounts[inside];
    if (outer === "/" || outer === ".") return false;
  }
}

/** Where the whole folder cannot be shown, as with `/`, the folders in it can. */
function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .map((name) => path.join(folder, name))
      .filter((each) => !isTaken(insidePath(each)));
  } catch {
    return [];
  }
}

function isFolder(file: string): boolean {
  try {
    return statSync(file).isDirectory();
  } catch {
    return false;
  }
}

/** The folder of a script, with symbolic links followed, as Python has it in `sys.path`. Undefined if there is no such file. */
export function folderOfScript(script: string): string | undefined {
  try {
    return path.dirname(realpathSync(script));
  } catch {
    return undefined;
  }
}
