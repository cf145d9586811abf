/** The options of `createPython`, and their check. */
import path from "node:path";
import type { OutputSink } from "interpreters";
import { checkMounts, PLAIN, type PythonSettings } from "./settings.js";
import { isFile, processStreams, type PythonStreams } from "./start.js";

/** Options of `createPython`. An unknown option is a TypeError. */
export interface PythonOptions {
  /**
   * The folder that keeps the memory of a booted Python: `true` for the one in the user's cache folder, or `false` for none; each
   * process then boots for two seconds. A folder that cannot be used costs the same two seconds, and nothing else. Default: true.
   */
  cache?: boolean | string | undefined;
  /** Folders of this machine, by the absolute path at which all interpreters see them. Default: none. */
  mounts?: Readonly<Record<string, string>> | undefined;
  /**
   * Wheels that all interpreters install: files, URLs, or names of packages in the Pyodide distribution, which are downloaded. They must be
   * pure Python or made for Pyodide. Default: none.
   */
  packages?: readonly string[] | undefined;
  /** `sys.argv` of all interpreters. Default: `[""]`. */
  argv?: readonly string[] | undefined;
  /** Folders of the file system of Python that all interpreters have in front of their `sys.path`. Default: none. */
  path?: readonly string[] | undefined;
  /** The working folder of all interpreters, in Python's file system. Default: `"/home/pyodide"`, which is empty. */
  cwd?: string | undefined;
  /** What `sys.stdin` of the main interpreter reads: `"inherit"` is that of the process, `"ignore"` is empty. Default: `"inherit"`. */
  stdin?: "inherit" | "ignore" | undefined;
  /** Where the main interpreter writes, as `stdout` of `create`; a sink gets the text at once. Default: `"inherit"`. */
  stdout?: "inherit" | "ignore" | Extract<OutputSink, { write: unknown }> | undefined;
  /** As `stdout`, for `sys.stderr`. */
  stderr?: "inherit" | "ignore" | Extract<OutputSink, { write: unknown }> | undefined;
}

const KNOWN = ["cache", "mounts", "packages", "argv", "path", "cwd", "stdin", "stdout", "stderr"];

export interface CheckedOptions {
  readonly cache: string | boolean;
  readonly settings: PythonSettings;
  /** Those of the main interpreter. */
  readonly streams: PythonStreams;
}

/** Checks the options and completes them. @throws TypeError */
export function checkPythonOptions(options: PythonOptions): CheckedOptions {
  if (typeof options !== "object" || options === null) {
    throw new TypeError("createPython: its options must be an object");
  }
  for (const name of Object.keys(options)) {
    if (!KNOWN.includes(name)) {
      throw new TypeError(`createPython: unknown option ${name}. Known: ${KNOWN.join(", ")}`);
    }
  }
  const { cache = true, mounts = {}, packages, argv, path: searched, cwd } = options;
  if (typeof cache !== "boolean" && typeof cache !== "string")
    fail("cache", "a boolean or the path of a folder");
  if (cwd !== undefined && (typeof cwd !== "string" || !path.posix.isAbsolute(cwd))) {
    fail("cwd", "an absolute path in Python's file system");
  }
  return {
    cache,
    settings: {
      mounts: checkMounts(mounts),
      packages: checkStrings("packages", packages, []).map(located),
      argv: checkStrings("argv", argv, PLAIN.argv),
      path: checkStrings("path", searched, PLAIN.path),
      cwd: cwd ?? PLAIN.cwd,
      cpus: PLAIN.cpus,
    },
    streams: streamsOf(options),
  };
}

/** Interpreters in other threads may see another working folder. */
const located = (name: string): string => (isFile(name) && !name.includes("://") ? path.resolve(name) : name);

function streamsOf({
  stdin = "inherit",
  stdout = "inherit",
  stderr = "inherit",
}: PythonOptions): PythonStreams {
  if (stdin !== "inherit" && stdin !== "ignore") fail("stdin", '"inherit" or "ignore"');
  const sinks = [undefined, sinkOf("stdout", stdout), sinkOf("stderr", stderr)] as const;
  return {
    write(fd, bytes) {
      const sink = sinks[fd];
      if (sink === undefined) processStreams.write(fd, bytes);
      else sink(bytes);
    },
    read: (into) => (stdin === "inherit" ? processStreams.read(into) : 0),
    isTty: (fd) => (fd === 0 ? stdin === "inherit" : sinks[fd] === undefined) && processStreams.isTty(fd),
  };
}

/** Undefined for the stream of the process. */
function sinkOf(name: string, to: PythonOptions["stdout"]): ((bytes: Uint8Array) => void) | undefined {
  if (to === "inherit") return undefined;
  if (to === "ignore") return () => undefined;
  if (typeof to !== "object" || typeof to.write !== "function") {
    fail(name, '"inherit", "ignore" or an object with write(text)');
  }
  // A character that is split between two writes stays whole.
  const decoder = new TextDecoder();
  return (bytes) => {
    const text = decoder.decode(bytes, { stream: true });
    if (text !== "") to.write(text);
  };
}

function checkStrings(name: string, list: unknown, otherwise: readonly string[]): readonly string[] {
  if (list === undefined) return otherwise;
  if (!Array.isArray(list) || !list.every((item) => typeof item === "string"))
    fail(name, "an array of strings");
  return [...list];
}

function fail(name: string, expected: string): never {
  throw new TypeError(`createPython: ${name} must be ${expected}`);
}
