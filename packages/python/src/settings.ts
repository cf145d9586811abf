/** Settings of `createPython` that all of its interpreters share, in a form that JSON can carry. */
import path from "node:path";
import process from "node:process";
import { availableParallelism } from "node:os";

export interface PythonSettings {
  /** Folders of this machine, by the absolute path at which Python sees them; both normalised. */
  readonly mounts: Readonly<Record<string, string>>;
  /** Absolute paths or URLs of wheels, or names of packages in the Pyodide distribution. */
  readonly packages: readonly string[];
  readonly argv: readonly string[];
  /** Put in front of `sys.path`. */
  readonly path: readonly string[];
  /** Python's working folder. Null for Pyodide's own. */
  readonly cwd: string | null;
  readonly cpus: number;
}

/** The settings of a Python without options. */
export const PLAIN: PythonSettings = {
  mounts: {},
  packages: [],
  argv: [""],
  path: [],
  cwd: null,
  cpus: availableParallelism(),
};

/** Python has files of its own there, so that nothing may be mounted over them. */
const TAKEN = ["/", "/lib", "/lib/python314.zip", "/lib/python3.14", "/dev", "/proc"];

/** Whether nothing can be mounted at this normalised path of the file system of Python. */
export const isTaken = (inside: string): boolean => TAKEN.includes(inside);

/** Checks `mounts`. @throws TypeError */
export function checkMounts(mounts: unknown): Record<string, string> {
  if (typeof mounts !== "object" || mounts === null) {
    throw new TypeError("createPython: mounts must be an object of folders");
  }
  const checked: Record<string, string> = {};
  for (const [inside, outside] of Object.entries(mounts)) {
    if (typeof outside !== "string") {
      throw new TypeError(`createPython: mounts[${JSON.stringify(inside)}] must be the path of a folder`);
    }
    if (!path.posix.isAbsolute(inside)) {
      throw new TypeError(
        `createPython: mounts[${JSON.stringify(inside)}]: Python's path must be absolute, with slashes`,
      );
    }
    const normal = path.posix.join(inside, ".");
    const at = normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
    if (isTaken(at)) {
      throw new TypeError(`createPython: nothing can be mounted at ${at}, where Python has files of its own`);
    }
    checked[at] = path.resolve(outside);
  }
  return checked;
}

/** The environment variables of this thread, as Python has them. */
export function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
